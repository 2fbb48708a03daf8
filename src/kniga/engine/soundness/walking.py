"""How tokens walk from rest to rest: everything between two rests happens at once (see ``runtime``)."""

from collections.abc import Callable, Mapping
from typing import Any

from kniga.engine.definition.model import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
)
from kniga.engine.soundness.catching import throw_error, throw_escalation
from kniga.engine.soundness.decisions import enter_decision
from kniga.engine.soundness.gateways import enter_exclusive, enter_inclusive, enter_parallel, fire_inclusive
from kniga.engine.soundness.looking import look
from kniga.engine.soundness.marking import ROOT, Blocked, Move, Refusals, Token, Walk
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.passing import go_on, repeats, skipping

MOST_HOPS = 1_000

Enter = Callable[[Outline, Walk, Any, Move, Refusals], list[Walk]]


def settle(outline: Outline, walk: Walk, refusals: Refusals) -> list[Walk]:
    """Follow all moves until every token rests; each way the conditions may turn out gives a walk. What cannot go
    on is added to ``refusals``."""
    settled: list[Walk] = []
    pending = [walk]
    while pending:
        now = pending.pop()
        if now.failed is not None:
            refusals.append(now.failed)
        elif now.moves:
            move = now.moves.popleft()
            now.hops += 1
            now.entered = (*now.entered, move.element)
            if now.hops > MOST_HOPS:
                refusals.append(Blocked("endless_loop", move.element, None, now.entered[-9:]))
                continue
            element = outline.elements[move.element]
            pending.extend(_ENTER[type(element)](outline, now, element, move, refusals))
        elif now.ended is not None:
            settled.append(now)
        elif fire_inclusive(outline, now):
            pending.append(now)
        else:
            further = _complete_scope(outline, now)
            if further is None:
                further, resting = look(outline, now)
                settled.extend(() if resting is None else (resting,))
            pending.extend(further)
    return settled


def _pass(
    outline: Outline, walk: Walk, element: StartEvent | BoundaryEvent, move: Move, refusals: Refusals
) -> list[Walk]:
    return go_on(walk, element, element.ways, move)


def _throw(outline: Outline, walk: Walk, event: ThrowEvent, move: Move, refusals: Refusals) -> list[Walk]:
    if event.trigger == "escalation" and not throw_escalation(outline, walk, move.parent, event.code):
        return [walk]
    return go_on(walk, event, event.ways, move)


def _rest(
    outline: Outline,
    walk: Walk,
    element: UserTask | ServiceTask | ReceiveTask | CallActivity | CatchEvent | EventGateway,
    move: Move,
    refusals: Refusals,
) -> list[Walk]:
    found: list[Walk] = []
    loop = None if isinstance(element, (CatchEvent, EventGateway)) else element.loop
    if skipping(loop):
        found.extend(_skip(outline, walk, element, move))
        if loop is not None and loop.count == 0:
            return found
    if isinstance(element, ServiceTask) and element.immediate:
        walk.writes |= outline.writes[element.id]
        walk.facts = outline.forget(walk.facts, outline.writes[element.id]) | outline.set_to(element)
        found.extend(go_on(walk, element, element.ways, move))
        return found
    outcome = (move.outcome or "") if outline.keeps_outcome[element.id] else ""
    walk.rest(Token(element.id, move.parent, "", outcome))
    return [*found, walk]


def _skip(
    outline: Outline,
    walk: Walk,
    element: UserTask | ServiceTask | ReceiveTask | CallActivity | CatchEvent | EventGateway | SubProcess,
    move: Move,
) -> list[Walk]:
    """Pass a loop that has nothing to do: each outcome was met no time."""
    past = walk.copy()
    counts = outline.counts[element.id]
    past.writes |= counts
    past.facts = outline.forget(past.facts, counts)
    for field in counts:
        past.facts |= outline.conditions.equal(field, "number", 0)
    return go_on(past, element, element.ways, move._replace(outcome=None))


def _sub_process(outline: Outline, walk: Walk, element: SubProcess, move: Move, refusals: Refusals) -> list[Walk]:
    found: list[Walk] = []
    if skipping(element.loop):
        found.extend(_skip(outline, walk, element, move))
        if element.loop is not None and element.loop.count == 0:
            return found
    scope = walk.rest(Token(element.id, move.parent))
    walk.moves.append(Move(element.start, "", scope, move.outcome, (*move.trail, element.id)))
    return [*found, walk]


def _end(outline: Outline, walk: Walk, event: EndEvent, move: Move, refusals: Refusals) -> list[Walk]:
    walk.last = event.result
    if event.trigger == "error":
        if not throw_error(outline, walk, move.parent, event.code):
            walk.end("failed")
        return [walk]
    if event.trigger == "escalation":
        throw_escalation(outline, walk, move.parent, event.code)
    if event.result != "other" or (event.trigger == "terminate" and move.parent == ROOT):
        walk.end(event.result)
    elif event.trigger == "terminate":
        walk.clear(move.parent)
        walk.loud = True
    return [walk]


def _complete_scope(outline: Outline, walk: Walk) -> list[Walk] | None:
    """Leave one sub-process that has nothing left inside, or end the instance if it has nothing left; None if all
    is at rest."""
    if not walk.tokens:
        walk.end(walk.last)
        return [walk]
    parents = {token.parent for token in walk.tokens.values()}
    for id, token in walk.tokens.items():
        element = outline.elements[token.element]
        if isinstance(element, SubProcess) and id not in parents:
            return _leave_scope(outline, walk, id, element)
    return None


def _leave_scope(outline: Outline, walk: Walk, id: int, element: SubProcess) -> list[Walk]:
    token = walk.tokens[id]
    found: list[Walk] = []
    if repeats(element.loop) and element.id not in walk.repeated:
        once_more = walk.copy()
        once_more.repeated |= {element.id}
        once_more.moves.append(Move(element.start, "", id, None, (element.id,)))
        found.append(once_more)
    del walk.tokens[id]
    if outline.aside(element.id) or element.event:
        walk.loud = True
    if not element.event:
        walk.leave(element.ways, token.parent, None, (element.id,))
    return [*found, walk]


_ENTER: Mapping[type, Enter] = {
    BoundaryEvent: _pass,
    CallActivity: _rest,
    CatchEvent: _rest,
    DecisionTask: enter_decision,
    EndEvent: _end,
    EventGateway: _rest,
    ExclusiveGateway: enter_exclusive,
    InclusiveGateway: enter_inclusive,
    ParallelGateway: enter_parallel,
    ReceiveTask: _rest,
    ServiceTask: _rest,
    StartEvent: _pass,
    SubProcess: _sub_process,
    ThrowEvent: _throw,
    UserTask: _rest,
}
