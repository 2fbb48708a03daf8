"""Answers held against facts: nothing is signed or paid on a day to come, and less than agreed is paid knowingly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.engine import Question, UserTask
from kniga.platform.errors import Refused, check_all
from kniga.platform.working_time import WorkCalendar
from kniga.rules import BadValue, Value, read_value

FARTHEST: Final = 5
"""So many years ahead a step may be put off to; a later day is a slip of the finger."""


def check_facts(
    step: UserTask,
    answers: Mapping[str, object],
    *,
    outcome: str,
    amount: Decimal,
    confirmed: Collection[str],
    waits: Collection[str],
    now: datetime,
    calendar: WorkCalendar | None = None,
) -> None:
    """Hold the answers against what the book asks to check (`Question.check`), against the deadlines they set and,
    where the book demands an amount for this outcome, against nothing.

    `confirmed` are the keys of questions whose answer the person has confirmed; `waits` those whose answer becomes
    a deadline (`RunnableVersion.promises`); `now` is the present moment in the time zone of the deal, which decides
    which day it is. With a `calendar` a deadline on a day off is told.
    Raises Refused with `field` = the question's key: `future_fact`, `past_deadline`, `far_deadline`;
    `day_off`, `less_than_deal` and `no_amount` are cured by confirming."""
    given = [(one, _value(one, answers.get(one.key))) for one in step.questions if one.key in answers]
    check_all(
        *(
            lambda one=one, value=value: _check(one, value, outcome, amount, confirmed, waits, now, calendar)
            for one, value in given
            if value is not None
        )
    )


def _check(
    question: Question,
    value: Value,
    outcome: str,
    amount: Decimal,
    confirmed: Collection[str],
    waits: Collection[str],
    now: datetime,
    calendar: WorkCalendar | None,
) -> None:
    if isinstance(value, Decimal):
        if question.type == "money" and question.key not in confirmed:
            _check_amount(question, value, outcome, amount)
        return
    day = value.astimezone(now.tzinfo).date() if isinstance(value, datetime) else value
    if not isinstance(day, date):
        return
    if question.check == "not_future" and day > now.date():
        text = _("%(label)s: this day has not come yet. Enter when it really was.")
        raise Refused("future_fact", text % {"label": question.label}, field=question.key)
    if question.key in waits:
        _check_deadline(question, day, now.date())
        if calendar is not None and question.key not in confirmed:
            _check_working_day(question, day, calendar)


def _check_amount(question: Question, value: Decimal, outcome: str, amount: Decimal) -> None:
    shown = {"label": question.label, "given": _plain(value), "amount": _plain(amount)}
    if question.check == "deal_amount" and value < amount:
        text = _("%(label)s: %(given)s is less than the deal's amount, %(amount)s. Confirm it or correct it.")
        raise Refused("less_than_deal", text % shown, field=question.key)
    if value <= 0 and (question.required or outcome in question.required_for):
        text = _("%(label)s: an amount is needed here, and %(given)s is none. Confirm it or correct it.")
        raise Refused("no_amount", text % shown, field=question.key)


def _check_deadline(question: Question, day: date, today: date) -> None:
    if day < today:
        text = _("%(label)s: this day has passed. Enter today or a day to come.")
        raise Refused("past_deadline", text % {"label": question.label}, field=question.key)
    if day.year - today.year > FARTHEST:
        text = _("%(label)s: this day is more than %(years)s years ahead. Enter a nearer one.")
        raise Refused("far_deadline", text % {"label": question.label, "years": FARTHEST}, field=question.key)


def _check_working_day(question: Question, day: date, calendar: WorkCalendar) -> None:
    working = calendar.working_day_from(day)
    if working != day:
        text = _("%(label)s: %(day)s is a day off; the next working day is %(working)s. Keep it or take that day.")
        shown = {"label": question.label, "day": _named(day), "working": _named(working)}
        raise Refused("day_off", text % shown, field=question.key)


def _named(day: date) -> str:
    """A day with its weekday: "Sunday, 29 November"."""
    return format_date(day, "EEEE, d MMMM", locale=get_language() or settings.LANGUAGE_CODE)


def _value(question: Question, raw: object) -> Value:
    """The answer as the engine will read it; what it will refuse is left to it."""
    try:
        return None if raw is None or raw == "" else read_value(question.type, raw)
    except BadValue:
        return None


def _plain(amount: Decimal) -> str:
    places = 0 if amount == amount.to_integral_value() else 2
    return number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
