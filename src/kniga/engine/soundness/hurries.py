"""Circles whose only rests are over as soon as a token comes to them, as timers that may be due at once and messages
sent in the circle itself are: then the deal runs round and round by itself."""

from collections.abc import Iterator, Mapping

from kniga.engine.bpmn.circles import instant_ways, loops_in
from kniga.engine.definition.model import (
    BoundaryEvent,
    CatchEvent,
    Element,
    EventGateway,
    ReceiveTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
    targets_of,
)


def hurried_loops(elements: Mapping[str, Element]) -> list[tuple[str, ...]]:
    """Circles that nothing need hold up: each time round a timer may be due at once, as its time is zero, a fixed
    moment, or one that a field holds, or what is waited for was sent on the way. In flow order, each beginning with an
    element that has such a timer or waits for such a message."""
    hurried = {id: targets for id, element in elements.items() if (targets := tuple(_hurried(elements, element)))}
    if not hurried:
        return []
    loops = []
    for loop in loops_in(instant_ways(elements, hurried)):
        if not _sends_what_it_awaits(elements, loop):
            continue
        first = next((place for place, id in enumerate(loop) if id in hurried), 0)
        loops.append((*loop[first:], *loop[:first]))
    return loops


def _hurried(elements: Mapping[str, Element], element: Element) -> Iterator[str]:
    """Where timers that may be due at once, and messages, lead to from an element."""
    if isinstance(element, CatchEvent):
        if _may_come(elements, element):
            yield from targets_of(element)
    elif isinstance(element, EventGateway):
        yield from (target for target in targets_of(element) if _may_come(elements, elements.get(target)))
    else:
        yield from (id for id in getattr(element, "boundary", ()) if _may_come(elements, elements.get(id)))
        yield from targets_of(element) if isinstance(element, ReceiveTask) else ()
    if isinstance(element, SubProcess) and any(_ends_at_once(elements, id) for id in element.handlers):
        yield from targets_of(element)


def _ends_at_once(elements: Mapping[str, Element], handler: str) -> bool:
    """Whether an event sub-process may end the scope around it as soon as that begins."""
    scope = elements.get(handler)
    start = elements.get(scope.start) if isinstance(scope, SubProcess) else None
    return isinstance(start, StartEvent) and start.interrupting and _may_be_due(elements, start)


def _may_come(elements: Mapping[str, Element], event: Element | None) -> bool:
    return event is not None and (_awaited(event) is not None or _may_be_due(elements, event))


def _awaited(element: Element) -> str | None:
    """The name of the message an element waits for."""
    if isinstance(element, (BoundaryEvent, CatchEvent, ReceiveTask)) and element.message is not None:
        return element.message.name
    return None


def _sends_what_it_awaits(elements: Mapping[str, Element], loop: tuple[str, ...]) -> bool:
    around = [elements[id] for id in loop]
    sent = {one.message.name for one in around if isinstance(one, ThrowEvent) and one.message is not None}
    return {name for one in around if (name := _awaited(one)) is not None} <= sent


def _may_be_due(elements: Mapping[str, Element], event: Element | None) -> bool:
    if not isinstance(event, (BoundaryEvent, CatchEvent, StartEvent)) or event.due is None:
        return False
    if not isinstance(event, CatchEvent) and event.cycle is not None:
        return False  # it comes after its interval
    due = event.due
    if due.basis in ("moment", "field"):
        return True
    if due.basis == "deadline" and isinstance(event, BoundaryEvent):
        host = elements.get(event.host)
        deadline = host.deadline if isinstance(host, UserTask) else None
        return due.seconds == 0 and deadline is not None and deadline.seconds == 0
    return due.seconds == 0
