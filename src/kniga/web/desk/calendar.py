"""The desk as a calendar: the same tasks, laid out by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from babel.dates import format_date
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from kniga.processes.desk.desk_queries import CalendarTask, DeskFilter, calendar_tasks_for
from kniga.web.desk.desk_address import midnight

if TYPE_CHECKING:
    from kniga.people.models import User

PER_DAY = {"day": 300, "week": 14, "month": 4}
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day's cell; `more` tasks are not shown in it. `is_outside` marks days of the months around."""

    day: date
    weekday: str
    tasks: tuple[CalendarTask, ...]
    more: int
    is_today: bool
    is_weekend: bool
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days in rows of seven (one for a day's view), and where the arrows lead."""

    title: str
    days: tuple[CalendarDay, ...]
    previous: date
    next: date
    shown: int


def calendar_of(*, user: User, now: datetime, view: str, at: date | None, wanted: DeskFilter) -> Calendar:
    """The day, week or month around `at` (today without it)."""
    today = timezone.localtime(now).date()
    middle = min(max(at or today, date(1900, 2, 1)), date(2999, 11, 1))
    first, last = _span(view, middle)
    tasks = calendar_tasks_for(
        user=user, now=now, since=midnight(first), until=midnight(last + _ONE_DAY), zone=settings.TIME_ZONE,
        per_day=PER_DAY[view], wanted=wanted,
    )  # fmt: skip
    by_day: dict[date, list[CalendarTask]] = {}
    for task in tasks:
        by_day.setdefault(task.day, []).append(task)
    days = [
        _cell(first + _ONE_DAY * offset, by_day, today, middle.month if view == "month" else 0)
        for offset in range((last - first).days + 1)
    ]
    back, forth = _neighbours(view, middle)
    shown = sum(day.more + len(day.tasks) for day in days)
    return Calendar(_title(view, middle, first, last), tuple(days), back, forth, shown)


def _cell(day: date, by_day: dict[date, list[CalendarTask]], today: date, month: int) -> CalendarDay:
    tasks = tuple(by_day.get(day, ()))
    more = tasks[0].of_day - len(tasks) if tasks else 0
    outside = month not in (0, day.month)
    return CalendarDay(day, _format(day, "EEE"), tasks, more, day == today, day.weekday() > 4, outside)


def _span(view: str, middle: date) -> tuple[date, date]:
    if view == "day":
        return middle, middle
    if view == "week":
        first = middle - _ONE_DAY * middle.weekday()
        return first, first + _ONE_DAY * 6
    first = middle.replace(day=1)
    last = _next_month(first) - _ONE_DAY
    return first - _ONE_DAY * first.weekday(), last + _ONE_DAY * (6 - last.weekday())


def _neighbours(view: str, middle: date) -> tuple[date, date]:
    if view == "month":
        first = middle.replace(day=1)
        return (first - _ONE_DAY).replace(day=1), _next_month(first)
    step = _ONE_DAY * (7 if view == "week" else 1)
    return middle - step, middle + step


def _next_month(first: date) -> date:
    return (first + _ONE_DAY * 32).replace(day=1)


def _title(view: str, middle: date, first: date, last: date) -> str:
    if view == "day":
        return _format(middle, "EEEE, d MMMM y")
    if view == "month":
        title = _format(middle, "LLLL y")
        return title[:1].upper() + title[1:]
    same = first.month == last.month
    return f"{_format(first, 'd' if same else 'd MMM')} – {_format(last, 'd MMM y')}"


def _format(day: date, pattern: str) -> str:
    return format_date(day, pattern, locale=(get_language() or settings.LANGUAGE_CODE).replace("-", "_"))
