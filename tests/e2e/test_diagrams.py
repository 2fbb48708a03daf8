"""Diagrams in a real browser: zoomed by keyboard, pairs chosen by clicking, cards for what is pointed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kniga.people.models import User
from kniga.processes.versions.definitions import forget_definitions
from tests.processes.drawn import drawn
from tests.processes.moving import FIRST, KEY, SECOND, publish_second, run_deals, two_teams

SignIn = Callable[[Page, Any], None]


@pytest.fixture
def head(transactional_db: None) -> User:
    """A head whose two reps have deals on the first of two versions."""
    forget_definitions()
    head, first, second = two_teams()
    User.objects.update(language="en")
    run_deals([first, second], 8, head, xml=drawn(FIRST))
    publish_second(drawn(SECOND))
    return head


def test_a_diagram_is_zoomed_by_keyboard_and_tells_of_the_step_in_focus(
    page: Page, head: User, sign_in: SignIn
) -> None:
    sign_in(page, head)
    page.goto(f"/processes/{KEY}/running/?version=1")
    box, scale = page.locator(".k-diagram"), page.locator(".k-diagram__scale")
    before = scale.inner_text()
    box.focus()
    page.keyboard.press("+")
    expect(scale).not_to_have_text(before)
    page.keyboard.press("0")
    width = box.evaluate("(box) => box.scrollWidth - box.clientWidth")
    assert width <= 0, "the whole of it is seen"
    page.locator('.k-diagram a[data-element="offer"]').focus()
    expect(page.locator(".k-diagram__card")).to_contain_text("Prepare the offer")
    expect(page.locator(".k-diagram__card")).to_contain_text("2 deals")
    page.locator('.k-diagram a[data-element="offer"]').click()
    expect(page).to_have_url(f"{page.url.split('?')[0]}?version=1&element=offer")


def test_what_becomes_what_is_chosen_by_clicking_one_diagram_then_the_other(
    page: Page, head: User, sign_in: SignIn
) -> None:
    sign_in(page, head)
    page.goto(f"/processes/{KEY}/move/?source=1")
    page.get_by_label("Why").fill("new book")
    page.get_by_role("button", name="Look at what would happen").click()
    old, new = page.locator('[data-side="old"] .k-diagram'), page.locator('[data-side="new"] .k-diagram')
    page.wait_for_load_state("networkidle")
    old.locator('[data-element="contract"]').click()
    expect(page.locator(".k-mapping__said")).to_contain_text("Now click what “Prepare and sign the contract” becomes")
    expect(new.locator('[data-element="sign"]')).to_have_attribute("data-choice", "yes")
    new.locator('[data-element="sign"]').click()
    expect(page.locator("#to-contract")).to_have_value("sign")
    expect(new.locator('[data-of="sign"] text')).to_have_text("5")
    expect(old.locator('[data-of="contract"] text').first).to_have_text("5")
    # By keyboard alone: a step in focus is picked with Enter, Esc lets it go.
    old.locator('[data-element="visit"]').focus()
    page.keyboard.press("Enter")
    expect(old.locator('[data-element="visit"]')).to_have_attribute("data-picked", "")
    page.keyboard.press("Escape")
    expect(page.locator("[data-picked]")).to_have_count(0)
    page.locator("#to-visit").select_option("call")
    expect(new.locator('[data-of="call"] text')).to_have_text("1·2")
    page.get_by_role("button", name="Try again with this mapping").click()
    expect(page.locator("#act")).to_contain_text("Fits: 8")
