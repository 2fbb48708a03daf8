"""Answers held against facts: nothing is signed or paid on a day to come, and less than agreed is paid knowingly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from kniga.engine import Question, UserTask
from kniga.platform.errors import Refused, check_all
from kniga.rules import BadValue, Value, read_value


def check_facts(
    step: UserTask,
    answers: Mapping[str, object],
    *,
    amount: Decimal,
    confirmed: Collection[str],
    now: datetime,
) -> None:
    """Hold the answers against what the book asks to check (`Question.check`).

    `confirmed` are the keys of questions whose answer the person has confirmed; `now` is the present moment in the
    time zone of the deal, which decides which day it is.
    Raises Refused with `field` = the question's key: `future_fact`, `less_than_deal` (cured by confirming)."""
    given = [(one, _value(one, answers.get(one.key))) for one in step.questions if one.check and one.key in answers]
    check_all(*(lambda one=one, value=value: _check(one, value, amount, confirmed, now) for one, value in given))


def _check(question: Question, value: Value, amount: Decimal, confirmed: Collection[str], now: datetime) -> None:
    if isinstance(value, Decimal) and value < amount and question.key not in confirmed:
        text = _("%(label)s: %(given)s is less than the deal's amount, %(amount)s. Confirm it or correct it.")
        shown = {"label": question.label, "given": _plain(value), "amount": _plain(amount)}
        raise Refused("less_than_deal", text % shown, field=question.key)
    day = value.astimezone(now.tzinfo).date() if isinstance(value, datetime) else value
    if isinstance(day, date) and day > now.date():
        text = _("%(label)s: this day has not come yet. Enter when it really was.")
        raise Refused("future_fact", text % {"label": question.label}, field=question.key)


def _value(question: Question, raw: object) -> Value:
    """The answer as the engine will read it; what it will refuse is left to it."""
    try:
        return None if raw is None or raw == "" else read_value(question.type, raw)
    except BadValue:
        return None


def _plain(amount: Decimal) -> str:
    places = 0 if amount == amount.to_integral_value() else 2
    return number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
