"""Values in and out: from JSON, forms and files to typed values, and back to JSON."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timezone
from decimal import Decimal, InvalidOperation

from kniga.rules.fields import LARGEST_ID, BadValue, FieldType, Value, is_blank

LEAST_EXPONENT, GREATEST_EXPONENT = -30, 30

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_DAY_LIKE = re.compile(r"(?P<day>\d\d?)([./-]?)(?P<month>\d\d?)\2(?P<year>\d{4})|(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def read_value(type: FieldType, raw: object) -> Value:
    """Turn what came from JSON, a form or a file into the typed value of a field.

    Numbers and money become ``Decimal`` (never float; money in whole hundredths), dates are read as ISO 8601, a
    datetime must carry its offset, references become ids, multiple choices and references a tuple without repeats,
    blank becomes None.
    Raises BadValue, its message saying what is expected.
    """
    if is_blank(raw):
        return None
    return _READERS[type](raw)


def write_value(value: Value) -> str | int | bool | list[str] | list[int] | None:
    """Turn a typed value into JSON: decimals, dates and datetimes as text, tuples as lists."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # a datetime is a date as well
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)  # type: ignore[return-value]  # all texts or all ids
    return value


def _read_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise BadValue("a text is expected")
    if "\x00" in raw:
        raise BadValue("a text must not contain the NUL character")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise BadValue("a text of whole characters is expected") from None
    return raw


def _read_number(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Decimal)):
        raise BadValue("a number is expected")
    try:
        text = raw.strip().replace("\u00a0", "").replace(" ", "") if isinstance(raw, str) else repr(raw)
        number = raw if isinstance(raw, Decimal) else Decimal(text)
    except (InvalidOperation, ValueError):  # an int of thousands of digits has no repr
        raise BadValue("a number such as 1200.50 is expected") from None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, str) or exponent < LEAST_EXPONENT or number.adjusted() > GREATEST_EXPONENT:
        raise BadValue("a number of at most 30 digits before and after the point is expected")
    return number


def _read_money(raw: object) -> Decimal:
    amount = _read_number(raw)
    if 100 % amount.as_integer_ratio()[1]:
        raise BadValue("an amount with at most two decimal places is expected, thousands without a comma or point")
    return amount


def _read_date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    try:
        return date.fromisoformat(_read_text(raw))
    except ValueError:
        if isinstance(raw, str) and _is_no_day(raw):
            raise BadValue("there is no such day in the calendar") from None
        raise BadValue("a date such as 2026-03-31 is expected") from None


def _is_no_day(text: str) -> bool:
    """Whether this is written like a day, in whatever order, which no calendar has: 31.02.2027."""
    found = _DAY_LIKE.fullmatch(text)
    if found is None:
        return False
    if found["year"] is None:
        return True  # written as ISO 8601 has it, and yet refused
    try:
        date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return True
    return False


def _read_datetime(raw: object) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(_read_text(raw))
    except ValueError:
        moment = None
    offset = moment.utcoffset() if moment is not None else None
    if moment is None or offset is None:
        raise BadValue("a moment with its offset, such as 2026-03-31T10:00:00+03:00, is expected")
    utc_of(moment)
    # With the offset it has, not with the zone it had: so it is written and read back equal.
    return moment if isinstance(moment.tzinfo, timezone) else moment.replace(tzinfo=timezone(offset), fold=0)


def utc_of(moment: datetime) -> datetime:
    """The same moment in UTC: the only form in which two moments compare truly, since two of one zone
    compare by the wall clock, even where it is set back. Raises BadValue outside the years 1 to 9999."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue("a moment in the years 1 to 9999 is expected") from None


def _read_reference(raw: object) -> int:
    number = int(raw) if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 20 else raw
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= LARGEST_ID:
        raise BadValue("the id of a record is expected, a whole number from 1")
    return number


def _read_references(raw: object) -> tuple[int, ...]:
    items = raw if isinstance(raw, (list, tuple)) else [raw]
    return tuple(dict.fromkeys(_read_reference(item) for item in items))


def _read_choices(raw: object) -> tuple[str, ...]:
    items = [raw] if isinstance(raw, str) else raw
    if not isinstance(items, (list, tuple)):
        raise BadValue("a list of choices is expected")
    return tuple(dict.fromkeys(_read_text(item) for item in items))


def _read_boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in _YES or word in _NO:
        return word in _YES
    raise BadValue("yes or no (true or false) is expected")


_READERS: dict[FieldType, Callable[[object], Value]] = {
    "text": _read_text,
    "number": _read_number,
    "money": _read_money,
    "date": _read_date,
    "datetime": _read_datetime,
    "choice": _read_text,
    "multi_choice": _read_choices,
    "boolean": _read_boolean,
    "reference": _read_reference,
    "multi_reference": _read_references,
}
