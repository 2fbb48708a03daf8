"""What the fields of the organisation offer: currencies, countries and time zones by their names."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import holidays
from babel import Locale
from babel.core import get_global
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


@lru_cache(maxsize=4)
def time_zone_choices(language: str, on: date) -> tuple[Choice, ...]:
    """The zones by the names of their cities, with how far they are from UTC on a day: ("Europe/Moscow",
    "Moscow (UTC+3)"). Of names for one zone there is the present one."""
    locale, aliases = Locale.parse(language), get_global("zone_aliases")
    zones = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    named = ((zone, _zone_name(zone, locale, on)) for zone in zones if zone not in aliases)
    return (("UTC", "UTC"), *sorted(named, key=lambda choice: choice[1]))


def _zone_name(zone: str, locale: Locale, on: date) -> str:
    """A zone as people name it: its city and its distance from UTC at noon of a day."""
    # Languages know some cities by the name their zone had before: Asia/Calcutta, now Asia/Kolkata.
    before = (old for old, new in get_global("zone_aliases").items() if new == zone)
    known = (locale.time_zones.get(one, {}).get("city") for one in (zone, *before))
    city = next(filter(None, known), zone.rpartition("/")[2].replace("_", " "))
    distance = datetime.combine(on, time(12), ZoneInfo(zone)).utcoffset() or timedelta()
    hours, minutes = divmod(abs(distance) // timedelta(minutes=1), 60)
    sign = "\u2212" if distance < timedelta() else "+"
    return f"{city} (UTC{sign}{hours}{f':{minutes:02}' if minutes else ''})"
