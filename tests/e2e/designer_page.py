"""A page of the designer: how it is opened, and when what was drawn is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from kniga.processes.models import Draft

SignIn = Callable[[Page, Any], None]
FIRST = "[data-element-id='first_step'] .djs-hit"


def open_designer(page: Page, draft: Draft) -> None:
    """Show the draft's page and wait until it can be used."""
    page.goto(f"/processes/drafts/{draft.pk}/")
    page.wait_for_selector("[data-ready]")


def saved(page: Page) -> None:
    """Wait until the server has what was drawn."""
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "saved")


def xml_of(draft: Draft) -> bytes:
    """What the server has of the draft now."""
    draft.refresh_from_db()
    return bytes(draft.xml)
