"""Answers between the form and the engine: what was typed, and how a stored answer reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from kniga.engine import Question, UserTask
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.platform.money import parse_decimal
from kniga.platform.working_time import organisation_calendar
from kniga.processes.wording.words import outcome_word
from kniga.rules import BadValue, read_value
from kniga.web.formatting import day, moment, money, number
from kniga.web.pages import field_errors

PREFIX = "answer-"
CONFIRM = "confirm-"
INSTEAD = "instead-"
_FEW_CHOICES = 6
_NO_NUMBER = gettext_noop("This is no number. Write one in digits, such as 1200.50.")
_EXAMPLES: Final[Mapping[str, tuple[Callable[[str], object], str]]] = {
    "number": (Decimal, _NO_NUMBER),
    "money": (Decimal, _NO_NUMBER),
    "date": (date.fromisoformat, gettext_noop("This is no day of the calendar. Write it like 31/12/2026.")),
    "datetime": (datetime.fromisoformat, gettext_noop("This is no day with a time. Write them like 31/12/2026 09:30.")),
}
"""By type of question: what an answer must pass, and what is said of one that does not."""


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """A question as its control needs it. `control` is text, number, date, datetime-local, radio, select or
    checkboxes; `chosen` are the keys ticked; `needed_for` the labels of outcomes that demand it;
    `confirm` names the check box by which an unusual answer is confirmed, `instead` the one that takes another answer,
    which is `other` and reads `other_words`; `latest` is the last day or moment that may be given."""

    key: str
    name: str
    label: str
    help: str
    control: str
    value: str
    chosen: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    is_required: bool
    needed_for: tuple[str, ...]
    needed_keys: tuple[str, ...]
    errors: tuple[str, ...]
    confirm: str = ""
    latest: str = ""
    instead: str = ""
    other: str = ""
    other_words: str = ""


def read_answers(step: UserTask, form: QueryDict) -> dict[str, object]:
    """The answers of a sent form by question, as the engine reads them; questions that were not sent are absent."""
    given: dict[str, object] = {}
    for question in step.questions:
        name = PREFIX + question.key
        if form.get(INSTEAD + question.key):
            name = INSTEAD + question.key
        if question.type == "multi_choice":
            given[question.key] = [key for key in form.getlist(name) if key]
        elif name in form:
            given[question.key] = _read(question, str(form[name]))
    return given


def read_confirmed(form: QueryDict) -> frozenset[str]:
    """The keys of the questions whose unusual answer was confirmed."""
    return frozenset(name.removeprefix(CONFIRM) for name in form if name.startswith(CONFIRM))


def answer_errors(step: UserTask, typed: Mapping[str, object], refused: Refused) -> dict[str, list[str]]:
    """What is wrong with the answers by question; of what cannot be read, an example as the page writes it."""
    found = {key: texts for key, texts in field_errors(refused).items() if step.question(key)}
    for question in step.questions:
        example = _example(question, typed.get(question.key))
        if question.key in found and example:
            found[question.key] = [example]
    return found


def known_of_deal(step: UserTask, amount: Decimal, expected_date: date | None) -> dict[str, object]:
    """What the deal already says of what the step asks for (questions with a `field`), to be confirmed or changed."""
    values = {"deal.amount": amount or None, "deal.expected_date": expected_date}
    return {one.key: values[one.field] for one in step.questions if one.field is not None and values[one.field]}


def form_questions(
    step: UserTask, answers: Mapping[str, object], errors: Mapping[str, Iterable[str]]
) -> tuple[FormQuestion, ...]:
    """The questions with what was answered so far and what is wrong with it."""
    labels = {outcome.key: outcome_word(outcome.label) for outcome in step.outcomes}
    return tuple(
        FormQuestion(
            question.key,
            PREFIX + question.key,
            question.label,
            question.help,
            _control(question),
            _typed(question, answers.get(question.key)),
            _chosen(answers.get(question.key)),
            _options(question),
            question.required,
            tuple(labels[key] for key in question.required_for if key in labels),
            question.required_for,
            tuple(errors.get(question.key, ())),
            CONFIRM + question.key
            if errors.get(question.key) and _may_be_so(question, answers.get(question.key))
            else "",
            _latest(question),
            *(_working_day(question, answers.get(question.key)) if errors.get(question.key) else ()),
        )
        for question in step.questions
    )


def shown_answer(question: Question, value: object, currency: str = "") -> str:
    """A stored answer in words: labels instead of keys, dates and amounts in the page's language."""
    labels = {choice.key: choice.label for choice in question.choices}
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, (list, tuple)):
        return ", ".join(labels.get(str(key), str(key)) for key in value)
    if value is None:
        return ""
    if isinstance(value, Decimal):
        value = format(value, "f")
    if isinstance(value, date):
        value = value.isoformat()
    return labels.get(str(value)) or _typed_text(question, str(value), currency)


