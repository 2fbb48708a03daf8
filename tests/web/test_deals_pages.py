from __future__ import annotations

from decimal import Decimal

import pytest

from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Client as CrmClient
from kniga.deals.models import Deal, LossReason
from kniga.people.models import User
from kniga.processes.models import Task
from tests.domain.department import NOW, line, make_product
from tests.sql_snapshots import record_sql
from tests.web.records import HTMX, Office, fragment, open_office, page_of, same_as_in_page, text_of


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def open_in_browser(office: Office, client: CrmClient, **fields: object) -> Deal:
    browser = office.browser(office.house.boris)
    sent = {"client": client.pk, "process": "b2b_sale", "product": "", "quantity": "1", "price": "", "discount": ""}
    response = browser.post("/deals/new/", sent | fields)
    assert response.status_code == 302, response.content.decode()
    return Deal.objects.latest("pk")


def test_a_new_deal_has_its_lines_and_its_first_task_at_once(office: Office) -> None:
    make_product("Rack", "1000")
    make_product("Steel", "61500", "ton")
    fields = {"product": ["Rack", "steel", ""], "quantity": ["2", "0,5", "1"], "price": ["", "60 000", ""],
              "discount": ["10", "", ""]}  # fmt: skip
    deal = open_in_browser(office, office.house.client("Northern Park"), **fields)
    assert (deal.amount, deal.owner, deal.name) == (Decimal("31800.00"), office.house.boris, "Northern Park")
    assert deal.stage is not None
    assert Task.objects.get(deal=deal, status="open").assignee == office.house.boris
    shown = text_of(office.browser(office.house.boris).get(f"/deals/{deal.pk}/"))
    for words in ("Next step", "Rack", "31,800", "Northern Park"):
        assert words in shown


def test_everything_wrong_with_the_lines_of_a_deal_is_named_at_once(office: Office) -> None:
    make_product("Rack", "1000")
    client = office.house.client("Northern Park")
    sent = {"client": client.pk, "process": "b2b_sale", "product": ["Nothing", "Rack"], "quantity": ["1", "-1"],
            "price": ["", ""], "discount": ["", "150"]}  # fmt: skip
    shown = text_of(office.browser(office.house.boris).post("/deals/new/", sent))
    for words in ("There is no product", "Enter a quantity above zero.", "A discount lies between 0 and 100 per cent."):
        assert words in shown


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"client": ""}, "Choose the client of the deal."),
        ({"process": "nothing"}, "Choose the process of the deal."),
        ({"product": "No such thing"}, "There is no product"),
        ({"product": "Rack", "quantity": "0"}, "Enter a quantity above zero."),
        ({"product": "Rack", "price": "abc"}, "is not a number"),
        ({"expected_date": "soon"}, "Enter a date like"),
    ],
)
def test_a_wrong_deal_is_refused_and_leaves_no_trace(office: Office, fields: dict[str, str], words: str) -> None:
    make_product("Rack", "1000")
    client = office.house.client("Northern Park")
    sent = {"client": client.pk, "process": "b2b_sale", "product": "", "quantity": "1", "price": "", "discount": ""}
    response = office.browser(office.house.boris).post("/deals/new/", sent | fields)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not Deal.objects.exists()
    assert not Task.objects.exists()


def test_clients_and_products_are_found_while_typing(office: Office) -> None:
    house = office.house
    make_product("Rack")
    client = house.client("Northern Park")
    house.client("Northern Foreign", house.vera)
    browser = office.browser(house.boris)
    found = browser.get("/deals/new/clients/?client_text=orthern", headers=HTMX).content.decode()
    assert f'value="{client.pk}"' in found
    assert "Foreign" not in found
    assert "Create it" in browser.get("/deals/new/clients/?client_text=zzz", headers=HTMX).content.decode()
    assert 'value="Rack"' in browser.get("/deals/new/products/?product=ac", headers=HTMX).content.decode()
    assert browser.get("/deals/new/line/", headers=HTMX).content.decode().count("<tr>") == 1


