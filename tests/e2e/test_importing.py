"""A head of sales imports deals in a real browser, from the file to the undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kniga.catalog.models import Product, Unit
from kniga.deals.models import Deal
from kniga.imports.jobs import carry_out
from kniga.imports.models import ImportJob
from kniga.people.models import User
from kniga.people.roles import Role
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEALS = (
    "opportunity_id;sales_agent;product;account;deal_stage;engage_date;close_date;close_value\n"
    "A1;Anna Head;GTXPro;;Won;20.10.2025;01.03.2026;4514\n"
    "A2;Anna Head;GTX Pro;;Engaging;25.10.2025;;\n"
)


@pytest.fixture
def head(db: None) -> User:
    forget_definitions()
    Unit.objects.get_or_create(code="piece", defaults={"name": "pc"})
    install_books(language="en", by=None, now=NOW)
    product = {"name": "GTX Pro", "name_key": "gtx pro", "match_key": "gtxpro", "price": 4821}
    Product.objects.create(unit=Unit.objects.get(code="piece"), created_at=NOW, updated_at=NOW, **product)
    return User.objects.create_user("head@kniga.test", "x", name="Anna Head", role=Role.HEAD, language="en")


def test_deals_come_in_and_go_back(
    page: Page, sign_in: Callable[[Page, Any], None], head: User, tmp_path: Path
) -> None:
    file = tmp_path / "deals.csv"
    file.write_text(DEALS, encoding="cp1251")
    sign_in(page, head)
    page.goto("/imports/")
    page.get_by_label("What does it hold?").select_option("deals")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_label("Field for close_value")).to_have_value("amount")
    page.get_by_label("Open deals enter the process").select_option("b2b_sale")
    page.get_by_role("button", name="Show what would happen").click()

    page.get_by_label("What Engaging means").select_option(label="Needs: Find out the needs")
    page.get_by_label("What GTXPro means").select_option(label="It is “GTX Pro”")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Names to explain")).to_be_hidden()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    carry_out(job_id=ImportJob.objects.get().pk, by=head, now=NOW)

    page.get_by_role("link", name="Take the whole import back").click()
    expect(page.get_by_text("2 records it made will be removed")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("2 records removed")).to_be_visible()
    assert not Deal.objects.exists()
