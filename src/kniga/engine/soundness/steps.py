"""Which steps a marking allows: every token by each of its ways, every event that may come."""

from collections.abc import Iterator
from typing import NamedTuple

from kniga.engine.definition.model import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    EventGateway,
    Question,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    UserTask,
)
from kniga.engine.soundness.catching import catch, catch_on, catchers, is_interrupted
from kniga.engine.soundness.data import Facts
from kniga.engine.soundness.marking import ROOT, Walk
from kniga.engine.soundness.outline import Outline, boundary_of
from kniga.engine.soundness.passing import repeats

COMES = ("timer", "message", "signal", "conditional")
"""The triggers of events that come from outside, whatever the tokens do."""
RESULTS = ("won", "lost", "other")


class Begun(NamedTuple):
    """A step that has been begun: settle ``walk`` to take it. ``beside`` says that an event that does not interrupt
    brought one more token."""

    walk: Walk
    beside: bool = False


def begin(outline: Outline, start: str) -> Walk:
    """The step that starts an instance at a start event."""
    walk = Walk()
    event = outline.elements[start]
    assert isinstance(event, StartEvent)
    walk.entered = (start,)
    walk.leave(event.ways, ROOT, None, (start,))
    return walk


def steps_of(outline: Outline, walk: Walk, id: int) -> Iterator[Begun]:
    """Every step of one token (ROOT: of the process), each on a copy of the walk."""
    if id == ROOT:
        yield from _handlers(outline, walk, ROOT, None)
        return
    element = outline.elements[walk.tokens[id].element]
    if isinstance(element, UserTask):
        for outcome in element.outcomes:
            demanded = [asked for asked in element.questions if asked.required or outcome.key in asked.required_for]
            yield from _done(outline, walk, id, outcome.key, demanded)
    elif isinstance(element, CallActivity):
        for result in RESULTS:
            yield from _done(outline, walk, id, result, [])
    elif isinstance(element, (ServiceTask, ReceiveTask)):
        yield from _done(outline, walk, id, walk.tokens[id].outcome or None, [])
    elif isinstance(element, CatchEvent):
        brought = walk.tokens[id].outcome or None
        for met in _met(outline, walk, element, brought):
            yield from _done(outline, met, id, brought, [])
    elif isinstance(element, EventGateway):
        for way in element.ways:
            yield from _first_of(outline, walk, id, way.target)
    elif isinstance(element, SubProcess):
        yield from _handlers(outline, walk, id, element.id)
    if isinstance(element, (ServiceTask, CallActivity)):
        yield from _failed(outline, walk, id)
    for event in boundary_of(element):
        yield from _interrupted(outline, walk, id, event)


def _done(outline: Outline, walk: Walk, id: int, outcome: str | None, demanded: list[Question]) -> Iterator[Begun]:
    token = walk.tokens[id]
    element = outline.elements[token.element]
    assert isinstance(element, (UserTask, ServiceTask, ReceiveTask, CallActivity, CatchEvent))
    after = walk.copy()
    after.entered = (element.id,)
    write(outline, after, element.id)
    for question in demanded:
        after.facts |= outline.conditions.known(question, outline.looked_at)
        outline.tie(f"answer.{question.key}", question.field)
    loop = None if isinstance(element, CatchEvent) else element.loop
    if repeats(loop):
        yield Begun(after.copy())
    del after.tokens[id]
    after.facts |= outline.counted[element.id]
    after.leave(element.ways, token.parent, None if loop is not None else outcome, (element.id,))
    yield Begun(after)


def _first_of(outline: Outline, walk: Walk, id: int, target: str) -> Iterator[Begun]:
    """An event behind an event gateway comes first."""
    token = walk.tokens[id]
    event = outline.elements[target]
    assert isinstance(event, (CatchEvent, ReceiveTask))
    came = [walk.copy()] if isinstance(event, ReceiveTask) else _met(outline, walk, event, token.outcome or None)
    for after in came:
        del after.tokens[id]
        after.entered = (token.element, target)
        write(outline, after, target)
        after.leave(event.ways, token.parent, None, (token.element, target))
        yield Begun(after)


