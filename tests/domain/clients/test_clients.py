from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from kniga.clients import contact_services, queries, reference, services
from kniga.clients.contact_services import ContactInput
from kniga.clients.duplicates import possible_duplicates
from kniga.clients.fields import ClientFields
from kniga.clients.models import Client, Contact, Ownership
from kniga.clients.queries import ClientFilter
from kniga.clients.requisites import registration_label, tax_label
from kniga.clients.search_text import refresh_search_text
from kniga.people.models import User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event, Organisation
from kniga.platform.organisation import keep_organisation
from tests.domain.department import NOW, Department, contact
from tests.sql_snapshots import record_sql


def test_a_new_client_has_contacts_an_owner_since_now_and_one_event(house: Department) -> None:
    client = house.client(
        " ООО  «Ёлка» ", inn="7707083893", website="elka.ru", employees=12, revenue=Decimal("1.005"),
        contacts=[contact("Иван", "8 916 123-45-67", "I@elka.ru"), contact("Пётр")],
    )  # fmt: skip
    assert (client.name, client.name_key, client.match_key) == ("ООО «Ёлка»", "ооо «елка»", "оооелка")
    assert (client.website, client.revenue) == ("https://elka.ru", Decimal("1.01"))
    client.refresh_from_db()
    assert client.search_text.split("\n") == [
        "ооо «елка»", "7707083893", "иван", "79161234567", "i@elka.ru", "петр"
    ]  # fmt: skip
    owned = Ownership.objects.get(client=client)
    assert (owned.owner, owned.started_at, owned.ended_at) == (house.boris, NOW, None)
    assert [event.kind for event in Event.objects.all()] == ["clients.client.created"]
    cards = queries.contacts_of(user=house.boris, client=client)
    assert [(card.name, card.is_primary, card.phones) for card in cards] == [
        ("Иван", True, ("+79161234567",)),
        ("Пётр", False, ()),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"inn": "7707083894"}, "inn"),
        ({"kind": "planet"}, "kind"),
        ({"employees": -1}, "employees"),
        ({"region_id": 0}, "region_id"),
        ({"website": "ftp://x"}, "website"),
        ({"contacts": [contact(phone="12")]}, "contacts/0/phones/0"),
        ({"contacts": [contact(), contact(email="x")]}, "contacts/1/emails/0"),
    ],
)
def test_a_wrong_client_is_refused_at_its_field_and_leaves_no_trace(
    house: Department, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        house.client(**({"name": "Ромашка"} | fields))
    assert refusal.value.field == field
    assert not Client.objects.exists()
    assert not Event.objects.exists()


def test_a_change_is_told_with_old_and_new_and_a_late_one_is_refused(house: Department) -> None:
    client = house.client("Ромашка")
    changed = services.update_client(client=client, revision=1, name="Лютик", inn="7707083893", by=house.boris, now=NOW)
    assert changed.revision == 2
    changed.refresh_from_db()
    assert changed.search_text == "лютик\n7707083893"
    event = Event.objects.get(kind="clients.client.changed")
    assert event.payload["changes"] == {"name": ["Ромашка", "Лютик"], "inn": ["", "7707083893"]}
    with pytest.raises(Conflict):
        services.update_client(client=client, revision=1, name="Мак", by=house.boris, now=NOW)


def test_a_change_that_changes_nothing_is_not_told(house: Department) -> None:
    client = house.client("Ромашка")
    services.update_client(client=client, revision=1, name="Ромашка", by=house.boris, now=NOW)
    assert not Event.objects.filter(kind="clients.client.changed").exists()


def test_a_client_is_never_a_part_of_itself(house: Department) -> None:
    mother = house.client("Мать")
    child = house.client("Дочь", parent_id=mother.pk)
    with pytest.raises(Refused) as refusal:
        services.update_client(client=mother, revision=1, parent_id=child.pk, by=house.boris, now=NOW)
    assert refusal.value.code == "parent_loop"


def test_handing_over_ends_one_ownership_and_begins_the_next(house: Department) -> None:
    client = house.client()
    later = NOW + timedelta(days=3)
    services.assign_client(client=client, owner=house.vera, by=house.olga, now=later)
    services.assign_client(client=client, owner=house.vera, by=house.olga, now=later)
    assert [(name, start, end) for name, start, end in queries.owners_of(user=house.olga, client=client)] == [
        ("Vera", later, None),
        ("Boris", NOW, later),
    ]
    assert Event.objects.filter(kind="clients.client.assigned").count() == 1
    with pytest.raises(Refused):
        services.assign_client(client=client, owner=house.boris, by=house.boris, now=later)


def test_contacts_are_added_changed_and_removed(house: Department) -> None:
    client = house.client(contacts=[contact("Иван")])
    added = contact_services.add_contact(
        client=client,
        contact=ContactInput("Пётр", phones=("89161234567", "8 916 123 45 67"), is_primary=True),
        by=house.boris, now=NOW,
    )  # fmt: skip
    cards = queries.contacts_of(user=house.boris, client=client)
    assert [(card.name, card.is_primary, card.phones) for card in cards] == [
        ("Пётр", True, ("+79161234567",)),
        ("Иван", False, ()),
    ]
    contact_services.update_contact(
        contact=added, given=ContactInput("Пётр", emails=("p@x.ru",)), by=house.boris, now=NOW
    )
    event = Event.objects.get(kind="clients.contact.changed")
    assert event.payload["changes"] == {"phones": [["+79161234567"], []], "emails": [[], ["p@x.ru"]]}
    contact_services.remove_contact(contact=added, by=house.boris, now=NOW)
    left = Contact.objects.get()
    assert (left.name, left.is_primary) == ("Иван", True)
    client.refresh_from_db()
    assert client.search_text == "ромашка\nиван"


def test_a_role_that_sells_nothing_changes_no_client(house: Department) -> None:
    client = house.client(contacts=[contact()])
    with pytest.raises(Refused):
        services.create_client(name="X", owner=None, by=house.support, now=NOW)
    with pytest.raises(Refused):
        contact_services.remove_contact(contact=Contact.objects.get(client=client), by=house.support, now=NOW)


def test_a_foreign_client_is_not_there(house: Department) -> None:
    mine, foreign = house.client("Моя"), house.client("Чужая", house.vera, contacts=[contact()])
    assert queries.get_visible_client(user=house.boris, id=mine.pk) == mine
    assert queries.get_visible_client(user=house.olga, id=foreign.pk) == foreign
    for key in (foreign.pk, 0):
        with pytest.raises(NotVisible):
            queries.get_visible_client(user=house.boris, id=key)
    with pytest.raises(NotVisible):
        queries.get_visible_contact(user=house.boris, id=Contact.objects.get().pk)
    assert [row.name for row in queries.clients_page(user=house.boris).rows] == ["Моя"]
    assert [row.name for row in queries.clients_page(user=house.anna).rows] == ["Моя"]
    assert queries.count_clients(user=house.olga) == 2


def test_the_list_is_filtered_sorted_and_continued(house: Department) -> None:
    region = reference.get_or_create_region("Урал")
    assert reference.get_or_create_region(" урал ") == region
    for name in ("Ёж", "Волк", "Яхта", "Ель", "Жук"):
        house.client(name, region_id=region.pk if name == "Волк" else None, contacts=[contact(phone="89161234567")])
    names: list[str] = []
    cursor = None
    while True:
        page = queries.clients_page(user=house.boris, limit=2, cursor=cursor)
        names += [row.name for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == ["Волк", "Ёж", "Ель", "Жук", "Яхта"]
    assert [row.name for row in queries.clients_page(user=house.boris, sort="-name").rows] == names[::-1]
    found = queries.clients_page(user=house.boris, wanted=ClientFilter(region_id=region.pk)).rows
    assert [(row.name, row.region, row.phone) for row in found] == [("Волк", "Урал", "+79161234567")]
    assert queries.clients_page(user=house.olga, wanted=ClientFilter(branch_id=house.kazan.pk)).rows == ()
    assert len(queries.clients_page(user=house.olga, wanted=ClientFilter(team_id=house.team.pk)).rows) == 5


def test_a_text_finds_the_same_pages_whether_its_hits_are_few_or_many(
    house: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        house.client(f"Ромашка {number:02}", owner=house.boris if number % 3 else house.vera)
    house.client("Лютик")
    for user in (house.olga, house.boris):
        for sort in ("name", "-name", "-created"):
            found = {}
            for most in (1, 5000):
                monkeypatch.setattr(queries, "_MOST_HITS", most)
                found[most] = _pages(user, ClientFilter(text="омаш"), sort)
            assert found[1] == found[5000]
            assert len(found[1]) == (12 if user == house.olga else 8)


def _pages(user: User, wanted: ClientFilter, sort: str) -> list[str]:
    names, cursor = [], None
    while True:
        page = queries.clients_page(user=user, wanted=wanted, sort=sort, cursor=cursor, limit=5)
        names += [row.name for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return names


def test_the_list_sends_as_many_statements_for_one_client_as_for_many(house: Department) -> None:
    house.client("Первый", contacts=[contact()])
    with record_sql() as one:
        queries.clients_page(user=house.hanna)
    for number in range(20):
        house.client(f"Номер {number}", contacts=[contact(), contact()])
    fresh = type(house.hanna).objects.get(pk=house.hanna.pk)
    with record_sql() as many:
        queries.clients_page(user=fresh)
    assert len(one) == len(many) <= 4


def test_the_search_text_of_a_new_client_is_what_a_refresh_would_write(house: Department) -> None:
    client = house.client(
        "ООО «Ёж»", contacts=[contact("Иван", "+7 916 123-45-67 доб. 12", "I@elka.ru"), contact("Пётр", "+79160000001")]
    )
    before = client.search_text
    refresh_search_text([client.pk])
    client.refresh_from_db()
    assert client.search_text == before != ""


def test_a_new_client_is_written_by_one_statement_however_many_contacts_it_has(house: Department) -> None:
    with record_sql() as log:
        house.client("Ромашка", contacts=[contact("Иван", "+79161234567"), contact("Пётр", "+79160000001")])
    assert len(log) == 1
    main = ContactInput("Анна", is_primary=True)
    second = house.client("Лютик", contacts=[contact("Иван"), main])
    assert [card.name for card in queries.contacts_of(user=house.boris, client=second)] == ["Анна", "Иван"]


def test_a_client_of_another_country_has_the_numbers_of_that_country(house: Department) -> None:
    keep_organisation(Organisation(calendar_country="GB"))
    client = house.client("Hill & Duncan plc", inn="gb 123 4567 89", ogrn="SC 123456")
    assert (client.inn, client.ogrn) == ("GB123456789", "SC123456")
    with translation.override("en"):
        assert (tax_label(), registration_label()) == ("Tax number (VAT)", "Company number")
    for wrong in ("12", "GB-12345678901234567890", "НДС12345"):
        with pytest.raises(Refused) as refusal:
            house.client("Another plc", inn=wrong)
        assert refusal.value.field == "inn"
    assert house.client("Sons of Hill Ltd", ogrn="U74899 DL1994 PLC 060742").ogrn == "U74899DL1994PLC060742"
    found = possible_duplicates(user=house.boris, inn="GB123456789")
    assert [one.name for one in found] == ["Hill & Duncan plc"]


def test_a_number_of_another_country_stays_until_it_is_changed(house: Department) -> None:
    keep_organisation(Organisation(calendar_country="GB"))
    client = house.client("Hill & Duncan plc", inn="GB123456789")
    keep_organisation(Organisation(calendar_country="RU"))
    fields: ClientFields = {"inn": "GB123456789", "note": "Moved"}
    kept = services.update_client(client=client, revision=1, by=house.boris, now=NOW, **fields)
    assert (kept.inn, kept.note) == ("GB123456789", "Moved")
    with pytest.raises(Refused) as refusal:
        services.update_client(client=client, revision=2, by=house.boris, now=NOW, inn="GB123456788")
    assert refusal.value.field == "inn"
