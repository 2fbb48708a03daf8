"""Units behind quantities, and the numbers of deals as people read and write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from kniga.catalog.units import counted_unit
from kniga.deals.numbers import deal_number, number_in


@pytest.mark.parametrize(
    ("language", "code", "quantity", "unit"),
    [
        ("en", "set", "1", "set"),
        ("en", "set", "10.000", "sets"),
        ("en", "day", "2.5", "days"),
        ("en", "kg", "10", "kg"),
        ("ru", "set", "10", "компл."),
        ("ru", "pallet", "21", "паллета"),
        ("ru", "pallet", "2.5", "паллеты"),
        ("ru", "service", "5", "услуг"),
    ],
)
def test_a_unit_is_counted_in_both_languages(language: str, code: str, quantity: str, unit: str) -> None:
    with translation.override(language):
        assert counted_unit(code, Decimal(quantity)) == unit


def test_a_unit_of_ones_own_keeps_its_name() -> None:
    assert counted_unit("roll", Decimal(3), "roll of film") == "roll of film"


@pytest.mark.parametrize(("language", "shown"), [("en", "No.\xa017"), ("ru", "№\xa017")])
def test_the_number_of_a_deal_is_found_again_as_it_is_shown(language: str, shown: str) -> None:
    with translation.override(language):
        assert deal_number(17) == shown
    for text in (shown, "17", "#17", " no 17 ", "№17"):
        assert number_in(text) == 17


@pytest.mark.parametrize("text", ["", "No.", "north 17", "²", "1" * 19])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_in(text) is None
