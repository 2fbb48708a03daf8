"""Money, numbers, dates and spans of time in the language of the page. `today` comes in; only whether a moment of
today has passed is asked of the clock."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup

from kniga.platform import clock
from kniga.platform.organisation import current_organisation
from kniga.platform.shown_money import SIGNS, shown_money
from kniga.web.speaking import language, zone

Number = int | float | Decimal

NOTHING = "—"
_LEGAL_FORMS = frozenset(("ооо", "оао", "пао", "зао", "ао", "ип", "llc", "ltd", "inc", "gmbh"))


def deal_money(amount: Number | None, currency: str = "") -> str:
    """What a deal is worth: as `money`, but none is known while it is 0."""
    return money(amount or None, currency)


def money(amount: Number | None, currency: str = "") -> str:
    """An amount with its currency sign; kopecks only where there are some. None is a dash."""
    if amount is None:
        return NOTHING
    return _money(Decimal(str(amount)), currency or current_organisation().currency, language())


def money_short(amount: Number | None, currency: str = "") -> str:
    """An amount in three figures for a board's column: 279M, 13.7K, 1.24B with the currency sign."""
    if amount is None:
        return NOTHING
    exact = Decimal(str(amount))
    if abs(exact) < 10_000:
        return money(exact, currency)
    return _money_short(exact, currency or current_organisation().currency, language())


def rounded_money(amount: Number | None, currency: str = "") -> str:
    """As `money_short`, for a page: what is rounded has the exact amount in its title."""
    short, exact = money_short(amount, currency), money(amount, currency)
    return short if short == exact else Markup('<span title="{}">{}</span>').format(exact, short)


def number(value: Number | None, digits: int = 2) -> str:
    """A number with the language's separators and at most `digits` decimals."""
    if value is None:
        return NOTHING
    return _number(round(Decimal(str(value)), digits), language())


def percent(share: Number | None, digits: int = 0) -> str:
    """A share (0.25) as per cent (25%)."""
    if share is None:
        return NOTHING
    return _percent(round(Decimal(str(share)), digits + 2), language())


def day(value: date | datetime | None) -> str:
    """A date as people write it: 23 Nov 2026."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return _day(value, language())


def short_day(value: date | datetime | None, today: date) -> str:
    """A date in a list: 23 Nov; with its year when it is not this one."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return _day_of_year(value, language()) if value.year == today.year else _day(value, language())


def moment(value: datetime | None) -> str:
    """A date with its time, in the time zone of the installation."""
    if value is None:
        return NOTHING
    return format_datetime(value.astimezone(zone()), "d MMM y, HH:mm", locale=_locale(language()))


def clock_time(value: datetime | None) -> str:
    """The time of day: 14:05."""
    return NOTHING if value is None else format_time(value.astimezone(zone()), "HH:mm", locale=_locale(language()))


def relative_day(value: date | datetime | None, today: date) -> str:
    """A day seen from today: today, tomorrow, in 2 days, 3 days ago; beyond two weeks the date itself."""
    if value is None:
        return NOTHING
    return _relative(_days_between(value, today), language()) or day(value)


def due(value: date | datetime | None, today: date) -> str:
    """A deadline seen from today: as `relative_day`, but the past is overdue, and today has its hour."""
    if value is None:
        return _("no deadline")
    distance = _days_between(value, today)
    if distance < 0:
        return _overdue(-distance, language())
    if distance == 0 and isinstance(value, datetime):
        text = _("overdue since %(time)s") if _has_passed(value) else _("today by %(time)s")
        return text % {"time": clock_time(value)}
    return _relative(distance, language()) or day(value)


def short_due(value: date | datetime | None, today: date) -> str:
    """A deadline in a narrow column: 3 d late, by 14:05, tomorrow, 27 Nov; what `due` says stands in its title."""
    if value is None:
        return NOTHING
    distance = _days_between(value, today)
    if distance < 0:
        return _("%(n)d d late") % {"n": -distance}
    if distance == 0 and isinstance(value, datetime):
        text = _("since %(time)s") if _has_passed(value) else _("by %(time)s")
        return text % {"time": clock_time(value)}
    return _relative(distance, language()) if distance < 2 else short_day(value, today)


def due_state(value: date | datetime | None, today: date) -> str:
    """How a deadline is coloured: overdue, today, soon (within two days), later, none."""
    if value is None:
        return "none"
    distance = _days_between(value, today)
    if distance < 0 or (distance == 0 and _has_passed(value)):
        return "overdue"
    if distance == 0:
        return "today"
    return "soon" if distance <= 2 else "later"


