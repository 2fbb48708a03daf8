"""What is typed in the designer is there again however the page was left, with a phone in the hand as at a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from kniga.processes.models import Draft
from tests.domain.department import Department
from tests.e2e.designer_page import FIRST, SignIn, open_designer, saved, xml_of

PHONE = {"width": 390, "height": 844}


def _typed_on_a_phone(page: Page, draft: Draft) -> None:
    """Name the first step in the book, and rest not a moment."""
    page.set_viewport_size(PHONE)
    open_designer(page, draft)
    page.locator("[data-entry='first_step']").click()
    page.get_by_label("What is to be done").first.fill("Typed on a train")


def test_a_name_typed_the_moment_before_a_reload_is_there_again(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _typed_on_a_phone(page, draft)
    page.reload()
    page.wait_for_selector("[data-ready]")
    expect(page.locator("[data-entry='first_step']")).to_contain_text("Typed on a train")
    saved(page)
    assert b"Typed on a train" in xml_of(draft)


@pytest.mark.parametrize("is_offline", [False, True], ids=["reached", "lost"])
def test_a_name_typed_on_the_diagram_survives_a_closed_tab(
    page: Page, house: Department, draft: Draft, sign_in: SignIn, is_offline: bool
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).dblclick()
    page.keyboard.type("Closed too early")
    page.context.set_offline(is_offline)
    again = page.context.new_page()
    page.close(run_before_unload=True)
    page.context.set_offline(False)
    open_designer(again, draft)
    expect(again.locator("[data-element-id='first_step']").first).to_contain_text("Closed too early")
    saved(again)
    assert b"Closed too early" in xml_of(draft)


def test_a_tab_put_to_sleep_keeps_what_stands_in_a_field(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _typed_on_a_phone(page, draft)
    page.context.set_offline(True)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    kept = "Object.values(localStorage).some((one) => one.includes('Typed on a train'))"
    page.wait_for_function(kept)
    page.context.set_offline(False)
    saved(page)
    assert b"Typed on a train" in xml_of(draft)


def test_a_name_changed_in_the_designer_leaves_every_other_byte_of_the_file(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    drawn = (
        xml_of(draft)
        .replace(b"<bpmn:process ", b"<!-- drawn by hand --><bpmn:process   ")
        .replace(b'id="first_step"', b"id='first_step'")
    )
    assert drawn.count(b"drawn by hand") == drawn.count(b"'first_step'") == 1
    Draft.objects.filter(pk=draft.pk).update(xml=drawn)
    draft.saves.filter(revision=draft.revision).update(xml=drawn)
    before = set(drawn.splitlines())
    sign_in(page, house.hanna)
    open_designer(page, draft)
    for name in ("Called by hand", "Called again"):
        page.locator(FIRST).dblclick()
        page.keyboard.press("Control+a")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        saved(page)
        # The library gives a shape whose name changes a label of its own, which may be empty.
        after = [line for line in xml_of(draft).splitlines() if b"BPMNLabel" not in line]
        changed = [line for line in after if line not in before]
        assert len(changed) == 1 and f'name="{name}"'.encode() in changed[0] and b"'first_step'" in changed[0], changed
