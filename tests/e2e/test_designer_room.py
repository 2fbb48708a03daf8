"""What is added in the designer gets room by itself: nothing over anything, no flow through an element or a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import kniga
from kniga.platform import clock
from kniga.processes.drafts.book_templates import template_xml
from kniga.processes.drafts.drafting import draft_from_file, draft_from_template
from kniga.processes.models import Draft
from tests.domain.department import Department
from tests.e2e.clean_drawing import untidy
from tests.e2e.designer_page import FIRST, SignIn, open_designer, saved, xml_of

NAMED = """name => [...document.querySelectorAll('g.djs-shape')].find(shape =>
  [...shape.querySelectorAll('tspan')].map(line => line.textContent.trim()).join(' ') === name)?.dataset.elementId"""
UNDER = f"name => ({NAMED})(name).replace(/_label$/, '')"
LINE = ("Call", "Find out the need", "Meet", "Prepare the offer", "Send the offer", "Talk it over", "Agree the price")
GALLERY = ("b2b_sale", "inbound_sale", "retail_repeat", "service_case", "handoff", "win_back")
NAMES_UNDER_PAD = """() => {
  const pad = document.querySelector(".djs-context-pad").getBoundingClientRect();
  const across = (at) => Math.min(at.right, pad.right) - Math.max(at.left, pad.left);
  const down = (at) => Math.min(at.bottom, pad.bottom) - Math.max(at.top, pad.top);
  const names = [...document.querySelectorAll(".djs-shape text tspan")];
  const boxes = names.map((one) => [one, one.getBoundingClientRect()]);
  return boxes.filter(([, at]) => at.width && across(at) > 1 && down(at) > 1).map(([one]) => one.textContent);
}"""


def _part(page: Page, key: str) -> None:
    page.locator(f"[data-part='{key}']").click()


def _step(page: Page, name: str) -> None:
    _part(page, "step")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def _select(page: Page, name: str) -> None:
    """Click on the element of this name, with nothing lying over it."""
    page.locator("[data-do='fit']").click()
    page.locator(".djs-container").click(position={"x": 200, "y": 6})
    page.locator(f"g[data-element-id='{page.evaluate(NAMED, name)}'] > .djs-hit").first.click()


def _outcome(page: Page, step: str, label: str) -> None:
    """Give a step one more outcome, and unfold it."""
    _select(page, step)
    adder = page.get_by_label("Name of a new outcome", exact=True)
    adder.fill(label)
    adder.press("Enter")
    page.locator("summary", has_text=label).click()


def _new_step_for(page: Page, outcome: str) -> None:
    unfolded = page.locator("details", has=page.locator("summary", has_text=outcome)).last
    unfolded.get_by_role("button", name="+ Step").click()


def _kept(page: Page, draft: Draft) -> bytes:
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    return xml_of(draft)


def test_a_process_of_twelve_steps_made_in_the_panel_alone_is_clean_after_every_branch_and_loop(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    for name in LINE:
        _step(page, name)
    assert untidy(_kept(page, draft)) == []
    _outcome(page, "Call", "No answer")
    _new_step_for(page, "No answer")
    _select(page, "New step")
    page.get_by_label("What is to be done").fill("Write instead")
    page.get_by_label("What is to be done").press("Enter")
    _part(page, "timer")
    page.locator("select").and_(page.get_by_label("Leads to", exact=True)).select_option(label="Call")
    assert untidy(_kept(page, draft)) == []
    _outcome(page, "Talk it over", "Change it")
    page.get_by_label("“Change it” leads to").and_(page.locator("select")).select_option(label="Prepare the offer")
    assert untidy(_kept(page, draft)) == []
    _outcome(page, "Agree the price", "Too dear")
    _new_step_for(page, "Too dear")
    _select(page, "New step")
    for name in ("Ask for a discount", "Offer it"):
        _step(page, name)
    _part(page, "choice")
    _part(page, "lost")
    xml = _kept(page, draft)
    assert untidy(xml) == []
    assert (xml.count(b"<bpmn:userTask"), xml.count(b"<bpmn:exclusiveGateway")) == (12, 5)


def test_each_step_of_a_small_drawing_can_be_clicked_while_its_neighbour_is_selected(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    for name in LINE:
        _step(page, name)
    _part(page, "timer")
    page.keyboard.type("A pause")
    page.keyboard.press("Enter")
    assert b'name="A pause"' in _kept(page, draft)
    _select(page, LINE[0])
    for name in (*LINE[1:], "A pause", *LINE[-2::-1]):
        page.locator(f"g[data-element-id='{page.evaluate(UNDER, name)}'] > .djs-hit").first.click(timeout=3000)


def test_room_for_a_part_is_taken_back_with_it_by_one_undo(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    before = _places(xml_of(draft))
    page.locator(FIRST).first.click()
    _part(page, "step")
    page.keyboard.press("Escape")
    after = _kept(page, draft)
    assert untidy(after) == []
    assert _places(after)["end_won"] != before["end_won"]
    page.locator("[data-do='undo']").click()
    assert _places(_kept(page, draft)) == before


def _places(xml: bytes) -> dict[str, str]:
    found = re.findall(rb'<bpmndi:BPMNShape [^>]*bpmnElement="(\w+)"[^>]*>\s*<dc:Bounds ([^/]*)/>', xml)
    return {id.decode(): " ".join(sorted(bounds.decode().split())) for id, bounds in found}


def _ways(xml: bytes) -> dict[str, list[tuple[str, str]]]:
    found = re.findall(rb'<bpmndi:BPMNEdge [^>]*bpmnElement="(\w+)"[^>]*>(.*?)</bpmndi:BPMNEdge>', xml, re.DOTALL)
    points = re.compile(r'<di:waypoint x="([^"]*)" y="([^"]*)"')
    return {id.decode(): points.findall(inside.decode()) for id, inside in found}


@pytest.mark.parametrize("key", GALLERY)
def test_a_process_of_the_gallery_is_clean_when_it_was_tidied_up(
    page: Page, house: Department, sign_in: SignIn, key: str
) -> None:
    xml = template_xml(key=key, language="en")
    draft = draft_from_template(xml=xml, name=f"My {key}", by=house.hanna, now=clock.now())
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator("[data-do='tidy']").click()
    assert untidy(_kept(page, draft)) == []


def test_the_check_of_a_drawing_finds_what_lies_in_the_way() -> None:
    xml = (Path(__file__).parent / "crowded.bpmn").read_bytes()
    assert untidy(xml) == [
        "first lies over second",
        "the name of way lies over second",
        "way runs through second",
        "way ends in the air beside third",
    ]


def test_another_kind_of_a_step_leaves_what_was_drawn_by_hand_as_it_was(
    page: Page, house: Department, sign_in: SignIn
) -> None:
    xml = (Path(__file__).parent / "slanting.bpmn").read_bytes()
    draft = draft_from_template(xml=xml, name="Drawn elsewhere", by=house.hanna, now=clock.now())
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator("g[data-element-id='b'] > .djs-hit").first.click()
    page.keyboard.press("r")
    expect(page.locator(".djs-popup")).to_be_in_viewport(ratio=1)
    page.locator(".djs-popup [data-id='replace-with-user-task']").click()
    after = _kept(page, draft)
    assert b'<bpmn:userTask id="b"' in after
    assert _places(after) == _places(xml)
    assert _ways(after) == _ways(xml)


def test_a_step_that_becomes_a_part_with_steps_of_its_own_gets_room(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator(FIRST).first.click()
    _step(page, "Meet")
    page.locator(FIRST).first.click()
    page.keyboard.press("r")
    page.locator(".djs-popup [data-id='replace-with-expanded-subprocess']").click()
    after = _kept(page, draft)
    assert b'<bpmn:subProcess id="first_step"' in after
    assert untidy(after) == []
    page.keyboard.press("Escape")
    page.locator("[data-do='undo']").click()
    assert b'<bpmn:userTask id="first_step"' in _kept(page, draft)


def test_the_pad_of_a_step_covers_no_name_of_what_may_happen_at_its_edge(
    page: Page, house: Department, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    book = Path(kniga.__file__).parent / "processes/books/inbound_sale.en.bpmn"
    open_designer(page, draft_from_file(xml=book.read_bytes(), name="Requests", by=house.hanna, now=clock.now()))
    page.locator("g[data-element-id='task_answer'] > .djs-hit").first.click(position={"x": 8, "y": 8})
    page.wait_for_selector(".djs-context-pad.open")
    assert page.evaluate(NAMES_UNDER_PAD) == []
