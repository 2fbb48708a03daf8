"""Conditional events, looked at when all tokens rest, as the engine does after every command (BPMN 2.0, 10.5.1).

What interrupts, and what a token waits for, comes at once where its condition is true; else it is known that it is
not. What does not interrupt may come at any later step (see ``steps``)."""

from collections.abc import Iterator
from typing import NamedTuple

from kniga.engine.definition.model import BoundaryEvent, CatchEvent, EventGateway, StartEvent, SubProcess, targets_of
from kniga.engine.soundness.catching import catch, is_interrupted
from kniga.engine.soundness.data import at_outcome
from kniga.engine.soundness.marking import ROOT, Walk
from kniga.engine.soundness.outline import Outline, boundary_of
from kniga.rules import Rule


class Awaited(NamedTuple):
    """A conditional event that a token (ROOT: the process) waits for, and the condition there."""

    token: int
    event: str
    condition: Rule


def look(outline: Outline, walk: Walk) -> tuple[list[Walk], Walk | None]:
    """The walks in which an event comes now, and the one in which none does (None: one must come)."""
    awaited = list(_awaited(outline, walk)) if outline.definition.conditionals else []
    if not awaited:
        return [], walk
    walk.loud = True
    come: list[Walk] = []
    conditions = [one.condition for one in awaited]
    for at, facts in outline.conditions.first(conditions, None, walk.facts, awaited[0].event):
        other = walk.copy()
        other.facts = facts
        if at is None:
            return come, other
        _happen(outline, other, awaited[at])
        come.append(other)
    return come, None


def _awaited(outline: Outline, walk: Walk) -> Iterator[Awaited]:
    yield from _handlers(outline, walk, ROOT, None)
    for id, token in walk.tokens.items():
        element = outline.elements[token.element]
        outcome = token.outcome or None
        if isinstance(element, SubProcess):
            yield from _handlers(outline, walk, id, element.id)
        targets = targets_of(element) if isinstance(element, EventGateway) else ()
        for event in (element.id, *targets, *boundary_of(element)):
            at = outline.elements[event]
            if isinstance(at, CatchEvent) and at.condition is not None:
                yield Awaited(id, event, at_outcome(at.condition, outcome))
            elif isinstance(at, BoundaryEvent) and at.condition is not None and at.interrupting:
                yield Awaited(id, event, at.condition)


def _handlers(outline: Outline, walk: Walk, id: int, scope: str | None) -> Iterator[Awaited]:
    for handler in outline.handlers.get(scope, ()):
        event = outline.elements[outline.sub_process(handler).start]
        assert isinstance(event, StartEvent)
        if event.condition is not None and event.interrupting and not is_interrupted(outline, walk, id):
            yield Awaited(id, event.id, event.condition)


def _happen(outline: Outline, walk: Walk, awaited: Awaited) -> None:
    event = outline.elements[awaited.event]
    if not isinstance(event, CatchEvent):
        catch(outline, walk, awaited.token, event.id)
        return
    token = walk.tokens.pop(awaited.token)
    outcome = (token.outcome or None) if token.element == event.id else None
    walk.entered = (*walk.entered, event.id)
    walk.leave(event.ways, token.parent, outcome, (event.id,))
