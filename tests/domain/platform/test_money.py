from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from kniga.platform.errors import Refused
from kniga.platform.money import checked_quantity, line_amount, parse_decimal, quantize


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234,567", "1234567"),
        ("0,5", "0.5"),
        ("1234", "1234"),
        ("-7.10", "-7.10"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: str) -> None:
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "1,2,3", "NaN", "Infinity", "1-2"])
def test_what_is_no_number_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_decimal(text, field="price")
    assert (refusal.value.code, refusal.value.field) == ("number_invalid", "price")


def test_halves_of_a_kopeck_are_rounded_away_from_zero() -> None:
    assert quantize(Decimal("0.125")) == Decimal("0.13")
    assert quantize(Decimal("-0.125")) == Decimal("-0.13")


def test_a_line_costs_quantity_times_price_less_discount() -> None:
    assert line_amount(Decimal("2.5"), Decimal("99.99"), Decimal("10")) == Decimal("224.98")


def test_a_quantity_has_no_more_places_than_its_unit() -> None:
    assert checked_quantity(Decimal("1.5"), field="quantity", decimals=3) == Decimal("1.500")
    with translation.override("en"), pytest.raises(Refused, match="a whole number"):
        checked_quantity(Decimal("1.5"), field="quantity", decimals=0)
    with translation.override("en"), pytest.raises(Refused, match="1 decimal place"):
        checked_quantity(Decimal("1.55"), field="quantity", decimals=1)
    with pytest.raises(Refused):
        checked_quantity(Decimal("0"), field="quantity")
