from __future__ import annotations

import pytest

from kniga.catalog.models import Product
from tests.domain.department import contact, make_product
from tests.web.records import HTMX, Office, fragment, open_office, same_as_in_page, text_of


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def test_a_head_adds_and_changes_a_product(office: Office) -> None:
    browser = office.browser(office.house.hanna)
    sent = {"name": "Rack", "price": "1 000,50", "unit": "piece", "group": "Racks", "code": "R-1", "is_active": "on"}
    assert browser.post("/products/new/", sent)["Location"] == "/products/"
    product = Product.objects.get()
    assert "Rack" in text_of(browser.get("/products/?q=r-1"))
    closed = sent | {"price": "", "revision": "1", "is_active": ""}
    assert browser.post(f"/products/{product.pk}/", closed).status_code == 302
    product.refresh_from_db()
    assert (product.price, product.is_active) == (0, False)
    assert "No product matches" in text_of(browser.get("/products/?q=rack"))
    assert "Rack" in text_of(browser.get("/products/?state=closed"))
    assert browser.post(f"/products/{product.pk}/", sent | {"revision": "1"}).status_code == 422
    assert browser.post("/products/new/", {"name": ""}).status_code == 422


def test_a_rep_reads_the_products_only(office: Office) -> None:
    product = make_product("Rack")
    browser = office.browser(office.house.boris)
    assert "Rack" in text_of(browser.get("/products/"))
    assert "New product" not in text_of(browser.get("/products/"))
    for path in ("/products/new/", f"/products/{product.pk}/"):
        assert browser.get(path).status_code == 403
    assert same_as_in_page(browser, "/products/", "product-rows")


def test_the_palette_finds_records_of_every_kind(office: Office) -> None:
    house = office.house
    client = house.client("Northern Park", contacts=[contact("Norton", "89161234567")])
    deal = house.deal(client, name="Racks of the north")
    make_product("North rack")
    browser = office.browser(house.boris)
    found = fragment(browser, "/search/?q=nor", "palette-results").content.decode()
    for path in (f"/clients/{client.pk}/", f"/deals/{deal.pk}/", "/deals/?product="):
        assert path in found
    assert "Norton" in fragment(browser, "/search/?q=norton", "palette-results").content.decode()
    assert f"/deals/{deal.pk}/" in browser.get(f"/search/?q={deal.number}", headers=HTMX).content.decode()
    groups = browser.get("/search/?q=8916123&format=json").json()["groups"]
    assert [(group["key"], group["hits"][0]["text"]) for group in groups] == [("clients", "Northern Park")]


def test_the_search_page_finds_pages_too_and_says_when_nothing_fits(office: Office) -> None:
    browser = office.browser(office.house.boris)
    assert "Pages and actions" in text_of(browser.get("/search/?q=deals"))
    assert "No record fits" in text_of(browser.get("/search/?q=nothing"))
    for odd in ("", "%25", "a" * 5000, "'%3B--", "№", "²"):
        assert browser.get(f"/search/?q={odd}").status_code == 200
