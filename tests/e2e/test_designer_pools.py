"""Tidying up drawings with pools and lanes: everything stays in its lane and pool, nothing lies over anything."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import Page, expect

from kniga.processes.models import Draft
from tests.domain.department import Department
from tests.e2e.clean_drawing import untidy
from tests.e2e.designer_page import SignIn, open_designer, saved, xml_of

Box = tuple[float, float, float, float]
MODELS = ("A.4.0", "C.1.0", "C.2.0")


@pytest.mark.shared_data("bpmn_miwg")
@pytest.mark.parametrize("name", MODELS)
def test_pools_and_lanes_are_tidied_up_and_one_undo_brings_the_old_drawing_back(
    page: Page, house: Department, draft: Draft, sign_in: SignIn, shared_data: Path, name: str
) -> None:
    draft.xml = (shared_data / "bpmn_miwg" / "Reference" / f"{name}.bpmn").read_bytes()
    draft.save()
    before = boxes_of(xml_of(draft))
    sign_in(page, house.hanna)
    open_designer(page, draft)
    page.locator("[data-do='tidy']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    after = xml_of(draft)
    assert untidy(after) == []
    assert outside_of_lanes(after) == []
    assert pools_that_meet(after) == []
    assert slanting(after) == []
    page.locator("[data-do='undo']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    back = boxes_of(xml_of(draft))
    assert back.keys() == before.keys()
    assert all(abs(a - b) <= 1 for id, box in before.items() for a, b in zip(box, back[id], strict=True))
    assert page.locator("[data-do='undo']").is_disabled()


@pytest.mark.parametrize(
    ("steps", "lane"),
    [(("call", "call", "call"), "sales"), (("offer", "offer"), "office"), (("meet", "offer", "call"), "sales")],
)
def test_parts_that_are_added_get_room_inside_of_their_lane(
    page: Page, house: Department, draft: Draft, sign_in: SignIn, steps: tuple[str, ...], lane: str
) -> None:
    draft.xml = (Path(__file__).parent / "lanes.bpmn").read_bytes()
    draft.save()
    before = boxes_of(xml_of(draft))
    sign_in(page, house.hanna)
    open_designer(page, draft)
    for behind in steps:
        page.locator("[data-do='fit']").click()
        page.locator(f"g[data-element-id='{behind}'] > .djs-hit").first.click()
        page.locator("[data-part='step']").click()
        page.keyboard.press("Escape")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    after = xml_of(draft)
    assert untidy(after) == []
    assert outside_of_lanes(after) == []
    assert pools_that_meet(after) == []
    assert slanting(after) == []
    boxes = boxes_of(after)
    assert len(boxes) == len(before) + len(steps)
    assert all(_holds(boxes["us"], boxes[one]) for one in ("sales", "office"))
    assert (boxes["sales"][1] + boxes["sales"][3], boxes["sales"][2]) == (boxes["office"][1], boxes["office"][2])
    assert boxes["client"][2] >= 620
    own = etree.fromstring(after).find(f".//{{*}}lane[@id='{lane}']")
    assert own is not None
    assert len(list(own.iter("{*}flowNodeRef"))) > (4 if lane == "sales" else 2)
    for _ in steps:
        page.locator("[data-do='undo']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    saved(page)
    assert boxes_of(xml_of(draft)) == before


def boxes_of(xml: bytes) -> dict[str, Box]:
    """The places of all shapes, to the unit."""
    found: dict[str, Box] = {}
    for shape in etree.fromstring(xml).iter("{*}BPMNShape"):
        bounds = shape.find("{*}Bounds")
        assert bounds is not None
        x, y, width, height = (round(float(bounds.get(key, "0"))) for key in ("x", "y", "width", "height"))
        found[shape.get("bpmnElement", "")] = (x, y, width, height)
    return found


def outside_of_lanes(xml: bytes) -> list[str]:
    """The elements that stand outside of the lane whose they are."""
    boxes = boxes_of(xml)
    lanes = [lane for lane in etree.fromstring(xml).iter("{*}lane") if lane.find("{*}childLaneSet") is None]
    whose = [(lane.get("id", ""), (one.text or "").strip()) for lane in lanes for one in lane.iter("{*}flowNodeRef")]
    return [one for lane, one in whose if one in boxes and lane in boxes and not _holds(boxes[lane], boxes[one])]


def _holds(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[0] + inner[2] <= outer[0] + outer[2]
        and inner[1] + inner[3] <= outer[1] + outer[3]
    )


def pools_that_meet(xml: bytes) -> list[tuple[str, str]]:
    """Pools that are not one under another."""
    boxes = boxes_of(xml)
    pools = [pool.get("id", "") for pool in etree.fromstring(xml).iter("{*}participant") if pool.get("id") in boxes]
    return [
        (one, other)
        for one, other in combinations(pools, 2)
        if boxes[one][1] < boxes[other][1] + boxes[other][3] and boxes[other][1] < boxes[one][1] + boxes[one][3]
    ]


def slanting(xml: bytes) -> list[str]:
    """Flows and messages with a run that is neither level nor upright."""
    root = etree.fromstring(xml)
    drawn = {node.get("id") for tag in ("sequenceFlow", "messageFlow") for node in root.iter(f"{{*}}{tag}")}
    found = []
    for edge in root.iter("{*}BPMNEdge"):
        points = [(float(at.get("x", "0")), float(at.get("y", "0"))) for at in edge.iter("{*}waypoint")]
        runs = pairwise(points)
        if edge.get("bpmnElement") in drawn and any(abs(a - c) > 1 and abs(b - d) > 1 for (a, b), (c, d) in runs):
            found.append(edge.get("bpmnElement", ""))
    return found
