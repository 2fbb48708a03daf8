"""The designer in a real browser: drawing, saving by itself, undoing, tidying up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kniga.platform import clock
from kniga.processes.drafting import draft_from_scratch
from kniga.processes.models import Draft
from tests.domain.department import Department, make_department

SignIn = Callable[[Page, Any], None]
FIRST = "[data-element-id='first_step'] .djs-hit"


@pytest.fixture
def house(transactional_db: None) -> Department:
    return make_department()


@pytest.fixture
def draft(house: Department) -> Draft:
    return draft_from_scratch(name="Sale of racks", kind="sale", by=house.hanna, now=clock.now())


def _open(page: Page, draft: Draft) -> None:
    page.goto(f"/processes/drafts/{draft.pk}/")
    page.wait_for_selector("[data-ready]")


def test_a_step_put_behind_another_is_saved_and_undone(
    page: Page, house: Department, draft: Draft, sign_in: SignIn
) -> None:
    sign_in(page, house.hanna)
    _open(page, draft)
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
    _open(page, draft)
    before = bytes(draft.xml).partition(b"<bpmndi:")[0].count(b" id=")
    page.locator("[data-do='tidy']").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "saved")
    draft.refresh_from_db()
    assert bytes(draft.xml).partition(b"<bpmndi:")[0].count(b" id=") == before
