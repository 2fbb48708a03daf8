"""The designer in a real browser: drawing, saving by itself, undoing, tidying up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kniga.engine import compile_bpmn
from kniga.platform import clock
from kniga.processes.drafts.drafting import discard_draft
from kniga.processes.models import Draft, DraftSave
from tests.domain.department import Department
from tests.e2e.designer_page import FIRST, SignIn, open_designer, saved, xml_of


def test_a_step_put_behind_another_is_saved_and_undone(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    page.locator("[data-part='step']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "saved")
    draft.refresh_from_db()
    assert bytes(draft.xml).count(b"<bpmn:userTask") == 2
    page.locator("[data-do='undo']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "saved")
    draft.refresh_from_db()
    assert bytes(draft.xml).count(b"<bpmn:userTask") == 1


def test_tidying_up_changes_places_only(page: Page, house: Department, draft: Draft, sign_in: SignIn) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    before = bytes(draft.xml).partition(b"<bpmndi:")[0].count(b" id=")
    page.get_by_role("tab", name="Book").click()
    page.locator("[data-do='tidy']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "saved")
    draft.refresh_from_db()
    assert bytes(draft.xml).partition(b"<bpmndi:")[0].count(b" id=") == before
    assert page.locator("g[data-element-id='first_step']").is_visible(), "what was tidied up is shown"


def _open_book(page: Page, draft: Draft) -> None:
    open_designer(page, draft)
    page.get_by_role("tab", name="Book").click()


def _entries(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".kp-entries button.kp-entry__name").all_inner_texts()]


def _entry(page: Page, name: str) -> Locator:
    return page.locator("li.kp-entry", has=page.locator(".kp-entry__name", has_text=name))


def _name_step(page: Page, old: str, new: str) -> None:
    """Open a step in the book, give it another name, close it."""
    _entry(page, old).locator(".kp-entry__name").click()
    field = page.get_by_label("What is to be done")
    field.fill(new)
    field.press("Enter")
    field.press("Escape")


def test_a_book_is_written_by_keyboard_alone_and_its_problems_are_found_in_it(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _open_book(page, draft)
    page.locator("[data-entry='first_step']").focus()
    page.keyboard.press("Enter")
    for name in ("Call the client", "Send the offer"):
        page.keyboard.type(name)
        page.keyboard.press("Control+Enter")
    page.keyboard.type("Get the money")
    page.keyboard.press("Escape")
    expect(page.locator("[data-entry]:focus")).to_contain_text("Get the money")
    steps = ["1 Call the client", "2 Send the offer", "3 Get the money"]
    assert [one for one in _entries(page) if one[0].isdigit()] == steps
    saved(page)
    problems = page.get_by_role("region", name="Problems")
    page.locator("[data-do='problems']").click()
    problems.get_by_role("button", name="Send the offer").first.click()
    expect(page.get_by_role("tab", name="Book")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("What is to be done")).to_have_value("Send the offer")


def test_steps_are_added_ordered_and_removed_in_the_book_and_all_of_it_undone(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _open_book(page, draft)
    before = _entries(page)
    _entry(page, "First step").get_by_role("button", name="Add a step after").click()
    field = page.get_by_label("What is to be done")
    field.fill("Second step")
    field.press("Enter")
    field.press("Escape")
    steps = [text.split(" ", 1)[1] for text in _entries(page) if "step" in text]
    assert steps == ["First step", "Second step"]
    _entry(page, "Second step").get_by_role("button", name="Earlier").click()
    expect(page.locator(".kp-entry__name").first).to_contain_text("Second step")
    _entry(page, "Second step").get_by_role("button", name="Later").click()
    expect(page.locator(".kp-entry__name").first).to_contain_text("First step")
    _entry(page, "First step").get_by_role("button", name="Remove the step").click()
    expect(_entry(page, "First step")).to_have_count(0)
    saved(page)
    assert b"Second step" in xml_of(draft) and b"First step" not in xml_of(draft)
    assert b'<kniga:outcome key="done" label="Done"' in xml_of(draft), "as a step of the palette has it"
    undo = page.locator("[data-do='undo']")
    for _turn in range(5):
        expect(undo).to_be_enabled()
        undo.click()
    expect(undo).to_be_disabled()
    assert _entries(page) == before
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    first, last = DraftSave.objects.filter(draft=draft, revision=1).get(), xml_of(draft)
    assert compile_bpmn(bytes(first.xml)) == compile_bpmn(last)


def test_a_new_stage_is_made_where_a_step_names_its_own(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _open_book(page, draft)
    _entry(page, "First step").locator(".kp-entry__name").click()
    page.get_by_label("Stage", exact=True).select_option(label="New stage…")
    field = _entry(page, "First step").get_by_label("Name of a new stage")
    expect(field).to_be_focused()
    field.fill("Talks")
    field.press("Enter")
    stage = page.get_by_label("Stage", exact=True)
    expect(stage).to_be_focused()
    expect(stage.locator("option:checked")).to_have_text("Talks")
    saved(page)
    definition = compile_bpmn(xml_of(draft))
    assert [one.name for one in definition.stages][-1] == "Talks"
    assert [task.stage for task in definition.user_tasks()] == ["talks"]
    page.locator("[data-do='undo']").click()
    expect(page.locator("[data-do='undo']")).to_be_disabled()


def _change_first(page: Page, name: str, kind: str) -> None:
    _entry(page, "First step").locator(".kp-entry__name").click()
    page.get_by_label("Kind of action").select_option(kind)
    page.get_by_label("What is to be done").fill(name)
    page.get_by_label("What is to be done").press("Enter")


@pytest.fixture
def conflict(
    page: Page, browser: Browser, live_server: Any, house: Department, draft: Draft, sign_in: SignIn
) -> Locator:
    """The question put to the second of two who gave one step another name and another kind."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB")
    context.set_default_timeout(10_000)
    other = context.new_page()
    for one, person in ((page, house.hanna), (other, house.olga)):
        sign_in(one, person)
        _open_book(one, draft)
    _change_first(other, "Call first", "meeting")
    expect(other.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(other)
    context.close()
    _change_first(page, "Write first", "mail")
    return page.get_by_role("dialog", name="Two changed the same")


def test_two_who_changed_the_same_choose_field_by_field(page: Page, draft: Draft, conflict: Locator) -> None:
    expect(conflict.locator("fieldset")).to_have_count(2)
    conflict.get_by_label("Call first").check()
    conflict.get_by_role("button", name="Keep as chosen").click()
    saved(page)
    assert b'name="Call first"' in xml_of(draft) and b'kind="mail"' in xml_of(draft)
    expect(page.get_by_label("What is to be done")).to_have_value("Call first")


def test_of_two_who_changed_the_same_one_keeps_a_copy(page: Page, draft: Draft, conflict: Locator) -> None:
    conflict.get_by_role("button", name="keep mine as a copy").click()
    saved(page)
    expect(page.get_by_label("What is to be done")).to_have_value("Call first")
    copy = Draft.objects.exclude(pk=draft.pk).get()
    assert (copy.name, copy.process_key) == ("Sale of racks (my copy)", "sale_of_racks_my_copy")
    assert b'name="Write first"' in bytes(copy.xml) and b'name="Call first"' in xml_of(draft)


def test_what_is_drawn_after_the_draft_was_discarded_elsewhere_becomes_a_draft_of_its_own(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.route("**/here/", lambda route: route.abort())  # else the page asks by itself, and may tell before one draws
    discard_draft(draft_id=draft.pk, by=house.hanna, now=clock.now())
    page.locator(FIRST).first.click()
    page.locator("[data-part='step']").click()
    page.keyboard.type("Not to be lost")
    page.keyboard.press("Enter")
    told = page.get_by_role("dialog", name="The draft is no longer open")
    expect(told).to_contain_text("discarded the draft")
    told.get_by_role("button", name="Keep as its own draft").click()
    expect(page.get_by_role("heading", name="Sale of racks (my copy)")).to_be_visible()
    page.wait_for_selector("[data-ready]")
    copy = Draft.objects.get(closed_at__isnull=True)
    assert page.url.endswith(f"/processes/drafts/{copy.pk}/") and b'name="Not to be lost"' in bytes(copy.xml)
    page.goto(f"/processes/drafts/{draft.pk}/")
    expect(page).to_have_url(re.compile("/processes/$"))


def test_a_step_behind_one_with_two_outcomes_stands_on_the_way_of_the_first(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    """And is called at once as one types; an outcome that leads back gives its name to the way."""
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    page.locator("[data-part='step']").click()
    page.keyboard.type("Show the racks")
    page.keyboard.press("Enter")
    page.get_by_label("Name of a new outcome", exact=True).fill("No answer")
    page.get_by_label("Name of a new outcome", exact=True).press("Enter")
    page.locator("summary", has_text="No answer").click()
    leads = page.get_by_label("“No answer” leads to")
    leads.select_option(label="First step")
    expect(leads.locator("option", has_text="nowhere yet")).to_have_count(0)
    saved(page)
    flows = re.findall(rb'<bpmn:sequenceFlow [^>]*name="No answer"[^>]*targetRef="first_step"', xml_of(draft))
    assert len(flows) == 1 and b'name="Show the racks"' in xml_of(draft)
    page.get_by_label("Label of the button").last.fill("Nobody there")
    page.get_by_label("Label of the button").last.press("Enter")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    assert b'name="Nobody there"' in xml_of(draft) and b'name="No answer"' not in xml_of(draft)


def test_what_is_drawn_offline_is_saved_once_the_server_is_back(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _open_book(page, draft)
    page.context.set_offline(True)
    _name_step(page, "First step", "Drawn on a train")
    status = page.locator("[data-status]")
    expect(status).to_have_attribute("data-status", "offline")
    assert b"Drawn on a train" not in xml_of(draft)
    page.context.set_offline(False)
    saved(page)
    assert b"Drawn on a train" in xml_of(draft)
