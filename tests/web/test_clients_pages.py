from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kniga.clients.models import Client as CrmClient
from kniga.clients.models import Contact
from kniga.people.models import User
from kniga.platform.models import Event
from tests.domain.department import contact, make_product
from tests.sql_snapshots import record_sql
from tests.web.records import HTMX, Office, fragment, open_office, page_of, same_as_in_page, text_of


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def statements(office: Office, user: User, path: str) -> list[str]:
    browser = office.browser(user)
    browser.get(path)
    with record_sql() as log:
        assert browser.get(path).status_code == 200
    return log.shapes


def test_the_list_shows_own_clients_with_contact_phone_and_deals(office: Office) -> None:
    house = office.house
    client = house.client("Northern Park", contacts=[contact("Ivan Petrov", "8 916 123 45 67")])
    house.client("Foreign", house.vera)
    house.deal(client, amount=Decimal(1500))
    shown = text_of(office.browser(house.boris).get("/clients/"))
    for words in ("Northern Park", "Ivan Petrov", "+7 916 123-45-67", "1,500"):
        assert words in shown
    assert "Foreign" not in shown


def test_an_empty_list_says_why_it_is_empty(office: Office) -> None:
    browser = office.browser(office.house.boris)
    assert "No clients yet" in text_of(browser.get("/clients/"))
    assert "No client matches" in text_of(browser.get("/clients/?q=nobody"))


def test_filters_columns_and_sort_live_in_the_address(office: Office) -> None:
    house = office.house
    for name in ("Alpha", "Beta", "Gamma"):
        house.client(name, inn="7707083893" if name == "Beta" else "")
    browser = office.browser(house.boris)
    page = page_of(browser.get("/clients/?sort=-name&cols=inn"))
    assert [link.text_content() for link in page.xpath("//td[contains(@class, 'k-table__main')]//span[2]")] == [
        "Gamma", "Beta", "Alpha"
    ]  # fmt: skip
    assert [head.text_content().strip() for head in page.xpath("//th")] == ["Client", "INN"]
    assert "Alpha" not in text_of(browser.get("/clients/?q=7707083893"))
    for broken in ("cursor=nonsense", "owner=abc&sort=evil&cols=password", "q=%25"):
        assert browser.get(f"/clients/?{broken}").status_code in (200, 422)


def test_a_long_list_continues_where_it_ended(office: Office) -> None:
    house = office.house
    for number in range(55):
        house.client(f"Client {number:02}")
    browser = office.browser(house.boris)
    more = page_of(browser.get("/clients/")).xpath("//tr[@class='k-more']/@hx-get")[0]
    rest = fragment(browser, more, "client-more").content.decode()
    assert "Client 50" in rest
    assert "Client 49" not in rest
    assert "k-more" not in rest
    assert browser.get("/clients/total/", headers=HTMX).content.decode() == "55 clients"


def test_a_page_sends_the_same_statements_for_one_record_and_for_many(office: Office) -> None:
    house = office.house
    client = house.client("One", contacts=[contact()])
    house.deal(client)
    paths = ["/clients/", f"/clients/{client.pk}/", f"/clients/{client.pk}/timeline/", "/search/?q=one"]
    users = (house.boris, house.anna, house.olga)
    before = {(user.pk, path): statements(office, user, path) for user in users for path in paths}
    for number in range(12):
        house.client(f"One more {number}", contacts=[contact(), contact()])
        house.deal(client, lines=[])
    for (user_id, path), shapes in before.items():
        now = statements(office, User.objects.get(pk=user_id), path)
        assert now == shapes
        assert len(now) <= 8


@pytest.mark.parametrize("target", ["client-rows"])
def test_a_fragment_of_the_list_is_what_the_page_holds(office: Office, target: str) -> None:
    house = office.house
    house.client("One", contacts=[contact()])
    assert same_as_in_page(office.browser(house.boris), "/clients/", target)


def test_quick_create_makes_client_and_contact(office: Office) -> None:
    browser = office.browser(office.house.boris)
    assert browser.get("/clients/new/").status_code == 200
    sent = {"name": "New Client", "kind": "company", "contact": "Mary", "phone": "8 916 123-45-67", "email": ""}
    response = browser.post("/clients/new/", sent)
    client = CrmClient.objects.get()
    assert response["Location"] == f"/clients/{client.pk}/"
    assert client.owner == office.house.boris
    assert Contact.objects.get().channels.get().value == "+79161234567"
    onwards = browser.post("/clients/new/", {"name": "Second", "then": "deal"})["Location"]
    assert onwards.startswith("/deals/new/?client=")


