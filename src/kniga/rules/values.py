"""Values in and out: from JSON, forms and files to typed values, and back to JSON."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from kniga.rules.fields import BadValue, FieldType, Value, is_blank

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


def read_value(type: FieldType, raw: object) -> Value:
    """Turn what came from JSON, a form or a file into the typed value of a field.

    Numbers and money become ``Decimal`` (never float), dates are read as ISO 8601, a datetime must
    carry its offset, multiple choices become a tuple of keys without repeats, blank becomes None.
    Raises BadValue, its message saying what is expected.
    """
    if is_blank(raw):
        return None
    return _READERS[type](raw)


def write_value(value: Value) -> str | int | bool | list[str] | None:
    """Turn a typed value into JSON: decimals, dates and datetimes as text, tuples as lists."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # a datetime is a date as well
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def _read_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise BadValue("a text is expected")
    if "\x00" in raw:
        raise BadValue("a text must not contain the NUL character")
    return raw


def _read_number(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Decimal)):
        raise BadValue("a number is expected")
    text = raw.strip().replace("\u00a0", "").replace(" ", "") if isinstance(raw, str) else repr(raw)
    try:
        number = raw if isinstance(raw, Decimal) else Decimal(text)
    except InvalidOperation:
        raise BadValue("a number such as 1200.50 is expected") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise BadValue("a number of at most 30 digits is expected")
    return number


def _read_date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    try:
        return date.fromisoformat(_read_text(raw))
    except ValueError:
        raise BadValue("a date such as 2026-03-31 is expected") from None


def _read_datetime(raw: object) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(_read_text(raw))
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise BadValue("a moment with its offset, such as 2026-03-31T10:00:00+03:00, is expected")
    return moment


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
    "money": _read_number,
    "date": _read_date,
    "datetime": _read_datetime,
    "choice": _read_text,
    "multi_choice": _read_choices,
    "boolean": _read_boolean,
}
