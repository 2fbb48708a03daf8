"""What changed in one step of a book, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.engine import ControlPoint, Definition, Question, UserTask
from kniga.platform.organisation import current_organisation
from kniga.platform.shown_money import shown_money
from kniga.processes.wording.outline import Destination, EventWay, OutcomeWay, OutlineStep
from kniga.processes.wording.script_words import placeholder_words, readable_script
from kniga.processes.wording.text_difference import Piece, text_difference
from kniga.processes.wording.words import (
    assignee_in_words,
    condition_in_words,
    control_in_words,
    due_in_words,
    kind_names,
    materials_in_words,
    trigger_names,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Detail:
    """One change: what of it (`label`), how it was and how it is ("" where there is nothing); of a script the
    `pieces` instead. `kind` is name, stage, kind, who, skill, deadline, price, script, question, outcome, event,
    control, material or work."""

    kind: str
    label: str
    before: str = ""
    after: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """A step in both versions; `same` maps the ids of all old steps to those they have now."""

    old: Definition
    new: Definition
    before: OutlineStep
    after: OutlineStep
    same: Mapping[str, str]


def step_details(step: Matched) -> tuple[Detail, ...]:
    """Everything that changed in a step."""
    old, new = step.before.task, step.after.task
    found = [*_plain(step.old, old, step.new, new)]
    pieces = text_difference(
        readable_script(old.script, placeholder_words(step.old)),
        readable_script(new.script, placeholder_words(step.new)),
    )
    if pieces:
        found.append(Detail("script", _("Script"), pieces=pieces))
    found += _questions(old, new)
    found += _outcomes(step)
    found += _events(step)
    found += _controls(step)
    found += _materials(old, new)
    return tuple(found)


def _plain(before: Definition, old: UserTask, after: Definition, new: UserTask) -> Iterator[Detail]:
    """The fields that are one value each."""
    kinds = kind_names()
    shown = [
        ("name", _("Name"), old.name, new.name),
        ("kind", _("Kind of work"), kinds[old.kind], kinds[new.kind]),
        ("stage", _("Stage"), _stage(before, old), _stage(after, new)),
        ("who", _("Who does it"), assignee_in_words(old.assignee), assignee_in_words(new.assignee)),
        ("skill", _("What the person must be able to do"), old.skill or "", new.skill or ""),
        ("deadline", _("Deadline"), deadline_in_words(old), deadline_in_words(new)),
        ("price", _("What it pays"), price_in_words(old.price), price_in_words(new.price)),
    ]
    yield from (Detail(kind, label, was, now) for kind, label, was, now in shown if was != now)


def _stage(definition: Definition, task: UserTask) -> str:
    stage = definition.stage(task.stage or "")
    return stage.name if stage else ""


def deadline_in_words(task: UserTask) -> str:
    """By when a step is to be done: in a span of time, or on the day an answer names; "" without a deadline."""
    asked = task.question(task.deadline_answer or "")
    if asked is None:
        return due_in_words(task.deadline)
    named = _("the day of the answer “%(question)s”") % {"question": asked.label}
    return _("%(day)s, else %(time)s") % {"day": named, "time": due_in_words(task.deadline)} if task.deadline else named


def price_in_words(price: Decimal | None) -> str:
    """What finishing a step pays, in the organisation's currency; "" where nothing is said."""
    if price is None:
        return ""
    return shown_money(price, current_organisation().currency, (get_language() or "ru")[:2])


def _questions(old: UserTask, new: UserTask) -> Iterator[Detail]:
    before, after = _by(old.questions, _key), _by(new.questions, _key)
    for key, question in after.items():
        if key not in before:
            yield Detail("question", _("New question"), "", question_in_words(question, new))
        else:
            was, now = question_in_words(before[key], old), question_in_words(question, new)
            if was != now:
                yield Detail("question", _("Question changed"), was, now)
    for key, question in before.items():
        if key not in after:
            yield Detail("question", _("Question removed"), question_in_words(question, old), "")


def question_in_words(question: Question, task: UserTask) -> str:
    """A question with what it demands and offers: "Budget (always; up to 1 M, more)"."""
    demand = demand_in_words(question, task)
    offered = ", ".join(choice.label for choice in question.choices)
    return f"{question.label} ({demand}; {offered})" if offered else f"{question.label} ({demand})"


def demand_in_words(question: Question, task: UserTask) -> str:
    """When a question has to be answered: always, for some outcomes, or only if the answer is known."""
    if question.required:
        return _("always")
    labels = [outcome.label for outcome in task.outcomes if outcome.key in question.required_for]
    return _("for: %(outcomes)s") % {"outcomes": ", ".join(labels)} if labels else _("if it is known")