def test_a_refused_form_names_the_field_and_keeps_what_was_typed(office: Office) -> None:
    browser = office.browser(office.house.boris)
    response = browser.post("/clients/new/", {"name": "New", "inn": "123", "phone": "12"})
    page = page_of(response)
    assert response.status_code == 422
    assert page.xpath("//input[@id='inn']/@aria-invalid") == ["true"]
    assert page.xpath("//input[@id='phone']/@value") == ["12"]
    response = browser.post("/clients/new/", {"name": "New", "phone": "12"})
    assert page_of(response).xpath("//input[@id='phone']/@aria-invalid") == ["true"]
    assert not CrmClient.objects.exists()


def test_duplicates_are_shown_while_typing_also_those_of_others(office: Office) -> None:
    house = office.house
    mine = house.client("Northern Park", inn="7707083893")
    house.client("Southern Gate", house.vera, contacts=[contact(phone="89161234567")])
    browser = office.browser(house.boris)
    found = browser.get("/clients/new/duplicates/?name=northern+park", headers=HTMX).content.decode()
    assert f'href="/clients/{mine.pk}/"' in found
    found = browser.get("/clients/new/duplicates/?name=norhtern+park", headers=HTMX).content.decode()
    assert "similar name" in found
    found = browser.get("/clients/new/duplicates/?phone=8+916+123-45-67", headers=HTMX).content.decode()
    assert "exists, owner: Vera" in found
    assert "/clients/" not in found
    sent = {"name": "Northern park", "inn": ""}
    assert browser.post("/clients/new/", sent).status_code == 422
    assert browser.post("/clients/new/", sent | {"anyway": "on"}).status_code == 302


def test_the_card_shows_next_step_contacts_deals_and_history(office: Office) -> None:
    house = office.house
    product = make_product()
    client = house.client("Northern Park", contacts=[contact("Ivan", "89161234567")], inn="7707083893")
    browser = office.browser(house.boris)
    sent = {
        "client": client.pk, "process": "b2b_sale", "product": product.name, "quantity": "2", "price": "",
        "discount": "",
    }  # fmt: skip
    assert browser.post("/deals/new/", sent).status_code == 302
    shown = text_of(browser.get(f"/clients/{client.pk}/"))
    for words in ("Next step", "Ivan", "+7 916 123-45-67", "7707083893", "2,000"):
        assert words in shown
    history = text_of(browser.get(f"/clients/{client.pk}/timeline/"))
    for words in ("Client created", "Deal opened for", "Next step:"):
        assert words in history
    assert "Client created" not in text_of(browser.get(f"/clients/{client.pk}/timeline/?group=tasks"))


def test_facts_are_edited_in_place(office: Office) -> None:
    client = office.house.client("Northern Park")
    browser = office.browser(office.house.boris)
    path = f"/clients/{client.pk}/edit/"
    assert same_as_in_page(browser, path, "client-facts")
    assert same_as_in_page(browser, f"/clients/{client.pk}/", "client-facts")
    response = browser.post(path, {"name": "Southern Park", "employees": "1 200", "revision": "1"})
    assert response.status_code == 302
    client.refresh_from_db()
    assert (client.name, client.employees) == ("Southern Park", 1200)
    stale = browser.post(path, {"name": "Third", "revision": "1"})
    assert stale.status_code == 422
    assert "Somebody changed this meanwhile" in text_of(stale)


def test_contacts_are_edited_in_place(office: Office) -> None:
    client = office.house.client("Northern Park")
    browser = office.browser(office.house.boris)
    headers = {**HTMX, "HX-Target": "client-contacts"}
    add = f"/clients/{client.pk}/contacts/new/"
    assert "Main contact" in fragment(browser, add, "client-contacts").content.decode()
    bad = browser.post(add, {"name": "Ivan", "phones": ["12"]}, headers=headers)
    assert bad.status_code == 422
    assert 'id="phones-0-error"' in bad.content.decode()
    good = browser.post(add, {"name": "Ivan", "phones": ["89161234567", ""], "emails": ["I@x.ru"]}, headers=headers)
    assert "+7 916 123-45-67" in good.content.decode()
    made = Contact.objects.get()
    assert same_as_in_page(browser, f"/clients/contacts/{made.pk}/", "client-contacts")
    browser.post(f"/clients/contacts/{made.pk}/", {"name": "Ivan the Great"}, headers=headers)
    plain = browser.post(f"/clients/contacts/{made.pk}/remove/")
    assert (plain.status_code, plain["Location"]) == (303, f"/clients/{client.pk}/")
    assert not Contact.objects.exists()


