"""Values, moving dates and periods as words, in Russian and English."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from kniga.rules.ast import Single
from kniga.rules.fields import FieldSpec, FieldType
from kniga.rules.operands import FromNow, Period, Unit, Which

Language = Literal["en", "ru"]

_YES: Mapping[Language, tuple[str, str]] = {"en": ("yes", "no"), "ru": ("да", "нет")}

# One, two to four, five and more; all after «через» or before «назад», in the accusative.
_UNITS_RU: Mapping[Unit, tuple[str, str, str]] = {
    "hour": ("час", "часа", "часов"),
    "day": ("день", "дня", "дней"),
    "week": ("неделю", "недели", "недель"),
    "month": ("месяц", "месяца", "месяцев"),
    "quarter": ("квартал", "квартала", "кварталов"),
    "year": ("год", "года", "лет"),
}
_CALENDAR_RU: Mapping[Unit, Mapping[str, str]] = {
    "day": {"this": "сегодня", "previous": "вчера", "next": "завтра"},
    "week": {"this": "на этой неделе", "previous": "на прошлой неделе", "next": "на следующей неделе"},
    "month": {"this": "в этом месяце", "previous": "в прошлом месяце", "next": "в следующем месяце"},
    "quarter": {"this": "в этом квартале", "previous": "в прошлом квартале", "next": "в следующем квартале"},
    "year": {"this": "в этом году", "previous": "в прошлом году", "next": "в следующем году"},
}
_ROLLING_RU: Mapping[Which, tuple[str, str, str, str]] = {
    "last": ("за", "последний", "последнюю", "последние"),
    "coming": ("в", "ближайший", "ближайшую", "ближайшие"),
}
_CALENDAR_EN: Mapping[str, str] = {"this": "this", "previous": "last", "next": "next"}
_DAYS_EN: Mapping[str, str] = {"this": "today", "previous": "yesterday", "next": "tomorrow"}


def show_value(
    value: object, type: FieldType, spec: FieldSpec | None, language: Language, zone: tzinfo | None = None
) -> str:
    """One value as people of the language write it; a moment in ``zone``, or with its own offset without one."""
    if isinstance(value, bool):
        return _YES[language][not value]
    if isinstance(value, datetime):
        return _moment(value, language, zone)
    if isinstance(value, date):
        return f"{value.day:02}.{value.month:02}.{value.year:04}" if language == "ru" else value.isoformat()
    for choice in spec.choices if spec is not None else ():
        if choice.key == str(value):
            return choice.label_ru if language == "ru" else choice.label_en
    if isinstance(value, int) and type in ("reference", "multi_reference"):
        return f"№ {value}" if language == "ru" else f"#{value}"
    if isinstance(value, (int, Decimal)):
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        text = text if value else text.removeprefix("-")
        return text.replace(",", "\u00a0").replace(".", ",") if language == "ru" else text
    return f"«{value}»" if language == "ru" else f"“{value}”"


def show_operand(
    value: Single, type: FieldType, spec: FieldSpec | None, language: Language, zone: tzinfo | None = None
) -> str:
    """A value a field is compared with, which may move with the clock."""
    if not isinstance(value, FromNow):
        return show_value(value, type, spec, language, zone)
    amount, count = value.amount, abs(value.amount)
    if language == "ru":
        if not amount:
            return "сейчас" if type == "datetime" else "сегодня"
        units = f"{count} {_plural(count, _UNITS_RU[value.unit])}"
        return f"через {units}" if amount > 0 else f"{units} назад"
    if not amount:
        return "now" if type == "datetime" else "today"
    units = f"{count} {value.unit if count == 1 else value.unit + 's'}"
    return f"{units} from now" if amount > 0 else f"{units} ago"


def show_period(period: Period, language: Language) -> str:
    """A period as it stands behind "is" or «:»."""
    which, unit, count = period.which, period.unit, period.count
    if period.is_calendar:
        if language == "ru":
            return _CALENDAR_RU[unit][which]
        return _DAYS_EN[which] if unit == "day" else f"{_CALENDAR_EN[which]} {unit}"
    if language == "en":
        rolling = "last" if which == "last" else "next"
        return f"in the {rolling} {unit}" if count == 1 else f"in the {rolling} {count} {unit}s"
    before, masculine, feminine, plural = _ROLLING_RU[which]
    units = _plural(count, _UNITS_RU[unit])
    adjective = plural if units != _UNITS_RU[unit][0] else feminine if unit == "week" else masculine
    return f"{before} {adjective} {units}" if count == 1 else f"{before} {adjective} {count} {units}"


def _plural(count: int, forms: tuple[str, str, str]) -> str:
    if count % 10 == 1 and count % 100 != 11:
        return forms[0]
    return forms[1] if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else forms[2]


def _moment(value: datetime, language: Language, zone: tzinfo | None) -> str:
    shown = value if zone is None else _in_zone(value, zone)
    day = show_value(shown.date(), "date", None, language)
    offset = "" if zone is not None else f" {shown:%z}"
    seconds = f":{shown.second:02}" if shown.second or shown.microsecond else ""
    return f"{day} {shown.hour:02}:{shown.minute:02}{seconds}{offset}"


def _in_zone(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        return value.astimezone(UTC) if value.utcoffset() else value
