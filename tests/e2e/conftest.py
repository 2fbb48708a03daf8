"""A live server and a real browser. `sign_in(user)` opens the door without the form."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.test import Client
from django.utils import translation
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kniga.platform import clock
from kniga.processes.drafts.drafting import draft_from_scratch
from kniga.processes.models import Draft
from tests.domain.department import Department, make_department

# Playwright keeps an event loop in this thread; Django would refuse every query because of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 1000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker("browser")


class InFlight:
    """How many requests the live server is answering; ``idle`` is told whenever one ends."""

    def __init__(self) -> None:
        self.count = 0
        self.idle = threading.Condition()

    def begun(self, **_sent: Any) -> None:
        with self.idle:
            self.count += 1

    def ended(self, **_sent: Any) -> None:
        with self.idle:
            self.count -= 1
            self.idle.notify_all()


@contextmanager
def requests_counted() -> Iterator[InFlight]:
    """Count the requests being answered."""
    counted = InFlight()
    request_started.connect(counted.begun)
    request_finished.connect(counted.ended)
    try:
        yield counted
    finally:
        request_started.disconnect(counted.begun)
        request_finished.disconnect(counted.ended)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail("no Chromium here: install it, or leave the browser tests out with KNIGA_NO_BROWSER=1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A fresh page in English, 1440 px wide; any error in the page's console fails the test."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(10 * SECONDS)
    expect.set_options(timeout=10 * SECONDS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    with requests_counted() as in_flight:
        yield page
        # The database is emptied after the test: a request still at work would stand in the way.
        with in_flight.idle:
            in_flight.idle.wait_for(lambda: in_flight.count == 0, timeout=10)
    context.close()
    assert problems == []


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Page, Any], None]:
    """`sign_in(page, user)`: give the browser this user's session."""

    def open_door(page: Page, user: Any) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    return open_door


@pytest.fixture
def house(transactional_db: None) -> Department:
    """The department of the tests, each person with their part."""
    return make_department()


@pytest.fixture
def draft(house: Department) -> Draft:
    """A process begun from scratch: a start, one step, a choice, two ends."""
    with translation.override("en"):
        return draft_from_scratch(name="Sale of racks", kind="sale", by=house.hanna, now=clock.now())
