"""Working time: deadlines count only the hours in which the organisation works.

Public holidays and transferred working days come from the `holidays` package for the organisation's country;
`CalendarDay` rows override it day by day. Moments are aware datetimes, lengths are seconds.
"""

from __future__ import annotations

import time as monotonic
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kniga.platform.models import CalendarDay, Organisation

if TYPE_CHECKING:
    import holidays

_KEPT_SECONDS = 30.0
_ONE_DAY = timedelta(days=1)
_LONGEST = timedelta(days=3660)


@lru_cache(maxsize=16)
def _country(code: str) -> holidays.HolidayBase | None:
    # All countries of the world: loaded by the first process that counts a deadline.
    import holidays

    return holidays.country_holidays(code) if code in holidays.list_supported_countries() else None


@lru_cache(maxsize=4096)
def _works(code: str, day: date) -> bool:
    country = _country(code)
    return day.weekday() < 5 if country is None else bool(country.is_working_day(day))


@lru_cache(maxsize=4096)
def _hours(zone: ZoneInfo, starts: time, ends: time, day: date) -> tuple[datetime, datetime]:
    # Through UTC, so that a day on which the clocks change keeps its true length.
    return datetime.combine(day, starts, zone).astimezone(UTC), datetime.combine(day, ends, zone).astimezone(UTC)


@dataclass(frozen=True)
class WorkCalendar:
    """When the organisation works. `starts` and `ends` are local times of `zone`; `exceptions` win over the
    country's holidays and weekends. An unknown country has Saturdays and Sundays off."""

    zone: ZoneInfo
    starts: time
    ends: time
    country: str
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether people work on this day."""
        own = self.exceptions.get(day)
        if own is not None:
            return own
        return _works(self.country, day)

    def working_day_from(self, day: date) -> date:
        """The day itself if people work on it, else the next on which they do; a calendar without working days within
        ten years gives the day back."""
        ahead = (day + timedelta(days=number) for number in range(_LONGEST.days))
        return next((one for one in ahead if self.is_working(one)), day)

    def in_zone(self, zone: str) -> WorkCalendar:
        """The same calendar seen from another time zone (a branch's); an empty name changes nothing."""
        if not zone or zone == self.zone.key:
            return self
        return WorkCalendar(ZoneInfo(zone), self.starts, self.ends, self.country, self.exceptions)

    def add(self, moment: datetime, seconds: int) -> datetime:
        """The moment `seconds` of working time after `moment`, in UTC. Raises ValueError when a calendar without
        working days gives no answer within ten years."""
        moment = moment.astimezone(UTC)
        left = timedelta(seconds=seconds)
        day = moment.astimezone(self.zone).date()
        last = day + _LONGEST
        while day <= last:
            if self.is_working(day):
                begin, end = self._hours(day)
                start = max(begin, moment)
                if start < end:
                    if left <= end - start:
                        return start + left
                    left -= end - start
            day += _ONE_DAY
        raise ValueError("the calendar has no working day within ten years")

    def start_of(self, day: date) -> datetime:
        """When work starts on a day, in UTC (on a day off: when it would)."""
        return self._hours(day)[0]

    def end_of(self, day: date) -> datetime:
        """When work ends on a day, in UTC (on a day off: when it would)."""
        return self._hours(day)[1]

    def between(self, start: datetime, end: datetime) -> int:
        """The seconds of working time from `start` to `end` (0 if `end` is not later)."""
        total = timedelta(0)
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            if self.is_working(day):
                opens, closes = self._hours(day)
                total += max(min(closes, end) - max(opens, start), timedelta(0))
            day += _ONE_DAY
        return int(total.total_seconds())

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        return _hours(self.zone, self.starts, self.ends, day)


_kept: tuple[float, WorkCalendar] | None = None


def organisation_calendar() -> WorkCalendar:
    """The organisation's calendar; read at most twice a minute per process."""
    global _kept
    moment = monotonic.monotonic()
    if _kept is None or moment - _kept[0] > _KEPT_SECONDS:
        _kept = (moment, _read_calendar())
    return _kept[1]


def forget_calendar() -> None:
    """Read the calendar anew at the next call (after it was edited)."""
    global _kept
    _kept = None


def _read_calendar() -> WorkCalendar:
    organisation = Organisation.objects.filter(id=1).first() or Organisation(work_starts=time(9), work_ends=time(18))
    return WorkCalendar(
        ZoneInfo(organisation.time_zone),
        organisation.work_starts,
        organisation.work_ends,
        organisation.calendar_country,
        dict(CalendarDay.objects.values_list("date", "is_working")),
    )
