"""Errors and escalations, from within outwards (BPMN 2.0, 10.5.4, 13.5.3, 13.5.4): the innermost handler takes them.

A handler is a boundary event of an activity around, or an event sub-process of a scope around; of several on one
level the one that names the code comes before one that takes every code."""

from collections.abc import Iterable, Iterator
from typing import Literal

from kniga.engine.definition.model import BoundaryEvent, StartEvent
from kniga.engine.runtime.elements import boundary, event_sub_process
from kniga.engine.runtime.events import ErrorThrown, EscalationThrown
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT, Token

Handler = tuple[int, BoundaryEvent | StartEvent]
"""The token a handler belongs to (0: the process itself), and its event."""


def around(run: Run, scope: int) -> Iterator[list[Handler]]:
    """The handlers around something that happens in a scope, level by level outwards."""
    while True:
        if not event_sub_process.is_interrupted(run, scope):
            handlers = event_sub_process.handlers_of(run, scope)
            yield [(scope, event_sub_process.start_of(run, handler)) for handler in handlers]
        if scope == ROOT:
            return
        holder = holder_of(run, run.tokens[scope])
        yield _on_boundary(run, holder)
        scope = holder.parent


def around_activity(run: Run, token: Token) -> Iterator[list[Handler]]:
    """The handlers around what an activity does, those on its own boundary first."""
    holder = holder_of(run, token)
    yield _on_boundary(run, holder)
    yield from around(run, holder.parent)


def throw_error(run: Run, element: str, code: str | None, levels: Iterable[list[Handler]]) -> bool:
    """Let the innermost handler take an error; whether one did."""
    found = _find(levels, "error", code)
    run.events.append(ErrorThrown(element, code, None if found is None else found[1].id))
    if found is not None:
        _take_over(run, *found)
    return found is not None


def escalate(run: Run, element: str, code: str | None, scope: int) -> bool:
    """Let the innermost handler take an escalation, if any does; whether the path that threw it goes on."""
    found = _find(around(run, scope), "escalation", code)
    run.events.append(EscalationThrown(element, code, None if found is None else found[1].id))
    if found is None:
        return True
    _take_over(run, *found)
    return not found[1].interrupting


def holder_of(run: Run, token: Token) -> Token:
    """The token that carries an activity's boundary events: of a body, that of its loop."""
    return token if token.item is None else run.tokens[token.parent]


def _on_boundary(run: Run, token: Token) -> list[Handler]:
    events = (run.elements[id] for id in getattr(run.elements[token.element], "boundary", ()))
    return [(token.id, event) for event in events if isinstance(event, BoundaryEvent)]


def _find(levels: Iterable[list[Handler]], trigger: Literal["error", "escalation"], code: str | None) -> Handler | None:
    for level in levels:
        fitting = [handler for handler in level if handler[1].trigger == trigger and handler[1].code in (None, code)]
        if fitting:
            return next((handler for handler in fitting if handler[1].code is not None), fitting[0])
    return None


def _take_over(run: Run, token: int, event: BoundaryEvent | StartEvent) -> None:
    if isinstance(event, BoundaryEvent):
        boundary.happen(run, run.tokens[token], event)
    else:
        event_sub_process.happen(run, token, event)
