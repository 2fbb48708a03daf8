"""A form that creates something, sent twice: one record, and the same answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from kniga.catalog.models import Product
from kniga.clients.models import Client as ClientRecord
from kniga.clients.models import Contact
from kniga.people.models import User

pytestmark = pytest.mark.django_db
Sign, Make = Callable[[User], Client], Callable[..., User]


def key_of(browser: Client, address: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', browser.get(address).content.decode())
    assert found is not None
    return found[1]


def test_a_client_sent_twice_is_made_once(as_user: Sign, make_user: Make) -> None:
    browser = as_user(make_user("rep"))
    sent = {"name": "Northern Racks", "kind": "company", "form_key": key_of(browser, "/clients/new/")}
    first, second = browser.post("/clients/new/", sent), browser.post("/clients/new/", sent)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert ClientRecord.objects.count() == 1


def test_other_answers_under_the_same_key_are_another_client(as_user: Sign, make_user: Make) -> None:
    browser = as_user(make_user("rep"))
    key = key_of(browser, "/clients/new/")
    for name in ("Northern Racks", "Pallet House"):
        browser.post("/clients/new/", {"name": name, "kind": "company", "form_key": key})
    assert ClientRecord.objects.count() == 2


def test_what_was_refused_may_be_sent_again(as_user: Sign, make_user: Make) -> None:
    browser = as_user(make_user("head"))
    sent = {"name": "", "form_key": key_of(browser, "/products/new/")}
    assert browser.post("/products/new/", sent).status_code == 422
    assert browser.post("/products/new/", sent).status_code == 422


def test_a_product_and_a_contact_sent_twice_are_made_once(as_user: Sign, make_user: Make) -> None:
    head = make_user("head")
    browser = as_user(head)
    product = {"name": "Rack", "price": "100", "unit": "piece", "is_active": "on"}
    product["form_key"] = key_of(browser, "/products/new/")
    assert {browser.post("/products/new/", product).status_code for _time in range(2)} == {302}
    assert Product.objects.count() == 1
    browser.post("/clients/new/", {"name": "Northern Racks", "kind": "company"})
    client = ClientRecord.objects.get()
    address = f"/clients/{client.pk}/contacts/new/"
    contact = {"name": "Anna Walsh", "form_key": key_of(browser, address)}
    for _time in range(2):
        assert browser.post(address, contact).status_code in (200, 303)
    assert Contact.objects.count() == 1


def test_two_people_do_not_share_a_key(as_user: Sign, make_user: Make) -> None:
    for role in ("rep", "head"):
        as_user(make_user(role)).post(
            "/clients/new/", {"name": f"Client of {role}", "kind": "company", "form_key": "the-same"}
        )
    assert ClientRecord.objects.count() == 2
