"""Names of two hundred characters without a blank leave the pages as wide as the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from kniga.deals.models import Deal
from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.models import ProcessVersion, Task
from kniga.processes.services import start_process
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books
from tests.domain.department import Department, contact, make_department

LONG = "Wholesalewarehouse" * 10
WIDTHS = (1440, 390)
_TOO_WIDE = """() => [...document.querySelectorAll("main, main *")]
    .filter((one) => !one.closest(".k-table-wrap, .k-stages, .k-diagram, .k-tabs a"))
    .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 8)"""


@pytest.fixture
def house(transactional_db: None) -> Department:
    forget_definitions()
    install_books(language="en", by=None, now=clock.now())
    return make_department()


def test_a_long_unbroken_name_widens_no_page(
    page: Page, sign_in: Callable[[Page, Any], None], house: Department
) -> None:
    client = house.client(LONG, contacts=[contact(LONG, "+16502530000")])
    version = ProcessVersion.objects.filter(status="published").first()
    assert version is not None
    deal = house.deal(client=client, name=LONG)
    Deal.objects.update(pipeline=version.process.pipeline)
    User.objects.filter(pk=house.boris.pk).update(name=LONG[:150])
    start_process(deal_id=deal.pk, process_key=version.process.key, by=house.boris, now=clock.now())
    Task.objects.update(name=LONG)
    sign_in(page, house.olga)
    key = version.process.key
    task = f"/tasks/{Task.objects.get().pk}/"
    places = (f"/deals/{deal.pk}/", f"/clients/{client.pk}/", task, f"/processes/{key}/running/", "/deals/")
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for place in places:
            page.goto(place)
            page.wait_for_load_state("networkidle")
            if page.evaluate("document.documentElement.scrollWidth") > width or page.evaluate(_TOO_WIDE):
                found.append((width, place, page.evaluate(_TOO_WIDE)))
    assert found == []