def test_a_lead_hands_a_client_over_and_takes_it_back(office: Office) -> None:
    house = office.house
    client = house.client("Northern Park")
    browser = office.browser(house.anna)
    path = f"/clients/{client.pk}/owner/"
    assert "Boris" in fragment(browser, path, "modal").content.decode()
    browser.post(path, {"owner": house.anna.pk})
    client.refresh_from_db()
    assert client.owner == house.anna
    browser.post(f"{path}?owner={house.boris.pk}")
    client.refresh_from_db()
    assert client.owner == house.boris
    assert browser.post(path, {"owner": house.vera.pk}).status_code == 404
    assert office.browser(house.boris).post(path, {"owner": house.anna.pk}).status_code == 403


def test_foreign_clients_are_nowhere(office: Office) -> None:
    house = office.house
    client = house.client("Foreign", house.vera, contacts=[contact()])
    made = Contact.objects.get()
    browser = office.browser(house.boris)
    for path in ("", "edit/", "timeline/", "contacts/new/"):
        assert browser.get(f"/clients/{client.pk}/{path}").status_code == 404
    assert browser.get(f"/clients/contacts/{made.pk}/").status_code == 404
    assert browser.post(f"/clients/contacts/{made.pk}/remove/").status_code == 404
    assert browser.post(f"/clients/{client.pk}/edit/", {"name": "Mine"}).status_code == 404
    assert "Foreign" not in text_of(browser.get("/search/?q=foreign")).replace("“foreign”", "")
    assert Event.objects.filter(client_id=client.pk).count() == 1


def test_support_reads_but_does_not_write(office: Office) -> None:
    client = office.house.client("Northern Park")
    browser = office.browser(office.house.support)
    assert browser.get(f"/clients/{client.pk}/").status_code == 200
    for path in ("new/", f"{client.pk}/edit/", f"{client.pk}/contacts/new/"):
        assert browser.get(f"/clients/{path}").status_code == 403


def test_every_page_is_russian_for_a_russian(office: Office) -> None:
    house = office.house
    client = house.client("Ромашка", contacts=[contact()])
    deal = house.deal(client, amount=Decimal(5), expected_date=date(2026, 12, 1))
    User.objects.filter(pk=house.olga.pk).update(language="ru", name="Ольга")
    browser = office.browser(User.objects.get(pk=house.olga.pk))
    for path in (
        "/clients/", "/clients/new/", f"/clients/{client.pk}/", f"/clients/{client.pk}/edit/", "/deals/",
        f"/clients/{client.pk}/contacts/new/", "/deals/new/", f"/deals/{deal.pk}/", f"/deals/{deal.pk}/edit/",
        f"/deals/{deal.pk}/lines/", "/products/", "/products/new/", "/search/?q=ром", f"/deals/{deal.pk}/owner/",
    ):  # fmt: skip
        wanted = "|".join(f"//main//{tag}" for tag in ("h1", "h2", "label", "th", "dt", "button"))
        labels = page_of(browser.get(path)).xpath(wanted)
        words = [label.text_content().strip() for label in labels]
        english = [word for word in words if word and not set(word.lower()) & set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")]
        assert [word for word in english if any(character.isalpha() for character in word)] == [], path


def test_everything_wrong_with_a_new_client_is_named_at_once(office: Office) -> None:
    sent = {"name": "Northern Park", "inn": "123", "phone": "call me", "email": "a@b", "contact": "Ivan"}
    refused = office.browser(office.house.boris).post("/clients/new/", sent)
    assert refused.status_code == 422
    for field in ("inn", "phone", "email"):
        assert f'id="{field}-error"' in refused.content.decode()
    assert not CrmClient.objects.filter(name="Northern Park").exists()
