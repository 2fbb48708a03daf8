"""At which moments conditions with relative dates must be looked at.

Where all dates of a field move alike (only days from now, only calendar months ...), they stand to each other
in the same way at every moment, so one moment tells all. Where they do not, a witness is looked for at some moments;
that none is found there proves nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from kniga.rules.ast import Comparison, Rule, comparisons, items_of
from kniga.rules.decide.space import Given
from kniga.rules.fields import Value
from kniga.rules.operands import FromNow, OtherField, Period
from kniga.rules.relative import needs_now

_BASIS = datetime(2026, 1, 14, 9, tzinfo=UTC)
_TRIED = (
    _BASIS,
    datetime(2024, 2, 29, 0, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 10, 4, 6, tzinfo=UTC),
)
_AROUND = (-400, -100, -32, -8, -1, 0, 1, 8, 32, 100, 400)
_MOST = 200


def moments(rules: Sequence[Rule], given: Given) -> tuple[tuple[datetime | None, ...], bool]:
    """The moments to look at, and whether they tell for all moments that are possible."""
    relative = [comparison for rule in rules for comparison in comparisons(rule) if needs_now(comparison)]
    if given.now is not None or not relative:
        return (given.now,), True
    if _all_alike(rules, relative, given):
        return (_BASIS,), True
    fixed = [value for key, value in given.values.items() if isinstance(value, date)]
    found = [*_dates(rules), *fixed]
    around = [moment for value in found for days in _AROUND for moment in _near(value, days)]
    return tuple(dict.fromkeys((*_TRIED, *around)))[:_MOST], False


def _near(value: date, days: int) -> Iterator[datetime]:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, 12, tzinfo=UTC)
    if 1000 < moment.year < 9000:
        yield moment.astimezone(UTC) + timedelta(days=days)


def _dates(rules: Sequence[Rule]) -> Iterator[date]:
    for rule in rules:
        for comparison in comparisons(rule):
            yield from (item for item in items_of(comparison) if isinstance(item, date))


def _all_alike(rules: Sequence[Rule], relative: Sequence[Comparison], given: Given) -> bool:
    kinds: dict[str, set[str]] = {}
    for comparison in relative:
        kinds.setdefault(comparison.field, set()).update(_kinds(comparison))
    for rule in rules:
        for comparison in comparisons(rule):
            other = comparison.value
            tied = {comparison.field, other.key} if isinstance(other, OtherField) else set()
            if tied & kinds.keys() or (comparison.field in kinds and any(map(_is_fixed, items_of(comparison)))):
                return False
    return not kinds.keys() & given.values.keys() and all(map(_in_step, kinds.values()))


def _in_step(kinds: set[str]) -> bool:
    """Whether dates of these kinds always stand to each other in the same way. Now itself is in step with what is
    counted from it, but not with the calendar."""
    counted = kinds <= {"now", "hours", "days", "months"}
    return len(kinds - {"now"} if counted else kinds) < 2


def _is_fixed(item: Value | FromNow) -> bool:
    return not isinstance(item, FromNow)


def _kinds(comparison: Comparison) -> Iterator[str]:
    """How the dates of a comparison move."""
    value = comparison.value
    if isinstance(value, Period):
        if value.is_calendar:
            whole = comparison.type == "date" and value.unit == "day"
            yield "days" if whole else f"calendar {value.unit}"
        else:
            yield _MOVING[value.unit]
        return
    for item in items_of(comparison):
        if isinstance(item, FromNow):
            yield _MOVING[item.unit] if item.amount else "now"


_MOVING = {
    "hour": "hours", "day": "days", "week": "days", "month": "months", "quarter": "months", "year": "months",
}  # fmt: skip
