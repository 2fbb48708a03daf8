"""Reads numbers and dates as people write them, in the style found for their whole column."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

NumberStyle = Literal["point", "comma"]
DateOrder = Literal["iso", "dmy", "mdy"]

_CURRENCY: Final = re.compile(r"(руб(лей|ля|ль)?\.?|р\.|rub|usd|eur|[₽$€£%])", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f\u2009'’_]")
_NUMBER: Final = re.compile(r"[-+−(]?\d[\d.,]*\)?$|[-+−(]?[.,]\d+\)?$")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?$")
_PARTS: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:(?:,? +|T)(.+))?$")
_WORDS: Final = re.compile(r"(\d{1,2})[ -]([A-Za-zА-Яа-я]{3,9})\.?,?[ -](\d{4})(?: ?(?:г\.?|года))?$")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?$")
_MONTHS: Final = {
    name: index
    for names in (
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),
    )
    for index, name in enumerate(names, 1)
}


def looks_like_number(text: str) -> bool:
    """Whether `text` is a number with any usual grouping, decimal mark or currency."""
    return _NUMBER.match(_plain(text)) is not None


def number_style_of(text: str) -> NumberStyle | Literal["either", "none"]:
    """Which style this one number proves: `either` when `1,234` may be both, `none` without any mark."""
    plain = _plain(text).strip("()-+−")
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma < 0 and point < 0:
        return "none"
    if comma >= 0 and point >= 0:
        return "comma" if comma > point else "point"
    mark = "," if comma >= 0 else "."
    decimal: NumberStyle = "comma" if mark == "," else "point"
    grouped: NumberStyle = "point" if mark == "," else "comma"
    if plain.count(mark) > 1:
        return grouped
    before, _mark, after = plain.partition(mark)
    if len(after) == 3 and 1 <= len(before) <= 3 and before != "0":
        return "either"
    return decimal


def parse_number(text: str, style: NumberStyle) -> Decimal | None:
    """The number, or None if `text` is none. What is beyond doubt is read rightly whatever the style."""
    plain = _plain(text)
    if not _NUMBER.match(plain):
        return None
    negative = plain[0] in "-−("
    plain = plain.strip("()-+−")
    proven = number_style_of(plain)
    if proven == "comma" or (proven == "either" and style == "comma"):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return -value if negative else value


def date_order_of(text: str) -> DateOrder | Literal["either", "none"]:
    """Which order of day and month this one date proves; `none` if it is no date."""
    if _ISO.match(text) or _WORDS.match(text):
        return "iso" if parse_date(text, "iso") else "none"
    found = _PARTS.match(text)
    if found is None or (found[5] and _TIME.match(found[5]) is None):
        return "none"
    first, second = int(found[1]), int(found[3])
    if not (1 <= first <= 31 and 1 <= second <= 31) or (first > 12 and second > 12):
        return "none"
    if first > 12:
        return "dmy"
    if second > 12:
        return "mdy"
    # Days written with points come first wherever people write dates with points.
    return "dmy" if found[2] == "." else "either"


def parse_date(text: str, order: DateOrder) -> date | None:
    """The day of `text`, or None if it is no date in this order."""
    moment = parse_moment(text, order)
    return None if moment is None else moment[0]


def parse_moment(text: str, order: DateOrder) -> tuple[date, time | None] | None:
    """The day and, if written, the time of day; None if `text` is no date in this order."""
    try:
        if found := _ISO.match(text):
            return date(int(found[1]), int(found[2]), int(found[3])), _time(found[4])
        if found := _WORDS.match(text):
            return date(int(found[3]), _month(found[2]), int(found[1])), None
        if found := _PARTS.match(text):
            first, second = int(found[1]), int(found[3])
            day, month = (second, first) if order == "mdy" else (first, second)
            return date(_year(found[4]), month, day), _time(found[5])
    except ValueError:
        return None
    return None


def at(day: date, moment: time | None) -> datetime | date:
    """A date stays a date; with a time it becomes a naive datetime."""
    return day if moment is None else datetime.combine(day, moment)


def _plain(text: str) -> str:
    return _BLANKS.sub("", _CURRENCY.sub("", text))


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if year < 69 else 1900 + year


def _month(word: str) -> int:
    folded = word.lower()
    for length in (3, 2):
        if folded[:length] in _MONTHS and (length == 3 or folded in {"май", "мая"}):
            return _MONTHS[folded[:length]]
    raise ValueError(word)


def _time(text: str | None) -> time | None:
    if not text:
        return None
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError(text)
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "pm" else 0)
    return time(hour, int(found[2]), int(found[3] or 0))
