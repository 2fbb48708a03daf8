"""What a field is compared with when it is not a plain value: another field, a moment or a period that
moves with the clock."""

from dataclasses import dataclass
from typing import Literal, TypeGuard

from kniga.rules.fields import BadValue

Unit = Literal["hour", "day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("hour", "day", "week", "month", "quarter", "year")
Which = Literal["this", "previous", "next", "last", "coming"]
WHICH: tuple[Which, ...] = ("this", "previous", "next", "last", "coming")

_LONGEST = {"hour": 87_600, "day": 36_500, "week": 5_200, "month": 1_200, "quarter": 400, "year": 100}


@dataclass(frozen=True, slots=True)
class OtherField:
    """The value of another field of the same record and type."""

    key: str

    def __post_init__(self) -> None:
        _checked_key(self.key)


@dataclass(frozen=True, slots=True)
class FromNow:
    """``amount`` units after now, before it if negative. For a date now is today. Days and longer keep the
    wall clock of the zone, months the day of the month as far as the month has it; hours are hours."""

    amount: int
    unit: Unit = "day"

    def __post_init__(self) -> None:
        _checked(self.amount, self.unit, -_longest(self.unit))


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time. ``this``, ``previous`` and ``next``: the calendar's day, week (from Monday), month,
    quarter or year. ``last``: the ``count`` units up to now, now included and the beginning not; ``coming``:
    the ``count`` units from now, now included and the end not. For a date now is today."""

    which: Which
    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        if self.which not in WHICH:
            raise BadValue(f"a period is one of {', '.join(WHICH)}")
        _checked(self.count, self.unit, 1)
        if self.is_calendar and (self.unit == "hour" or self.count != 1):
            raise BadValue(f"{self.which} goes with one day, week, month, quarter or year")

    @property
    def is_calendar(self) -> bool:
        """Whether the period begins and ends with the calendar, not with now."""
        return self.which in ("this", "previous", "next")


Operand = OtherField | FromNow | Period


def is_unit(name: object) -> TypeGuard[Unit]:
    """Whether ``name`` names a unit of time."""
    return name in UNITS


def _checked_key(key: object) -> None:
    if not isinstance(key, str) or not key:
        raise BadValue("the key of a field is expected")


def _longest(unit: object) -> int:
    if not is_unit(unit):
        raise BadValue(f"a unit is one of {', '.join(UNITS)}")
    return _LONGEST[unit]


def _checked(amount: object, unit: object, least: int) -> None:
    most = _longest(unit)
    if not isinstance(amount, int) or isinstance(amount, bool) or not least <= amount <= most:
        raise BadValue(f"a whole number of {unit}s from {least} to {most} is expected")