def test_the_list_has_filters_sums_and_next_steps(office: Office) -> None:
    house = office.house
    client = house.client("Northern Park")
    deal = open_in_browser(office, client, amount="5000", name="Racks for the north")
    house.deal(client, name="Second", amount=Decimal(700))
    Deal.objects.filter(name="Second").update(
        status="lost", closed_at=NOW, loss_reason=LossReason.objects.get(key="price")
    )
    browser = office.browser(house.boris)
    shown = text_of(browser.get("/deals/?status=all"))
    for words in ("Racks for the north", "Second", Task.objects.get(deal=deal).name):
        assert words in shown
    assert "Second" not in text_of(browser.get("/deals/?status=open&q=north"))
    assert "Price" in text_of(browser.get("/deals/?status=lost&cols=reason"))
    headings = browser.get("/deals/?status=lost").content.decode().split("<thead>")[1].split("</thead>")[0]
    assert "Reason of loss" in headings and "Next step" not in headings
    sums = browser.get("/deals/totals/", headers=HTMX).content.decode()
    assert "5,700" in sums.replace("\xa0", "")
    assert "1 deal<" in sums
    assert same_as_in_page(browser, "/deals/?sort=-amount", "deal-rows")
    for broken in ("cursor=nonsense", "stage=abc&since=soon&sort=evil&status=none", "period=evil&until=9999-99-99"):
        assert browser.get(f"/deals/?{broken}").status_code in (200, 422)


def test_a_rep_begins_with_their_own_open_deals_and_all_of_them_are_a_tab_away(office: Office) -> None:
    house = office.house
    house.deal(name="Goes on")
    house.deal(name="Is over")
    Deal.objects.filter(name="Is over").update(
        status="lost", closed_at=NOW, loss_reason=LossReason.objects.get(key="price")
    )
    browser = office.browser(house.boris)
    first = browser.get("/deals/")
    assert "Goes on" in text_of(first) and "Is over" not in text_of(first)
    (every,) = page_of(first).xpath("//div[@class='k-list-head']//a[normalize-space()='All']/@href")
    assert "Is over" in text_of(browser.get(every))
    assert "Is over" in text_of(office.browser(house.hanna).get("/deals/"))


def test_filters_in_force_are_named_in_words(office: Office) -> None:
    house = office.house
    product = make_product("Rack")
    client = house.client("Northern Park")
    house.deal(client, lines=[line(product)])
    path = f"/deals/?client={client.pk}&product={product.pk}&branch={house.moscow.pk}&owner={house.boris.pk}"
    chips = page_of(office.browser(house.olga).get(path)).xpath("//ul[@class='k-chips']//b")
    assert [chip.text_content() for chip in chips] == ["Boris", "Москва", "Northern Park", "Rack"]


def test_a_long_list_continues_where_it_ended(office: Office) -> None:
    for number in range(53):
        office.house.deal(name=f"Deal {number:02}")
    browser = office.browser(office.house.boris)
    more = page_of(browser.get("/deals/?sort=name")).xpath("//tr[@class='k-more']/@hx-get")[0]
    rest = fragment(browser, more, "deal-more").content.decode()
    assert "Deal 52" in rest
    assert "Deal 49" not in rest