def _typed_text(question: Question, text: str, currency: str) -> str:
    try:
        if question.type == "money":
            return money(Decimal(text), currency)
        if question.type == "number":
            return number(Decimal(text))
        if question.type == "date":
            return day(date.fromisoformat(text))
        if question.type == "datetime":
            return moment(datetime.fromisoformat(text))
    except (ValueError, InvalidOperation):
        return text
    return text


def _read(question: Question, text: str) -> object:
    text = text.strip()
    if question.type in ("number", "money"):
        try:
            return format(parse_decimal(text), "f") if text else ""
        except Refused:
            return text
    if question.type == "datetime" and text:
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return text
        return (timezone.make_aware(local) if local.tzinfo is None else local).isoformat()
    return text


def _example(question: Question, raw: object) -> str:
    """What to write instead of an answer that is no number and no day; "" for one that can be read."""
    text = str(raw or "").strip()
    reads, words = _EXAMPLES.get(question.type, (str, ""))
    try:
        reads(text or "0")
    except (InvalidOperation, ValueError):
        return _(words) if text else ""
    return ""


def _may_be_so(question: Question, value: object) -> bool:
    """Whether an amount or a day off that was not taken would be if it were confirmed."""
    if question.type in ("date", "datetime"):
        return bool(_working_day(question, value))
    if question.type != "money":
        return False
    try:
        amount = read_value("money", value)
    except BadValue:
        return False
    return isinstance(amount, Decimal) and (amount >= 0 or question.field != "deal.amount")


def _working_day(question: Question, value: object) -> tuple[str, ...]:
    """What is offered instead of a day off to come: the name of its check box, the next working day (at the same time)
    as the form sends it, and in words; nothing for any other answer."""
    try:
        moment_of = datetime.fromisoformat(_typed(question, value))
    except ValueError:
        return ()
    given = moment_of.date()
    working = organisation_calendar().working_day_from(given)
    if working == given or given < timezone.localdate(clock.now()) or question.check == "not_future":
        return ()
    sent = working.isoformat() if question.type == "date" else f"{working}T{moment_of:%H:%M}"
    return INSTEAD + question.key, sent, day(working)


def _control(question: Question) -> str:
    if question.type == "choice":
        return "radio" if len(question.choices) <= _FEW_CHOICES else "select"
    return {
        "boolean": "radio",
        "multi_choice": "checkboxes",
        "number": "number",
        "money": "number",
        "date": "date",
        "datetime": "datetime-local",
    }.get(question.type, "text")


def _latest(question: Question) -> str:
    if question.check != "not_future":
        return ""
    here = timezone.localtime(clock.now())
    return here.strftime("%Y-%m-%dT%H:%M") if question.type == "datetime" else here.date().isoformat()


def _options(question: Question) -> tuple[tuple[str, str], ...]:
    if question.type == "boolean":
        return (("true", _("Yes")), ("false", _("No")))
    return tuple((choice.key, choice.label) for choice in question.choices)


def _typed(question: Question, value: object) -> str:
    """What stands in the control: the text as it was typed, a stored moment as local time."""
    if value is None or isinstance(value, (list, tuple)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if question.type == "datetime" and text:
        try:
            return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%dT%H:%M")
        except ValueError:
            return text
    return _typed_amount(text) if question.type == "money" else text


def _typed_amount(text: str) -> str:
    """An amount as the page writes it, where that is read back as the same: a comma of thousands is not."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or round(value, 2) != value:
        return text
    plain = f"{value:.2f}".removesuffix(".00")
    return number(value) if get_language() == "ru" else plain


def _chosen(value: object) -> tuple[str, ...]:
    return tuple(str(key) for key in value) if isinstance(value, (list, tuple)) else ()
