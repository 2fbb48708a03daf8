"""The organisation's settings and the days that differ from its country's calendar, as they stand in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kniga.platform.models import CalendarDay, Organisation
from kniga.platform.organisation import stored_organisation
from kniga.platform.working_time import organisation_calendar


@dataclass(frozen=True, slots=True)
class CalendarDayRow:
    """A day that is worked or not whatever the country says."""

    date: date
    is_working: bool
    note: str


def organisation_settings() -> dict[str, str]:
    """The settings as text, in the shape `update_organisation` takes; everybody's, so nobody is asked for."""
    return settings_of(stored_organisation())


def settings_of(organisation: Organisation) -> dict[str, str]:
    """The settings of this organisation as text; hours as "08:30"."""
    return {
        "name": organisation.name,
        "currency": organisation.currency,
        "language": organisation.language,
        "time_zone": organisation.time_zone,
        "calendar_country": organisation.calendar_country,
        "work_starts": organisation.work_starts.strftime("%H:%M"),
        "work_ends": organisation.work_ends.strftime("%H:%M"),
    }


def calendar_days() -> tuple[CalendarDayRow, ...]:
    """The exceptions of the calendar, the latest first."""
    found = CalendarDay.objects.order_by("-date").values_list("date", "is_working", "note")
    return tuple(CalendarDayRow(*row) for row in found)


def days_off(*, month: date) -> list[date]:
    """The days on which nobody works in the month of this day, and in the week before and the one behind, which a
    calendar shows with it; everybody's, so nobody is asked for."""
    calendar = organisation_calendar()
    first = month.replace(day=1) - timedelta(days=7)
    shown = (first + timedelta(days=number) for number in range(46))
    return [day for day in shown if not calendar.is_working(day)]