def test_a_page_sends_the_same_statements_for_one_deal_and_for_many(office: Office) -> None:
    house = office.house
    product = make_product()
    client = house.client("One")
    deal = open_in_browser(office, client, product=product.name)
    paths = ["/deals/", f"/deals/{deal.pk}/", f"/deals/{deal.pk}/timeline/", "/products/"]

    def count(user: User, path: str) -> list[str]:
        browser = office.browser(User.objects.get(pk=user.pk))
        browser.get(path)
        with record_sql() as log:
            assert browser.get(path).status_code == 200
        return log.shapes

    users = (house.boris, house.anna, house.olga)
    before = {(user.pk, path): count(user, path) for user in users for path in paths}
    for number in range(6):
        open_in_browser(office, client, product=product.name)
        make_product(f"Product {number}")
    revision = Deal.objects.get(pk=deal.pk).revision
    lines = {"product": [product.name] * 5, "quantity": ["1"] * 5, "revision": revision}
    assert office.browser(house.boris).post(f"/deals/{deal.pk}/lines/", lines).status_code == 302
    for (user_id, path), shapes in before.items():
        now = count(User.objects.get(pk=user_id), path)
        assert now == shapes
        assert len(now) <= 8


def test_facts_and_lines_are_edited_in_place(office: Office) -> None:
    product = make_product("Rack", "1000")
    deal = open_in_browser(office, office.house.client("Northern Park"), product="Rack")
    browser = office.browser(office.house.boris)
    assert same_as_in_page(browser, f"/deals/{deal.pk}/edit/", "deal-facts")
    assert same_as_in_page(browser, f"/deals/{deal.pk}/lines/", "deal-lines")
    assert same_as_in_page(browser, f"/deals/{deal.pk}/", "deal-lines")
    deal.refresh_from_db()
    sent = {"name": "Racks", "expected_date": "2026-12-31", "note": "", "revision": deal.revision}
    assert browser.post(f"/deals/{deal.pk}/edit/", sent).status_code == 302
    assert browser.post(f"/deals/{deal.pk}/edit/", sent).status_code == 422
    wrong = {"product": ["Rack"], "quantity": ["1.5"], "revision": deal.revision + 1}
    refused = browser.post(f"/deals/{deal.pk}/lines/", wrong, headers={**HTMX, "HX-Target": "deal-lines"})
    assert refused.status_code == 422
    assert "enter a whole number" in refused.content.decode()
    right = {"product": ["Rack"], "quantity": ["3"], "price": [""], "discount": [""], "revision": deal.revision + 1}
    assert browser.post(f"/deals/{deal.pk}/lines/", right).status_code == 302
    deal.refresh_from_db()
    assert (deal.amount, deal.name, deal.product) == (Decimal(3000), "Racks", product)
    assert "1 → 3" not in text_of(browser.get(f"/deals/{deal.pk}/timeline/"))
    assert "Products of the deal changed" in text_of(browser.get(f"/deals/{deal.pk}/timeline/?group=changes"))


def test_a_deal_handed_over_takes_its_open_task_along(office: Office) -> None:
    house = office.house
    deal = open_in_browser(office, house.client("Northern Park"))
    browser = office.browser(house.anna)
    assert "Boris" in fragment(browser, f"/deals/{deal.pk}/owner/", "modal").content.decode()
    browser.post(f"/deals/{deal.pk}/owner/", {"owner": house.anna.pk})
    deal.refresh_from_db()
    assert (deal.owner, Task.objects.get(deal=deal).assignee) == (house.anna, house.anna)
    assert office.browser(house.boris).get(f"/deals/{deal.pk}/").status_code == 404


def test_a_deal_without_a_process_is_started_from_its_card(office: Office) -> None:
    house = office.house
    deal = open_in_browser(office, house.client("Northern Park"))
    idle = house.deal(house.client("Idle"), amount=Decimal(1))
    Deal.objects.filter(pk=idle.pk).update(pipeline=deal.pipeline)
    browser = office.browser(house.boris)
    assert "Nothing is planned for this deal" in text_of(browser.get(f"/deals/{idle.pk}/"))
    assert browser.post(f"/deals/{idle.pk}/start/", {"process": "b2b_sale"}).status_code == 302
    assert Task.objects.filter(deal=idle, status="open").count() == 1
    assert browser.post(f"/deals/{idle.pk}/start/", {"process": "b2b_sale"}).status_code == 422