def _outcomes(step: Matched) -> Iterator[Detail]:
    old, new = _by(step.before.ways, _outcome_key), _by(step.after.ways, _outcome_key)
    for key, way in new.items():
        leads = _leads(way.destinations, step.new)
        if key not in old:
            yield Detail("outcome", _("New outcome"), "", f"{way.outcome.label} → {leads}")
            continue
        was = old[key]
        if was.outcome.label != way.outcome.label:
            yield Detail("outcome", _("Outcome renamed"), was.outcome.label, way.outcome.label)
        if _signs(was.destinations, step.old, step.same) != _signs(way.destinations, step.new):
            label = _("“%(outcome)s” leads elsewhere") % {"outcome": way.outcome.label}
            yield Detail("outcome", label, _leads(was.destinations, step.old), leads)
    for key, way in old.items():
        if key not in new:
            yield Detail("outcome", _("Outcome removed"), way.outcome.label, "")


def _events(step: Matched) -> Iterator[Detail]:
    """What may happen while the step is open."""
    old = {_event_sign(event, step.old, step.same): event for event in step.before.events}
    new = {_event_sign(event, step.new): event for event in step.after.events}
    gone = [event_in_words(event, step.old) for sign, event in old.items() if sign not in new]
    come = [event_in_words(event, step.new) for sign, event in new.items() if sign not in old]
    for was, now in zip(gone, come, strict=False):
        yield Detail("event", _("While the step is open"), was, now)
    for was in gone[len(come) :]:
        yield Detail("event", _("No longer happens while the step is open"), was, "")
    for now in come[len(gone) :]:
        yield Detail("event", _("New while the step is open"), "", now)


def event_in_words(event: EventWay, definition: Definition) -> str:
    """What comes while a step is open and where it leads: "Reminder (2 working days) → Call again"."""
    name = event.name or trigger_names()[event.trigger]
    when = [due_in_words(event.due)] if event.due else []
    when += [_("ends the step")] if event.interrupting else []
    told = f"{name} ({', '.join(when)})" if when else name
    return f"{told} → {_leads(event.destinations, definition)}"


def _event_sign(event: EventWay, definition: Definition, same: Mapping[str, str] | None = None) -> tuple[object, ...]:
    leads = _signs(event.destinations, definition, same)
    return event.name, event.trigger, event.interrupting, event.due, leads


def _controls(step: Matched) -> Iterator[Detail]:
    before, after = _by(step.before.task.controls, _control_key), _by(step.after.task.controls, _control_key)
    was = {key: control_in_words(point, step.old) for key, point in before.items()}
    now = {key: control_in_words(point, step.new) for key, point in after.items()}
    for key, text in now.items():
        if key not in was:
            yield Detail("control", _("New control point"), "", text)
        elif was[key] != text:
            yield Detail("control", _("Control point changed"), was[key], text)
    yield from (Detail("control", _("Control point removed"), text, "") for key, text in was.items() if key not in now)


def _materials(old: UserTask, new: UserTask) -> Iterator[Detail]:
    gone = materials_in_words(one for one in old.materials if one not in new.materials)
    come = materials_in_words(one for one in new.materials if one not in old.materials)
    yield from (Detail("material", _("New document or letter"), "", name) for name in come)
    yield from (Detail("material", _("Document or letter no longer used"), name, "") for name in gone)


def _leads(destinations: Sequence[Destination], definition: Definition) -> str:
    return "; ".join(lead_in_words(one, definition) for one in destinations) or "—"


def lead_in_words(lead: Destination, definition: Definition) -> str:
    """Where a way leads: the step's or the end's name, and on what it depends."""
    text = lead.name or {"won": _("Won"), "lost": _("Lost")}.get(lead.result, _("End"))
    if lead.via:
        text += " " + _("after: %(names)s") % {"names": ", ".join(lead.via)}
    if lead.only_if:
        told = {"step": text, "condition": condition_in_words(lead.only_if, definition)}
        return _("%(step)s if %(condition)s") % told
    return _("%(step)s otherwise") % {"step": text} if lead.otherwise else text


def _signs(
    leads: Sequence[Destination], definition: Definition, same: Mapping[str, str] | None = None
) -> frozenset[str]:
    """What destinations come to, told by the step rather than by its name: renaming a step leads nowhere else."""
    known = same or {}
    signs = []
    for lead in leads:
        # An end has no fate of its own: what it is called is what it is.
        target = lead.name if lead.result else known.get(lead.element, lead.element)
        signs.append(f"{lead.result}:{lead_in_words(replace(lead, name=target, via=lead.passed), definition)}")
    return frozenset(signs)


def _by(items: Sequence[T], key: Callable[[T], str]) -> dict[str, T]:
    return {key(item): item for item in items}


def _key(question: Question) -> str:
    return question.key


def _outcome_key(way: OutcomeWay) -> str:
    return way.outcome.key


def _control_key(point: ControlPoint) -> str:
    return point.key
