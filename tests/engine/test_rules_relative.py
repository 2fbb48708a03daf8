"""Dates that move with the clock: what they are at a moment, in a zone."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kniga.rules import (
    And,
    BadValue,
    Comparison,
    FromNow,
    Not,
    Or,
    Period,
    compile_rule,
    evaluate,
    holds,
    is_relative,
    resolve,
    rule_to_sql,
)
from kniga.rules.operands import UNITS
from tests.engine.random_rules import BERLIN, NOW, ZONES, draw_record, draw_rule

WEDNESDAY = datetime(2026, 3, 11, 10, 30, tzinfo=UTC)


def due(op: Any, value: Any) -> Comparison:
    return Comparison("due", "date", op, value)


def at(op: Any, value: Any) -> Comparison:
    return Comparison("at", "datetime", op, value)


def days_within(period: Period, now: datetime = WEDNESDAY) -> list[date]:
    """The days around now that lie within a period."""
    days = [date(2024, 12, 1) + timedelta(days=number) for number in range(1_000)]
    return [day for day in days if holds(due("within", period), {"due": day}, now=now)]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period("this", "day"), (2026, 3, 11), (2026, 3, 11)),
        (Period("previous", "day"), (2026, 3, 10), (2026, 3, 10)),
        (Period("next", "day"), (2026, 3, 12), (2026, 3, 12)),
        (Period("this", "week"), (2026, 3, 9), (2026, 3, 15)),
        (Period("previous", "week"), (2026, 3, 2), (2026, 3, 8)),
        (Period("next", "week"), (2026, 3, 16), (2026, 3, 22)),
        (Period("this", "month"), (2026, 3, 1), (2026, 3, 31)),
        (Period("previous", "month"), (2026, 2, 1), (2026, 2, 28)),
        (Period("next", "quarter"), (2026, 4, 1), (2026, 6, 30)),
        (Period("this", "quarter"), (2026, 1, 1), (2026, 3, 31)),
        (Period("previous", "quarter"), (2025, 10, 1), (2025, 12, 31)),
        (Period("this", "year"), (2026, 1, 1), (2026, 12, 31)),
        (Period("previous", "year"), (2025, 1, 1), (2025, 12, 31)),
        (Period("last", "day", 7), (2026, 3, 5), (2026, 3, 11)),
        (Period("coming", "day", 3), (2026, 3, 11), (2026, 3, 13)),
        (Period("last", "week", 2), (2026, 2, 26), (2026, 3, 11)),
        (Period("coming", "month", 1), (2026, 3, 11), (2026, 4, 10)),
        (Period("last", "year"), (2025, 3, 12), (2026, 3, 11)),
    ],
)
def test_a_period_has_these_days(period: Period, first: tuple[int, ...], last: tuple[int, ...]) -> None:
    days = days_within(period)
    assert (days[0], days[-1]) == (date(*first), date(*last))
    assert len(days) == (days[-1] - days[0]).days + 1


@pytest.mark.parametrize(
    ("amount", "unit", "today", "day"),
    [
        (0, "day", (2026, 3, 31), (2026, 3, 31)),
        (3, "day", (2026, 3, 31), (2026, 4, 3)),
        (-2, "week", (2026, 3, 31), (2026, 3, 17)),
        (-1, "month", (2026, 3, 31), (2026, 2, 28)),
        (1, "month", (2028, 1, 31), (2028, 2, 29)),
        (-1, "quarter", (2026, 3, 31), (2025, 12, 31)),
        (-1, "year", (2028, 2, 29), (2027, 2, 28)),
        (0, "year", (2028, 2, 29), (2028, 2, 29)),
    ],
)
def test_so_many_units_from_today_are_this_day(
    amount: int, unit: Any, today: tuple[int, ...], day: tuple[int, ...]
) -> None:
    now = datetime(*today, 12, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert resolve(due("eq", FromNow(amount, unit)), now) == due("eq", date(*day))


def test_a_day_begins_where_the_zone_says() -> None:
    late = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
    vladivostok = ZoneInfo("Asia/Vladivostok")
    assert resolve(due("eq", FromNow(0)), late) == due("eq", date(2026, 3, 10))
    assert resolve(due("eq", FromNow(0)), late, vladivostok) == due("eq", date(2026, 3, 11))
    assert resolve(due("eq", FromNow(0)), late.astimezone(vladivostok)) == due("eq", date(2026, 3, 11))
    today = at("within", Period("this", "day"))
    begins = datetime(2026, 3, 10, 14, tzinfo=UTC)
    for moment, verdict in (
        (begins, True),
        (begins - timedelta(microseconds=1), False),
        (begins + timedelta(1), False),
    ):
        assert evaluate(today, {"at": moment}, now=late, zone=vladivostok) is verdict


def test_days_keep_the_wall_clock_and_hours_do_not() -> None:
    noon = datetime(2026, 3, 28, 12, tzinfo=BERLIN)  # the clocks go forward this night
    assert resolve(at("lt", FromNow(1, "day")), noon) == at("lt", datetime(2026, 3, 29, 10, tzinfo=UTC))
    assert resolve(at("lt", FromNow(24, "hour")), noon) == at("lt", datetime(2026, 3, 29, 11, tzinfo=UTC))
    long_day = [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)]  # 25 hours
    today = resolve(at("within", Period("this", "day")), NOW)
    assert today == And((at("ge", long_day[0]), at("lt", long_day[1])))


def test_moments_of_one_zone_are_not_compared_by_the_wall_clock() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)  # an hour later
    assert evaluate(Comparison("at", "datetime", "lt", second), {"at": first}) is True
    assert evaluate(Comparison("at", "datetime", "eq", second), {"at": first}) is False
    assert evaluate(Comparison("at", "datetime", "in", (second,)), {"at": second.astimezone(UTC)}) is True


def test_relative_ends_that_pass_each_other_hold_nothing() -> None:
    between = due("between", (FromNow(1), FromNow(-1)))
    assert not any(holds(between, {"due": date(2026, 3, number)}, now=WEDNESDAY) for number in range(9, 14))
    inside = due("between", (FromNow(-1), date(2026, 3, 12)))
    verdicts = [evaluate(inside, {"due": date(2026, 3, number)}, now=WEDNESDAY) for number in range(9, 14)]
    assert verdicts == [False, True, True, True, False]
    listed = due("not_in", (FromNow(0), date(2026, 3, 12)))
    assert [evaluate(listed, {"due": date(2026, 3, number)}, now=WEDNESDAY) for number in (11, 12, 13)] == [
        False,
        False,
        True,
    ]


def test_what_is_unknown_stays_unknown() -> None:
    for op in ("within", "not_within"):
        assert evaluate(due(op, Period("last", "day", 7)), {}, now=WEDNESDAY) is None


def test_now_is_needed_only_where_dates_move() -> None:
    still, moving = due("lt", date(2026, 1, 1)), due("lt", FromNow(0))
    assert (is_relative(still), is_relative(Or((still, Not(moving))))) == (False, True)
    assert resolve(still, None) is still
    for now in (None, datetime(2026, 1, 1)):  # noqa: DTZ001
        for ask in (evaluate, holds):
            with pytest.raises(BadValue, match="present moment"):
                ask(moving, {}, now=now)
        with pytest.raises(BadValue, match="present moment"):
            rule_to_sql(moving, {"due": "d"}, now=now)
    assert rule_to_sql(moving, {"due": "d"}, now=WEDNESDAY).params == (date(2026, 3, 11),)


def test_a_condition_that_stands_still_is_compiled_once_and_one_that_moves_each_time() -> None:
    still, moving = due("lt", date(2026, 1, 1)), due("lt", FromNow(0))
    assert compile_rule(still) is compile_rule(still)
    first, second = (compile_rule(moving, now=WEDNESDAY + timedelta(days=days)) for days in (0, 1))
    assert first({"due": date(2026, 3, 11)}) is False
    assert second({"due": date(2026, 3, 11)}) is True


def test_a_date_beyond_the_calendar_is_refused() -> None:
    for value, now in (
        (FromNow(-100, "year"), datetime(50, 1, 1, tzinfo=UTC)),
        (FromNow(36_500, "day"), datetime(9950, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(BadValue, match="outside"):
            evaluate(due("lt", value), {}, now=now)


def test_random_conditions_mean_the_same_once_they_stand_still() -> None:
    random = Random(1)
    for _ in range(2_000):
        rule, record, zone = draw_rule(random), draw_record(random), random.choice(ZONES)
        still = resolve(rule, NOW, zone)
        assert not is_relative(still)
        assert evaluate(still, record) is evaluate(rule, record, now=NOW, zone=zone)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: FromNow(1, "fortnight"), "a unit is one of"),  # type: ignore[arg-type]
        (lambda: FromNow(True, "day"), "whole number"),
        (lambda: FromNow(1.5, "day"), "whole number"),  # type: ignore[arg-type]
        (lambda: FromNow(36_501, "day"), "from -36500 to 36500"),
        (lambda: Period("last", "day", 0), "from 1 to"),
        (lambda: Period("these", "day"), "one of this"),  # type: ignore[arg-type]
        (lambda: Period("this", "hour"), "goes with one"),
        (lambda: Period("this", "week", 2), "goes with one"),
        (lambda: due("within", Period("last", "hour", 2)), "no hours"),
        (lambda: due("lt", FromNow(1, "hour")), "no hours"),
        (lambda: due("within", date(2026, 1, 1)), "needs a period"),
        (lambda: due("eq", Period("this", "day")), "plain value"),
        (lambda: Comparison("n", "number", "lt", FromNow(1)), "plain value"),
        (lambda: due("between", (date(2026, 1, 2), date(2026, 1, 1))), "least value first"),
        (lambda: due("between", (FromNow(0),)), "two values"),
    ],
)
def test_a_moving_date_that_makes_no_sense_is_refused(make: Any, part: str) -> None:
    with pytest.raises(BadValue, match=part):
        make()


def test_every_unit_moves_a_moment() -> None:
    for unit in UNITS:
        later, earlier = (resolve(at("lt", FromNow(amount, unit)), WEDNESDAY) for amount in (1, -1))
        assert isinstance(later, Comparison) and isinstance(earlier, Comparison)
        assert earlier.value < WEDNESDAY < later.value  # type: ignore[operator]
