"""The book in words: deadlines, people, conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kniga.documents.queries import active_template_names
from kniga.engine import (
    STANDARD_FIELDS,
    BoundaryEvent,
    CatchEvent,
    ControlPoint,
    DecisionRule,
    DecisionTask,
    Definition,
    Due,
    Element,
    Material,
    StartEvent,
)
from kniga.engine.bpmn.questions import PLAIN_OUTCOME
from kniga.people.roles import Role
from kniga.rules import FieldChoice, FieldSpec, Rule, rule_to_sentence

_HOUR, _WORKING_DAY, _DAY = 3_600, 8 * 3_600, 24 * 3_600


def due_in_words(due: Due | None) -> str:
    """A deadline: 2 working days, 4 working hours, 3 days; "" without one."""
    if due is None:
        return ""
    if due.basis == "moment" and due.at is not None:
        return date_format(localtime(due.at), "SHORT_DATETIME_FORMAT")
    if due.basis == "field":
        spec = STANDARD_FIELDS.get(due.field or "")
        label = due.field or "" if spec is None else spec.label_ru if get_language() == "ru" else spec.label_en
        if due.seconds == 0:
            return label
        text = _working(due.seconds) if due.working_time else _calendar(due.seconds)
        return _("%(time)s after: %(field)s") % {"time": text, "field": label}
    if due.seconds == 0:
        return _("at the deadline") if due.basis == "deadline" else _("at once")
    text = _working(due.seconds) if due.working_time else _calendar(due.seconds)
    return _("%(time)s after the deadline") % {"time": text} if due.basis == "deadline" else text


def assignee_in_words(rule: str) -> str:
    """Who gets a step: the deal's owner, the team lead, the head of sales, somebody of a role."""
    if rule.startswith("role:"):
        key = rule.removeprefix("role:")
        return str(Role(key).label) if key in Role.values else key
    known = {"owner": _("Owner of the deal"), "lead": _("Team lead"), "head": _("Head of sales")}
    return known.get(rule, rule)


def control_in_words(point: ControlPoint, definition: Definition) -> str:
    """A control point: when it is looked at, what makes it a deviation, who is told, and who later."""
    what = condition_in_words(point.condition, definition) if point.condition else _("the step is still open")
    told = _people(point.whom)
    for rung in point.ladder:
        told = _("%(told)s; %(time)s later: %(whom)s") % {
            "told": told, "time": due_in_words(rung.after), "whom": _people(rung.whom),
        }  # fmt: skip
    text = _("%(name)s: %(time)s, if %(what)s. Concerns: %(told)s.")
    return text % {"name": point.name, "time": due_in_words(point.due), "what": what, "told": told}


def _people(rules: Sequence[str]) -> str:
    return ", ".join(assignee_in_words(rule) for rule in rules)


def wait_in_words(event: CatchEvent) -> str:
    """What is waited for, and how long: Pause (2 working days)."""
    name = event.name or trigger_names()[event.trigger]
    return f"{name} ({due_in_words(event.due)})" if event.due else name


def element_in_words(element: Element | None) -> str:
    """An element by its name; without one by what is waited for, or as a step without a name; never by its key."""
    if isinstance(element, CatchEvent):
        return element.name or wait_in_words(element)
    return getattr(element, "name", "") or _("A step without a name")


def place_in_words(definition: Definition, id: str) -> str:
    """An element in words; an event without a name by the step it is attached to, or the part it begins; the process
    if there is no such element."""
    known = definition.elements.get(id)
    if isinstance(known, BoundaryEvent) and not known.name:
        known = definition.elements[known.host]
    elif isinstance(known, StartEvent) and not known.name and known.scope is not None:
        known = definition.elements[known.scope]
    return definition.name if known is None else element_in_words(known)


def outcome_word(label: str) -> str:
    """The label of an outcome; a step without outcomes of its own ends with “Done”, in the language of the page."""
    return _("Done") if label == PLAIN_OUTCOME.label else label


