"""Errors and escalations look for who catches them, from the inside out (BPMN 2.0, 10.5.6 and 13.5.4)."""

from collections.abc import Iterator, Sequence

from kniga.engine.definition.model import BoundaryEvent, StartEvent, SubProcess
from kniga.engine.soundness.marking import ROOT, Token, Walk
from kniga.engine.soundness.outline import Outline, boundary_of

Catcher = tuple[int, str]
"""The scope or activity (token id, ROOT: the process) and the boundary or start event that catches."""


def catchers(outline: Outline, walk: Walk, scope: int, trigger: str, code: str | None) -> Iterator[Catcher]:
    """Who would catch something thrown inside a scope, the innermost first."""
    while True:
        element = None if scope == ROOT else walk.tokens[scope].element
        starts = [outline.sub_process(handler).start for handler in outline.handlers.get(element, ())]
        found = None if is_interrupted(outline, walk, scope) else _match(outline, starts, trigger, code)
        if found is not None:
            yield scope, found
        if element is None:
            return
        found = _match(outline, boundary_of(outline.elements[element]), trigger, code)
        if found is not None:
            yield scope, found
        scope = walk.tokens[scope].parent


def is_interrupted(outline: Outline, walk: Walk, scope: int) -> bool:
    """Whether an interrupting event sub-process stands for a scope already: no other can begin then (13.5.4)."""
    for id in walk.inside(scope):
        element = outline.elements[walk.tokens[id].element]
        if isinstance(element, SubProcess) and element.event:
            start = outline.elements[element.start]
            if isinstance(start, StartEvent) and start.interrupting:
                return True
    return False


def catch_on(outline: Outline, element: str, trigger: str, code: str | None) -> str | None:
    """The boundary event of an activity that catches this, or None."""
    return _match(outline, boundary_of(outline.elements[element]), trigger, code)


def throw_error(outline: Outline, walk: Walk, scope: int, code: str | None) -> bool:
    """Throw an error inside a scope. False if nobody catches it."""
    for catcher, event in catchers(outline, walk, scope, "error", code):
        catch(outline, walk, catcher, event)
        return True
    return False


def throw_escalation(outline: Outline, walk: Walk, scope: int, code: str | None) -> bool:
    """Throw an escalation inside a scope; nothing happens if nobody catches it. Whether the thrower goes on."""
    for catcher, id in catchers(outline, walk, scope, "escalation", code):
        event = outline.elements[id]
        assert isinstance(event, (BoundaryEvent, StartEvent))
        catch(outline, walk, catcher, id)
        return not event.interrupting
    return True


def catch(outline: Outline, walk: Walk, scope: int, id: str) -> None:
    """Let a boundary event or the start event of an event sub-process take over."""
    event = outline.elements[id]
    if isinstance(event, BoundaryEvent):
        parent = walk.tokens[scope].parent
        if event.interrupting:
            walk.loud = walk.loud or isinstance(outline.elements[event.host], SubProcess)
            walk.clear(scope)
            del walk.tokens[scope]
        walk.entered = (*walk.entered, id)
        walk.leave(event.ways, parent, None, (id,))
        return
    assert isinstance(event, StartEvent)
    assert event.scope is not None
    walk.loud = True
    if event.interrupting:
        walk.clear(scope)
    inner = walk.rest(Token(event.scope, scope))
    walk.entered = (*walk.entered, event.scope, id)
    walk.leave(event.ways, inner, None, (event.scope, id))


def _match(outline: Outline, ids: Sequence[str], trigger: str, code: str | None) -> str | None:
    """The event for exactly this code before the one for all codes."""
    every = None
    for id in ids:
        event = outline.elements[id]
        assert isinstance(event, (BoundaryEvent, StartEvent))
        if event.trigger == trigger:
            if event.code is not None and event.code == code:
                return id
            if event.code is None:
                every = every or id
    return every
