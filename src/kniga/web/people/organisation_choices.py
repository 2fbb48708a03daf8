"""What the fields of the organisation offer: currencies, countries and time zones by their names."""

from __future__ import annotations

from functools import cache, lru_cache
from zoneinfo import available_timezones

import holidays
from babel import Locale
from babel.numbers import get_territory_currencies

Choice = tuple[str, str]


@lru_cache(maxsize=4)
def currency_choices(language: str) -> tuple[Choice, ...]:
    """The currencies that are money somewhere today, by code: ("EUR", "EUR · euro")."""
    locale = Locale.parse(language)
    codes = {code for territory in locale.territories for code in get_territory_currencies(str(territory))}
    return tuple((code, f"{code} · {locale.currencies.get(code, code)}") for code in sorted(codes))


@lru_cache(maxsize=4)
def country_choices(language: str) -> tuple[Choice, ...]:
    """The countries whose holidays are known, by name."""
    names = Locale.parse(language).territories
    codes = [code for code in holidays.list_supported_countries() if len(code) == 2]
    return tuple(sorted(((code, names.get(code, code)) for code in codes), key=lambda choice: choice[1]))


@cache
def time_zones() -> tuple[str, ...]:
    """The zones named after places, as "Europe/Moscow", and UTC."""
    return ("UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