@dataclass(frozen=True, slots=True)
class PointsInWords:
    """What adds up points, and its lines: "Amount is at least 100 000: +30"."""

    name: str
    lines: tuple[str, ...]


def points_in_words(definition: Definition) -> tuple[PointsInWords, ...]:
    """Everything in a book that adds up points, line by line."""
    tables = [one.table for one in definition.elements.values() if isinstance(one, DecisionTask)]
    return tuple(
        PointsInWords(
            table.name or table.outputs[0].label, tuple(_line_of_points(row, definition) for row in table.rules)
        )
        for table in tables
        if table.aggregation == "SUM"
    )


def _line_of_points(row: DecisionRule, definition: Definition) -> str:
    points = Decimal(str(row.outputs[0] or 0))
    told = f"{row.label} ({condition_in_words(row.condition, definition)})" if row.label else ""
    text = number_format(f"{points.normalize():f}")
    return f"{told or condition_in_words(row.condition, definition)}: {'+' if points > 0 else ''}{text}"


def condition_in_words(rule: Rule, definition: Definition) -> str:
    """A condition as a sentence in the language of the page."""
    return rule_to_sentence(rule, condition_fields(definition), "ru" if get_language() == "ru" else "en")


def condition_fields(definition: Definition) -> Mapping[str, FieldSpec]:
    """The fields a definition's conditions may look at, with their labels."""
    fields = dict(STANDARD_FIELDS)
    for task in definition.user_tasks():
        for question in task.questions:
            choices = tuple(FieldChoice(choice.key, choice.label, choice.label) for choice in question.choices)
            key = f"answer.{question.key}"
            fields.setdefault(key, FieldSpec(key, question.type, question.label, question.label, choices))
    for element in definition.elements.values():
        for output in element.table.outputs if isinstance(element, DecisionTask) else ():
            key = f"answer.{output.key}"
            fields.setdefault(key, FieldSpec(key, output.type, output.label, output.label))
    return fields


def kind_names() -> dict[str, str]:
    """Kinds of processes and of steps, in words."""
    return {
        "sale": _("Sale"),
        "service": _("Service"),
        "repeat": _("Repeat sale"),
        "handoff": _("Handoff"),
        "call": _("Call"),
        "meeting": _("Meeting"),
        "mail": _("Letter"),
        "document": _("Document"),
        "task": _("Task"),
    }


def materials_in_words(materials: Iterable[Material]) -> tuple[str, ...]:
    """Documents and letters by the names of their templates; one statement per kind that is named at all."""
    named = tuple(materials)
    names = {kind: active_template_names(kind=kind) for kind in {one.kind for one in named}}
    return tuple(
        names[one.kind].get(one.template) or _("%(key)s (not in use)") % {"key": one.template} for one in named
    )


def trigger_names() -> dict[str, str]:
    """What an event is about, in words."""
    return {
        "timer": _("Timer"),
        "message": _("Message"),
        "signal": _("Signal"),
        "conditional": _("Condition"),
        "error": _("Error"),
        "escalation": _("Escalation"),
    }


def _working(seconds: int) -> str:
    if seconds % _WORKING_DAY == 0:
        days = seconds // _WORKING_DAY
        return ngettext("%(n)d working day", "%(n)d working days", days) % {"n": days}
    if seconds % _HOUR == 0:
        hours = seconds // _HOUR
        return ngettext("%(n)d working hour", "%(n)d working hours", hours) % {"n": hours}
    if seconds % 60:
        return ngettext("%(n)d working second", "%(n)d working seconds", seconds) % {"n": seconds}
    minutes = seconds // 60
    return ngettext("%(n)d working minute", "%(n)d working minutes", minutes) % {"n": minutes}


def _calendar(seconds: int) -> str:
    if seconds % _DAY == 0:
        days = seconds // _DAY
        return ngettext("%(n)d calendar day", "%(n)d calendar days", days) % {"n": days}
    if seconds % _HOUR == 0:
        hours = seconds // _HOUR
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if seconds % 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = seconds // 60
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
