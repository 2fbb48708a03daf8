from __future__ import annotations

import pytest
from django.db import connection

from kniga.clients.duplicates import possible_duplicates
from kniga.clients.search import other_layout, search_clients
from tests.domain.department import Department, contact


@pytest.fixture
def shop(house: Department) -> Department:
    house.client(
        "ООО «Складские Технологии»", inn="7707083893",
        contacts=[contact("Семён Ёлкин", "8 (916) 123-45-67", "elkin@sklad.ru")],
    )  # fmt: skip
    house.client("Johnson & Sons", contacts=[contact("Mary Poppins", "+1 650 253 0000")])
    house.client("Hallam Steel Ltd", contacts=[contact("Tom Hill", "+44 114 496 0972")])
    house.client("Чужие склады", house.vera)
    return house


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("технол", "ООО «Складские Технологии»"),
        ("СКЛАД техн", "ООО «Складские Технологии»"),
        ("ohnson", "Johnson & Sons"),
        ("елкин", "ООО «Складские Технологии»"),
        ("Ёлкин", "ООО «Складские Технологии»"),
        ("8 916 123 45", "ООО «Складские Технологии»"),
        ("+7 (916) 123-45-67", "ООО «Складские Технологии»"),
        ("123-45-67", "ООО «Складские Технологии»"),
        ("770708", "ООО «Складские Технологии»"),
        ("elkin@sk", "ООО «Складские Технологии»"),
        ("650 253", "Johnson & Sons"),
        ("складсике техналогии", "ООО «Складские Технологии»"),
        ("jonhson", "Johnson & Sons"),
        ("crkflcrbt", "ООО «Складские Технологии»"),
        ("0114 496 0972", "Hallam Steel Ltd"),
        ("+44 (0)114 496-0972", "Hallam Steel Ltd"),
        ("ощртыщт", "Johnson & Sons"),
    ],
)
def test_a_client_is_found_by_any_part_of_what_is_known_of_it(shop: Department, text: str, name: str) -> None:
    assert [hit.name for hit in search_clients(user=shop.boris, text=text)] == [name]


def test_the_contact_by_whom_it_was_found_is_named(shop: Department) -> None:
    hit = search_clients(user=shop.boris, text="poppins")[0]
    assert (hit.name, hit.contact) == ("Johnson & Sons", "Mary Poppins")


@pytest.mark.parametrize("text", ["", "а", "%", "_", "%%%", "нетникогда", "\x00", "'; DROP TABLE clients_client"])
def test_nothing_is_found_by_what_nobody_has(shop: Department, text: str) -> None:
    assert search_clients(user=shop.boris, text=text) == ()


def test_clients_of_others_are_not_found(shop: Department) -> None:
    assert [hit.name for hit in search_clients(user=shop.boris, text="склад")] == ["ООО «Складские Технологии»"]
    assert len(search_clients(user=shop.olga, text="склад")) == 2


def test_names_that_begin_with_the_text_come_first(house: Department) -> None:
    for name in ("Альфа Рога", "Рога и копыта"):
        house.client(name)
    assert [hit.name for hit in search_clients(user=house.boris, text="рога")] == ["Рога и копыта", "Альфа Рога"]


def test_keys_are_read_on_the_other_layout() -> None:
    assert other_layout("hjvfirf") == "ромашка"
    assert other_layout("фззду") == "apple"


def test_duplicates_are_told_also_of_other_people_but_not_opened(shop: Department) -> None:
    found = possible_duplicates(user=shop.boris, name="ЧУЖИЕ  склады")
    assert [(row.name, row.same_by, row.owner, row.is_visible) for row in found] == [
        ("Чужие склады", "name", "Vera", False)
    ]


@pytest.mark.parametrize(
    ("fields", "same_by"),
    [
        ({"inn": "7707083893"}, "inn"),
        ({"phone": "8 916 1234567"}, "phone"),
        ({"email": "ELKIN@sklad.ru"}, "email"),
        ({"name": "ооо складские технологии"}, "name"),
        ({"name": "Складские технологии, ЗАО"}, "name"),
    ],
)
def test_a_duplicate_is_seen_by_inn_phone_address_and_name(
    shop: Department, fields: dict[str, str], same_by: str
) -> None:
    found = possible_duplicates(user=shop.vera, **fields)
    assert [(row.name, row.same_by) for row in found] == [("ООО «Складские Технологии»", same_by)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ресусмаш", "ООО ТД «РесурсМаш»"),
        ("ООО Рессурсмаш", "ООО ТД «РесурсМаш»"),
        ("htcehcvfi", "ООО ТД «РесурсМаш»"),
        ("Складсике техналогии", "ООО «Складские Технологии»"),
        ("Jonhson & Sons", "Johnson & Sons"),
        ("Фабрика окон", None),
        ("Складской комплекс", None),
        ("Маша", None),
        ("ООО Ресурс-Центр", None),
        ("Северсталь", None),
    ],
)
def test_a_duplicate_is_seen_through_typing_errors(shop: Department, typed: str, kept: str | None) -> None:
    shop.client("ООО ТД «РесурсМаш»")
    found = possible_duplicates(user=shop.boris, name=typed)
    assert [(row.name, row.same_by) for row in found] == ([(kept, "similar_name")] if kept else [])


def test_only_what_holds_the_text_is_found_for_sure(shop: Department) -> None:
    for text, is_sure in (("технол", True), ("nt[yjk", True), ("техналогии", False)):
        assert [hit.is_sure for hit in search_clients(user=shop.boris, text=text)] == [is_sure]


@pytest.mark.parametrize("fields", [{}, {"name": "ООО"}, {"phone": "8916"}, {"email": "elkin@"}, {"inn": "77"}])
def test_half_typed_values_find_no_duplicate(shop: Department, fields: dict[str, str]) -> None:
    assert possible_duplicates(user=shop.boris, **fields) == ()


def test_the_client_of_that_very_name_comes_first_out_of_a_crowd(house: Department) -> None:
    sql = """
INSERT INTO clients_client (kind, name, name_key, match_key, inn, kpp, ogrn, website, address, note, search_text,
    owner_id, revision, created_at, updated_at)
SELECT 'company', n, n, n, '', '', '', '', '', '', n, %s, 1, now(), now()
FROM (SELECT 'алые рога ' || i FROM generate_series(1, 2500) i) AS names (n)
"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [house.boris.pk])
    house.client("Рога")
    for user in (house.boris, house.olga):
        assert search_clients(user=user, text="рога", limit=3)[0].name == "Рога"
