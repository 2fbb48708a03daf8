"""What changed in what happens without a person: work of the machine, waiting, calls of other processes."""

from __future__ import annotations

from dataclasses import fields

from django.utils.translation import gettext as _

from kniga.engine import (
    CallActivity,
    CatchEvent,
    DecisionTask,
    Definition,
    Element,
    ReceiveTask,
    ServiceTask,
    ThrowEvent,
)
from kniga.processes.wording.step_changes import Detail
from kniga.processes.wording.words import wait_in_words

_SHOWN = (ServiceTask, ReceiveTask, DecisionTask, CallActivity, CatchEvent, ThrowEvent)
# How elements are joined is told with the outcomes of the steps.
_JOINTS = frozenset({"id", "ways", "boundary", "scope", "name"})


def work_changes(old: Definition, new: Definition) -> tuple[Detail, ...]:
    """What is new, gone or different of what the system does by itself; matched by id."""
    before = {id: element for id, element in old.elements.items() if isinstance(element, _SHOWN)}
    after = {id: element for id, element in new.elements.items() if isinstance(element, _SHOWN)}
    found = [
        Detail("work", _("The system now does this"), "", work_in_words(one)) for id, one in after.items()
        if id not in before
    ]  # fmt: skip
    found += [
        Detail("work", _("The system no longer does this"), work_in_words(one), "") for id, one in before.items()
        if id not in after
    ]  # fmt: skip
    for id, element in after.items():
        if id in before and _meaning(before[id]) != _meaning(element):
            was, now = work_in_words(before[id]), work_in_words(element)
            label = _("The system does it differently")
            found.append(Detail("work", label, was, now if now != was else _("%(work)s, in detail") % {"work": now}))
    return tuple(found)


def work_in_words(element: Element) -> str:
    """What an element does: its name, or its kind, and what is waited for."""
    if isinstance(element, CatchEvent):
        return wait_in_words(element)
    if isinstance(element, ServiceTask):
        return element.name or element.action
    if isinstance(element, CallActivity):
        return element.name or element.process
    return element.name or _("Event")


def _meaning(element: Element) -> tuple[object, ...]:
    return (
        type(element), element.name,
        *(getattr(element, field.name) for field in fields(element) if field.name not in _JOINTS),
    )  # fmt: skip
