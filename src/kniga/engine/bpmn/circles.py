"""Circles that a token would run through for ever, because nothing in them rests."""

from collections.abc import Iterator, Mapping

from kniga.engine.definition.model import (
    BoundaryEvent,
    DecisionTask,
    Element,
    EndEvent,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    targets_of,
)

MOST_LOOPS = 20
_INSTANT = (
    ExclusiveGateway, InclusiveGateway, ParallelGateway, ThrowEvent, DecisionTask, StartEvent, EndEvent, BoundaryEvent,
)  # fmt: skip


def automatic_loops(elements: Mapping[str, Element]) -> list[tuple[str, ...]]:
    """Circles of gateways, throwing events, immediate actions, decisions and sub-processes that may pass at once: a
    token in one would never rest. One circle per loop, in flow order, and not more than ``MOST_LOOPS``."""
    return loops_in(instant_ways(elements))


def loops_in(all_ways: Mapping[str, tuple[str, ...] | None]) -> list[tuple[str, ...]]:
    """The circles of such ways: one per loop, in flow order, and not more than ``MOST_LOOPS``."""
    ways = {id: targets for id, targets in all_ways.items() if targets is not None}
    loops: list[tuple[str, ...]] = []
    done: set[str] = set()
    for first in ways:
        path: dict[str, Iterator[str]] = {} if first in done else {first: iter(ways[first])}
        while path:
            at = next(reversed(path))
            target = next(path[at], None)
            if target is None:
                done.add(at)
                del path[at]
            elif target in path:
                way = list(path)
                loops.append(tuple(way[way.index(target) :]))
                if len(loops) == MOST_LOOPS:
                    return loops
            elif target in ways and target not in done:
                path[target] = iter(ways[target])
    return loops


def instant_ways(
    elements: Mapping[str, Element], also: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...] | None]:
    """Where a token goes at once from each element; None from those it rests at. ``also``: where it goes at once
    besides, from elements it may rest at."""
    ways: dict[str, tuple[str, ...] | None] = {}
    scopes = [element for element in elements.values() if isinstance(element, SubProcess)]
    for id, element in elements.items():
        if not isinstance(element, SubProcess):
            ways[id] = targets_of(element) if _passes(element) else None
            _add(ways, id, also)
    for scope in sorted(scopes, key=lambda scope: -_depth(elements, scope)):  # the innermost first
        ways[scope.id] = _through(elements, scope, ways)
        _add(ways, scope.id, also)
    return ways


def _add(ways: dict[str, tuple[str, ...] | None], id: str, also: Mapping[str, tuple[str, ...]] | None) -> None:
    if also and id in also:
        ways[id] = (*(ways[id] or ()), *also[id])


def _passes(element: Element) -> bool:
    if isinstance(element, ServiceTask):
        return element.immediate
    return isinstance(element, _INSTANT)


def _depth(elements: Mapping[str, Element], scope: SubProcess) -> int:
    depth, at = 0, elements.get(scope.scope or "")
    while at is not None:
        depth, at = depth + 1, elements.get(at.scope or "")
    return depth


def _through(
    elements: Mapping[str, Element], scope: SubProcess, ways: Mapping[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """Where a token gets through a sub-process without resting: over its ways if a path ends inside, over its
    boundary events if an error or escalation is sent inside."""
    seen: set[str] = set()
    pending = [scope.start]
    while pending:
        at = pending.pop()
        if at not in seen:
            seen.add(at)
            pending.extend(ways.get(at) or ())
    reached = [elements[id] for id in seen if id in elements and ways.get(id) is not None]
    sent = {element.trigger for element in reached if isinstance(element, (ThrowEvent, EndEvent))}
    caught = sent & {"error", "escalation"}
    ends = any(not ways.get(element.id) and _ends_quietly(element) for element in reached)
    found = list(targets_of(scope)) if ends or (caught and scope.handlers) else []
    for id in scope.boundary:
        event = elements.get(id)
        if isinstance(event, BoundaryEvent) and event.trigger in caught:
            found.extend(targets_of(event))
    return tuple(found) if found or ends else None


def _ends_quietly(element: Element) -> bool:
    return not isinstance(element, EndEvent) or (element.trigger != "error" and element.result == "other")
