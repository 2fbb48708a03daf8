from __future__ import annotations

from decimal import Decimal

import pytest

from kniga.catalog import queries
from kniga.catalog.services import create_product, update_product
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from tests.domain.department import NOW, Department, make_product


def test_a_product_is_sold_in_its_unit(house: Department) -> None:
    product = create_product(name="Лист 3 мм", unit="ton", price=Decimal("61500.005"), by=house.hanna, now=NOW)
    assert (product.unit.code, product.price) == ("ton", Decimal("61500.01"))
    assert Event.objects.get().kind == "catalog.product.created"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"name": "СТЕЛЛАЖ ст-200"}, "name_taken"),
        ({"unit": "furlong"}, "unit_unknown"),
        ({"price": Decimal(-1)}, "amount_invalid"),
    ],
)
def test_a_wrong_product_is_refused(house: Department, fields: dict[str, object], code: str) -> None:
    make_product()
    with pytest.raises(Refused) as refusal:
        create_product(**({"name": "X"} | fields), by=house.hanna, now=NOW)
    assert refusal.value.code == code


def test_a_rep_cannot_change_the_catalogue(house: Department) -> None:
    with pytest.raises(Refused) as refusal:
        create_product(name="X", by=house.boris, now=NOW)
    assert refusal.value.code == "not_allowed"


def test_of_two_changes_at_once_the_second_is_told(house: Department) -> None:
    product = make_product()
    update_product(product=product, revision=1, price=Decimal(5), by=house.hanna, now=NOW)
    with pytest.raises(Conflict):
        update_product(product=product, revision=1, price=Decimal(6), by=house.hanna, now=NOW)
    assert Event.objects.get().payload["changes"] == {"price": ["1000.00", "5.00"]}


def test_the_list_is_searched_sorted_and_continued(house: Department) -> None:
    for number in range(5):
        make_product(f"Товар {number}", price=str(100 - number))
    first = queries.products_page(user=house.boris, limit=2)
    second = queries.products_page(user=house.boris, limit=2, cursor=first.next_cursor)
    third = queries.products_page(user=house.boris, limit=2, cursor=second.next_cursor)
    names = [row.name for page in (first, second, third) for row in page.rows]
    assert names == [f"Товар {number}" for number in range(5)]
    assert third.next_cursor is None
    assert queries.products_page(user=house.boris, sort="price").rows[0].name == "Товар 4"
    assert [row.name for row in queries.products_page(user=house.boris, text="товар3").rows] == ["Товар 3"]


def test_a_product_that_is_not_there_is_not_visible(house: Department) -> None:
    with pytest.raises(NotVisible):
        queries.get_visible_product(user=house.boris, id=0)
