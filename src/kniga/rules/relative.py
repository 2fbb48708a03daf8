"""Conditions that move with the clock, turned into conditions that stand still.

Python and SQL both work on what ``resolve`` returns, so what "in the last 7 days" means is said once.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from kniga.rules.ast import And, Comparison, Not, Or, Rule, Single, comparisons, items_of
from kniga.rules.fields import BadValue, FieldType, Operator
from kniga.rules.operands import FromNow, Period, Unit

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


def is_relative(rule: Rule) -> bool:
    """Whether a condition needs to be told the present moment."""
    return any(needs_now(comparison) for comparison in comparisons(rule))


def needs_now(comparison: Comparison) -> bool:
    """Whether this comparison needs to be told the present moment."""
    return isinstance(comparison.value, Period) or any(isinstance(item, FromNow) for item in items_of(comparison))


def resolve(rule: Rule, now: datetime | None, zone: tzinfo | None = None) -> Rule:
    """The same condition with every relative value replaced by the absolute one at ``now``; a condition
    without relative values is returned as it is.

    ``now`` is aware; ``zone`` says where days begin and is that of ``now`` if not given. Raises BadValue when
    ``now`` is needed and not given or naive, or a value falls outside the years 1 to 9999.
    """
    if not is_relative(rule):
        return rule
    if now is None or now.utcoffset() is None:
        raise BadValue("this condition moves with the clock: the present moment with its offset is needed")
    try:
        return _resolved(rule, now.astimezone(zone or now.tzinfo))
    except (OverflowError, ValueError):
        raise BadValue("a relative date falls outside the years 1 to 9999") from None


def _resolved(rule: Rule, now: datetime) -> Rule:
    if isinstance(rule, Not):
        return Not(_resolved(rule.term, now))
    if isinstance(rule, And):
        return And(tuple(_resolved(term, now) for term in rule.terms))
    if isinstance(rule, Or):
        return Or(tuple(_resolved(term, now) for term in rule.terms))
    if not needs_now(rule):
        return rule
    value = rule.value
    if isinstance(value, Period):
        inside = _within(rule, value, now)
        return inside if rule.op == "within" else Not(inside)
    items = tuple(_absolute(rule.type, item, now) for item in items_of(rule))
    if not isinstance(value, tuple):
        return Comparison(rule.field, rule.type, rule.op, items[0])
    if rule.op == "between":  # ends that have passed each other leave nothing between them
        return _range(rule, "ge", items[0], "le", items[1])
    return Comparison(rule.field, rule.type, rule.op, items)


def _range(rule: Comparison, above: Operator, low: Single, below: Operator, high: Single) -> Rule:
    return And((Comparison(rule.field, rule.type, above, low), Comparison(rule.field, rule.type, below, high)))


def _within(rule: Comparison, period: Period, now: datetime) -> Rule:
    base: date = now if rule.type == "datetime" else now.date()
    if period.is_calendar:
        steps = {"this": 0, "previous": -1, "next": 1}[period.which]
        first = _start_of(period.unit, now.date())
        low, high = (_moved(first, step, period.unit) for step in (steps, steps + 1))
        return _range(rule, "ge", _day(rule.type, low, now), "lt", _day(rule.type, high, now))
    if period.which == "last":
        return _range(rule, "gt", _point(_moved(base, -period.count, period.unit)), "le", _point(base))
    return _range(rule, "ge", _point(base), "lt", _point(_moved(base, period.count, period.unit)))


def _absolute(type: FieldType, value: Single, now: datetime) -> Single:
    if not isinstance(value, FromNow):
        return value
    return _point(_moved(now if type == "datetime" else now.date(), value.amount, value.unit))


def _point(value: date) -> date:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _day(type: FieldType, day: date, now: datetime) -> date:
    """A day, or the moment at which it begins in the zone of ``now``."""
    return day if type == "date" else datetime.combine(day, time.min, now.tzinfo).astimezone(UTC)


def _moved(base: date, amount: int, unit: Unit) -> date:
    """``base`` moved by so many units; a moment keeps its zone, and its wall clock for units of a day or more."""
    if unit == "hour":
        assert isinstance(base, datetime)
        return (base.astimezone(UTC) + timedelta(hours=amount)).astimezone(base.tzinfo)
    if unit in _DAYS:
        return base + timedelta(days=amount * _DAYS[unit])
    if not amount:
        return base
    months = base.year * 12 + base.month - 1 + amount * _MONTHS[unit]
    year, month = divmod(months, 12)
    return base.replace(year=year, month=month + 1, day=min(base.day, monthrange(year, month + 1)[1]))


def _start_of(unit: Unit, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day