def _failed(outline: Outline, walk: Walk, id: int) -> Iterator[Begun]:
    """The work fails, with each code that somebody catches."""
    token = walk.tokens[id]
    seen: set[tuple[int, str]] = set()
    for code in (*outline.codes, None):
        own = catch_on(outline, token.element, "error", code)
        found = (id, own) if own is not None else next(catchers(outline, walk, token.parent, "error", code), None)
        if found is not None and found not in seen:
            seen.add(found)
            after = walk.copy()
            after.entered = (token.element,)
            catch(outline, after, *found)
            yield Begun(after)


def _interrupted(outline: Outline, walk: Walk, id: int, boundary: str) -> Iterator[Begun]:
    event = outline.elements[boundary]
    assert isinstance(event, BoundaryEvent)
    token = walk.tokens[id]
    if boundary in token.fired:
        return
    for after in _met(outline, walk, event):
        after.entered = (token.element,)
        write(outline, after, boundary)
        if not event.interrupting and event.trigger == "timer" and event.cycle is None:
            after.tokens[id] = token._replace(fired=tuple(sorted((*token.fired, boundary))))
        catch(outline, after, id, boundary)
        yield Begun(after, beside=not event.interrupting)


def _handlers(outline: Outline, walk: Walk, id: int, scope: str | None) -> Iterator[Begun]:
    """The event sub-processes of a scope that may begin now."""
    fired = walk.fired if id == ROOT else walk.tokens[id].fired
    if is_interrupted(outline, walk, id):
        return
    for handler in outline.handlers.get(scope, ()):
        start = outline.sub_process(handler).start
        event = outline.elements[start]
        assert isinstance(event, StartEvent)
        if start in fired:
            continue
        for after in _met(outline, walk, event):
            write(outline, after, start)
            if not event.interrupting and event.trigger == "timer" and event.cycle is None:
                spent = tuple(sorted((*fired, start)))
                if id == ROOT:
                    after.fired = spent
                else:
                    after.tokens[id] = after.tokens[id]._replace(fired=spent)
            catch(outline, after, id, start)
            yield Begun(after, beside=not event.interrupting)


def _met(
    outline: Outline, walk: Walk, event: BoundaryEvent | CatchEvent | StartEvent, outcome: str | None = None
) -> Iterator[Walk]:
    """Copies of the walk in which an event comes from outside: a condition can be met only if what is known allows
    it, and then that is known, too."""
    if event.trigger not in COMES:
        return
    if event.condition is None:
        yield walk.copy()
        return
    for at, facts in outline.conditions.first([event.condition], outcome, walk.facts, event.id):
        if at is not None:
            after = walk.copy()
            after.facts = facts
            after.reads |= outline.read[event.id]
            yield after


def write(outline: Outline, walk: Walk, id: str) -> None:
    """Forget what an element's end may have changed."""
    changed = outline.writes[id]
    if changed:
        walk.writes |= changed
        walk.facts = outline.forget(walk.facts, changed)


def kept(outline: Outline, walk: Walk) -> Facts:
    """The facts that still matter when all tokens rest: about answers that somebody may look at again. What depends on
    the present moment is over with it."""
    if not walk.facts:
        return walk.facts
    standing = {token.element for token in walk.tokens.values()} | set(outline.aside(None))
    live = frozenset[str]().union(*(outline.ahead[id] | outline.read[id] for id in standing))
    volatile = frozenset[str]().union(*(outline.volatile[id] for id in standing))
    found = set()
    for fact in outline.forget(walk.facts, volatile):
        fields = outline.conditions.fields(fact)
        if live.isdisjoint(fields) or outline.conditions.passes(fact):
            continue
        if fields <= outline.tracked:
            found.add(fact)
        else:
            outline.blurred = True
    return frozenset(found)
