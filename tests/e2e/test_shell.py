"""The frame of the pages in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kniga.people.models import User


@pytest.fixture
def head(transactional_db: None) -> User:
    return User.objects.create_user(
        "head@kniga.test", "correct horse 7", name="Анна Павлова", role="head", language="en"
    )


def test_signing_in_with_the_form_opens_the_page_one_asked_for(page: Page, head: User) -> None:
    page.goto("/people/profile/")
    page.get_by_label("E-mail").fill("head@kniga.test")
    page.get_by_label("Password").fill("correct horse 7")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/people/profile/$"))


def test_ctrl_k_opens_the_palette_and_enter_runs_the_command(
    page: Page, head: User, sign_in: Callable[[Page, Any], None]
) -> None:
    sign_in(page, head)
    page.goto("/ui/")
    page.keyboard.press("Control+KeyK")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_visible()
    page.keyboard.type("Peop")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/")


def test_keys_walk_through_rows_and_show_help(page: Page, head: User, sign_in: Callable[[Page, Any], None]) -> None:
    sign_in(page, head)
    page.goto("/ui/")
    page.keyboard.press("KeyJ")
    page.keyboard.press("KeyJ")
    expect(page.locator("[data-row][data-current]")).to_contain_text("Northern Storage plc")
    page.keyboard.press("Shift+Slash")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    # "?" of a Russian layout
    page.locator("body").dispatch_event("keydown", {"key": "?", "code": "Digit7", "shiftKey": True, "bubbles": True})
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_refused_form_comes_back_in_place_with_the_focus_on_the_wrong_field(page: Page, head: User) -> None:
    page.goto("/ui/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter the amount as a number")).to_be_visible()
    expect(page.get_by_label("Amount")).to_be_focused()


def test_a_toast_offers_undo_and_goes_away_when_closed(page: Page, head: User) -> None:
    page.goto("/ui/?show=toast")
    toast = page.get_by_role("status").filter(has_text="Deal moved")
    expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_be_hidden()


def test_the_theme_changes_at_once_and_is_remembered(
    page: Page, head: User, sign_in: Callable[[Page, Any], None]
) -> None:
    sign_in(page, head)
    page.goto("/ui/")
    page.get_by_label("Your menu").click()
    with page.expect_response("**/preferences/theme/"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