def _has_passed(value: date | datetime) -> bool:
    return isinstance(value, datetime) and value < clock.now()


def age(value: timedelta) -> str:
    """A span told by its largest unit, as one says how long something stands: 2 years, 17 d, 5 h, just now."""
    if value < timedelta(minutes=1):
        return _("just now")
    years = value.days // 365
    if years:
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    if value.days:
        return duration(timedelta(days=value.days))
    hours = value.seconds // 3600
    return duration(timedelta(hours=hours) if hours else timedelta(minutes=value.seconds // 60))


def duration(value: timedelta | Number | None) -> str:
    """A span: 3 d 4 h, 15 min, 20 s. A bare number counts seconds."""
    if value is None:
        return NOTHING
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    days, rest = divmod(abs(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [
        _("%(n)s d") % {"n": number(days)} if days else "",
        _("%(n)d h") % {"n": hours} if hours else "",
        _("%(n)d min") % {"n": minutes} if minutes and not days else "",
        _("%(n)d s") % {"n": left} if not (days or hours or minutes) else "",
    ]
    return " ".join(part for part in parts if part)


def file_size(size: int | None) -> str:
    """A size in bytes for people: 12 KB, 3.4 MB."""
    if size is None:
        return NOTHING
    if size < 1024:
        return _("%(n)s B") % {"n": size}
    if size < 1024**2:
        return _("%(n)s KB") % {"n": number(size / 1024, 0)}
    return _("%(n)s MB") % {"n": number(size / 1024**2, 1)}


def initials(name: str) -> str:
    """The letters on an avatar: the first of the first two words, legal forms and quotes left out."""
    words = re.findall(r"[^\W\d_]\w*", name)
    telling = [word for word in words if word.casefold() not in _LEGAL_FORMS] or words
    return "".join(word[0] for word in telling[:2]).upper() or "?"


def beside(name: str, client: str) -> str:
    """The name of a deal next to its client's: without the client's at its beginning; "" where that is all."""
    rest = name.removeprefix(client) if client else name
    return rest.lstrip(" —–-·:,") if rest != name and not rest[:1].isalnum() else name


def tint(text: str) -> int:
    """A stable colour number 0–7 for a name."""
    return sum(text.encode()) % 8


def _days_between(value: date | datetime, today: date) -> int:
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return (value - today).days


# The language is part of these keys only: Django speaks the present one, which is this one.
@lru_cache(maxsize=256)
def _relative(distance: int, language: str) -> str:
    """A day so many days from today, in words; "" beyond two weeks."""
    if distance in (0, 1, -1):
        return {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}[distance]
    if distance > 14 or distance < -14:
        return ""
    if distance > 0:
        return ngettext("in %(n)d day", "in %(n)d days", distance) % {"n": distance}
    return ngettext("%(n)d day ago", "%(n)d days ago", -distance) % {"n": -distance}


@lru_cache(maxsize=1024)
def _overdue(days: int, language: str) -> str:
    return ngettext("%(n)d day overdue", "%(n)d days overdue", days) % {"n": days}


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


@lru_cache(maxsize=10_000)
def _number(value: Decimal, language: str) -> str:
    return format_decimal(value, locale=_locale(language))


@lru_cache(maxsize=2_000)
def _percent(share: Decimal, language: str) -> str:
    return format_percent(share, locale=_locale(language), decimal_quantization=False)


@lru_cache(maxsize=20_000)
def _money(amount: Decimal, currency: str, language: str) -> str:
    return shown_money(amount, currency, language)


@lru_cache(maxsize=20_000)
def _money_short(amount: Decimal, currency: str, language: str) -> str:
    locale = _locale(language)
    compact = format_compact_decimal(Decimal(f"{amount:.2e}"), locale=locale, fraction_digits=2)
    sign = SIGNS.get(currency) or locale.currency_symbols.get(currency, currency)
    return f"{sign}{compact}" if locale.language == "en" else f"{compact}\xa0{sign}"


@lru_cache(maxsize=20_000)
def _day(value: date, language: str) -> str:
    return format_date(value, "d MMM y", locale=_locale(language))


@lru_cache(maxsize=2_000)
def _day_of_year(value: date, language: str) -> str:
    return format_date(value, "d MMM", locale=_locale(language))
