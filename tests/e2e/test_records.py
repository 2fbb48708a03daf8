"""Clients and deals in a real browser: quick create, edits in place, history, the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.platform import clock
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books
from tests.domain.department import Department, contact, make_department, make_product

SignIn = Callable[[Page, Any], None]


@pytest.fixture
def house(transactional_db: None) -> Department:
    forget_definitions()
    install_books(language="en", by=None, now=clock.now())
    return make_department()


def test_a_rep_makes_a_client_and_a_deal_whose_first_task_comes_by_itself(
    page: Page, sign_in: SignIn, house: Department
) -> None:
    house.client("Northern Logistic Park", house.vera)
    make_product("Pallet rack", "18500")
    sign_in(page, house.boris)
    page.goto("/clients/new/")
    page.get_by_label("Name of the company or person").fill("Northern Logistic Park")
    expect(page.get_by_text("exists, owner: Vera")).to_be_visible()
    page.get_by_label("Name of the company or person").fill("Southern Gate")
    expect(page.get_by_text("exists, owner: Vera")).to_be_hidden()
    page.get_by_label("Phone").fill("8 916 123-45-67")
    page.get_by_role("button", name="Create and open a deal").click()
    expect(page.get_by_role("heading", name="New deal")).to_be_visible()
    page.get_by_label("Product").fill("Pallet")
    expect(page.locator("#product-options option")).to_have_count(1)
    page.get_by_label("Product").fill("Pallet rack")
    page.get_by_label("Quantity").fill("4")
    page.get_by_role("button", name="Open the deal").click()
    expect(page.get_by_text("Next step", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Open the task")).to_be_visible()
    assert Deal.objects.get().amount == 74_000


def test_facts_are_edited_where_they_stand_and_history_tells_of_it(
    page: Page, sign_in: SignIn, house: Department
) -> None:
    client = house.client("Southern Gate", contacts=[contact("Mary Poppins", "+16502530000")])
    sign_in(page, house.boris)
    page.goto(f"/clients/{client.pk}/")
    expect(page.locator("#timeline")).to_contain_text("Client created")
    facts = page.locator("#client-facts")
    page.keyboard.press("e")
    facts.get_by_label("INN").fill("123")
    facts.get_by_role("button", name="Save").click()
    expect(facts.get_by_text("An INN has 10 digits")).to_be_visible()
    facts.get_by_label("INN").fill("7707083893")
    facts.get_by_role("button", name="Save").click()
    expect(facts.get_by_label("INN")).to_have_count(0)
    expect(facts).to_contain_text("7707083893")
    expect(page.locator("#timeline")).to_contain_text("— → 7707083893")


def test_the_palette_opens_a_client_found_with_a_typing_error_and_by_any_layout(
    page: Page, sign_in: SignIn, house: Department
) -> None:
    client = house.client("Складские технологии")
    sign_in(page, house.boris)
    for typed in ("складсике технологии", "crkflcrbt"):
        page.goto("/deals/")
        page.keyboard.press("Control+k")
        page.keyboard.type(typed)
        expect(page.locator("#palette-results")).to_contain_text("Складские технологии")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/clients/{client.pk}/")


def test_a_list_narrows_while_typing_and_keeps_its_filter_in_the_address(
    page: Page, sign_in: SignIn, house: Department
) -> None:
    for name in ("Alpha", "Beta"):
        house.deal(house.client(name), name=f"Deal with {name}")
    sign_in(page, house.boris)
    page.goto("/deals/")
    expect(page.locator(".k-totals")).to_contain_text("2 deals")
    page.get_by_label("Find").fill("beta")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator(".k-totals")).to_contain_text("1 deal")
    page.reload()
    expect(page.locator("[data-row]")).to_have_count(1)
    assert "q=beta" in page.url


def test_a_double_click_creates_one_client(page: Page, sign_in: SignIn, house: Department) -> None:
    sign_in(page, house.boris)
    page.goto("/clients/new/")
    page.get_by_label("Name of the company or person").fill("Twice Pressed")
    page.locator("form[data-primary] button.k-button--primary").dblclick()
    page.wait_for_url(re.compile(r"/clients/\d+/$"))
    expect(page.get_by_role("heading", name="Twice Pressed").first).to_be_visible()
    assert Client.objects.filter(name="Twice Pressed").count() == 1


def test_the_tab_key_passes_the_search_field_and_typing_there_opens_the_palette(
    page: Page, sign_in: SignIn, house: Department
) -> None:
    sign_in(page, house.boris)
    page.goto("/deals/")
    field = page.locator(".k-search input")
    field.focus()
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.type("n")
    expect(page.locator("#palette-input")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