def test_a_lost_deal_says_why(office: Office) -> None:
    deal = office.house.deal(amount=Decimal(5))
    reason = LossReason.objects.get(key="competitor")
    lost = {"status": "lost", "closed_at": NOW, "loss_reason": reason, "loss_note": "They were faster"}
    Deal.objects.filter(pk=deal.pk).update(**lost)
    shown = text_of(office.browser(office.house.boris).get(f"/deals/{deal.pk}/"))
    assert "Chose a competitor" in shown
    assert "They were faster" in shown


def test_foreign_deals_are_nowhere(office: Office) -> None:
    house = office.house
    deal = house.deal(owner=house.vera, lines=[line(make_product())])
    browser = office.browser(house.boris)
    for path in ("", "edit/", "lines/", "timeline/"):
        assert browser.get(f"/deals/{deal.pk}/{path}").status_code == 404
    for path in ("edit/", "lines/", "start/"):
        assert browser.post(f"/deals/{deal.pk}/{path}").status_code == 404
    assert f"/deals/{deal.pk}/" not in browser.get("/deals/").content.decode()


def test_who_works_a_deal_may_call_its_client_but_gets_no_link_to_a_foreign_card(office: Office) -> None:
    house = office.house
    contacts = [ContactInput("Anna Shaw", phones=("+7 916 123-45-67",))]
    client = house.client("Northern Park", house.vera, contacts=contacts)
    deal = house.deal(client, house.boris)
    page = office.browser(house.boris).get(f"/deals/{deal.pk}/").content.decode()
    assert "Anna Shaw" in page and f'href="/clients/{client.pk}/"' not in page
    assert f'href="/clients/{client.pk}/"' in office.browser(house.olga).get(f"/deals/{deal.pk}/").content.decode()


def test_a_deal_whose_form_is_sent_twice_is_opened_once(office: Office) -> None:
    client = office.house.client("Northern Park")
    sent = {"client": str(client.pk), "process": "b2b_sale", "amount": "1000", "form_key": "one"}
    browser = office.browser(office.house.boris)
    first, second = browser.post("/deals/new/", sent), browser.post("/deals/new/", sent)
    assert first["Location"] == second["Location"]
    assert Deal.objects.count() == Task.objects.filter(status="open").count() == 1


def test_the_client_of_a_new_deal_is_found_as_the_palette_finds_it(office: Office) -> None:
    client = office.house.client("ООО ТД «РесурсМаш»")
    browser = office.browser(office.house.boris)
    for text, is_chosen in (("ресурсм", True), ("htcehcvfi", True), ("ресусмаш", False), ("Рессурсмаш", False)):
        found = browser.get("/deals/new/clients/", {"client_text": text}, headers=HTMX).content.decode()
        assert f'value="{client.pk}"' in found, text
        # What may be a typing error is offered, not chosen; and another client may be meant.
        assert ("checked" in found, "/clients/new/" in found) == (is_chosen, not is_chosen)


def test_a_line_takes_the_one_product_that_fits_and_no_fractions_of_cents(office: Office) -> None:
    make_product("Pallet rack PR-25", "1000")
    make_product("Pallet rack SR-40", "900")
    client = office.house.client("Northern Park")
    assert open_in_browser(office, client, product="PR-25").amount == Decimal("1000.00")
    browser = office.browser(office.house.boris)
    sent = {"client": client.pk, "process": "b2b_sale", "quantity": "1", "discount": ""}
    for fields, words in (
        ({"product": "Pallet rack", "price": ""}, "There is no product"),
        ({"product": "PR-25", "price": "1 200,555"}, "at most two digits behind the point"),
        ({"product": "", "price": "", "amount": "0.001"}, "at most two digits behind the point"),
        ({"product": "PR-25", "price": "", "quantity": "2,5"}, "enter a whole number"),
    ):
        answer = browser.post("/deals/new/", sent | fields)
        assert answer.status_code == 422 and words in answer.content.decode(), fields
