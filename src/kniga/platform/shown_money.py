"""Amounts of money as a language writes them, for pages, letters and documents alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency

SIGNS: Final = {"RUB": "₽"}
"""Short signs that a language does not use for foreign money by itself: English writes RUB."""


def shown_money(amount: Decimal, currency: str, language: str) -> str:
    """An amount with its currency sign, as `language` (ru, en) writes it; kopecks only where there are some."""
    locale = Locale.parse(language, sep="-")
    is_whole = amount == amount.to_integral_value()
    pattern = locale.currency_formats["standard"].pattern.replace("¤", SIGNS.get(currency, "¤"))
    if is_whole:
        pattern = pattern.replace(".00", "")
    return format_currency(amount, currency, pattern, locale=locale, currency_digits=not is_whole)
