"""The way an instance went, made from its events: what it stood on in which order, how long, and along which flows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from kniga.engine import (
    CallActivity,
    CatchEvent,
    Definition,
    EndEvent,
    ReceiveTask,
    ServiceTask,
    SubProcess,
    UserTask,
)

# By the kind of an event that something outside brought about: where it names the element that heard it.
_EVENT_CAUSES: Final = {
    "processes.timer.fired": "timer",
    "processes.message.caught": "event",
    "processes.signal.caught": "event",
    "processes.condition.met": "event",
}
_CLOSED: Final = {
    "processes.task.completed": "done",
    "processes.task.cancelled": "cancelled",
    "processes.work.completed": "done",
    "processes.work.failed": "failed",
}
_OPENED: Final = ("processes.task.created", "processes.work.started")
_SCOPES: Final = ("processes.scope.entered", "processes.loop.started")


@dataclass(frozen=True, slots=True)
class Told:
    """An event that counts: of which version (by number), by whom ("" for the machine)."""

    kind: str
    payload: Mapping[str, Any]
    at: datetime
    by: str
    version: int


@dataclass(frozen=True, slots=True)
class Visit:
    """Standing on an element once. `number` counts within a version's part from 1; `how` is done, cancelled, failed,
    moved (to another version), passed (an event that lasts no time), acted (what the machine did at once), ended,
    or here; `left_at` is None as long as it is here, `entered_at` where nothing tells since when it waits there;
    `outcome` is a key."""

    number: int
    element: str
    token: int | None
    entered_at: datetime | None
    left_at: datetime | None
    how: str
    by: str = ""
    outcome: str = ""


@dataclass(slots=True)
class Way:
    """The part of an instance's way that went by one version: its visits in order, the ids of the flows and passed
    elements between them, and from which elements it went on, in order."""

    version: int
    visits: list[Visit] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)

    def passed_to(self, element: str, definition: Definition) -> tuple[str, ...]:
        """The flows and elements passed on the way to one where a token waits: nothing tells when it came there, so
        the way is found from the last element it can have come from. Empty where none is known."""
        found = (_between(definition, source, element) for source in reversed(self.sources))
        return next(filter(None, found), ())


def ways_gone(told: Iterable[Told], definitions: Mapping[int, Definition]) -> tuple[Way, ...]:
    """The ways of an instance, one for each version it went by, in their order. `told` are the events that still
    count, in their order; `definitions` are those of the versions, by number."""
    following = _Following(definitions)
    for event in told:
        following.take(event)
    return tuple(following.ways)


class _Following:
    """Goes through the events of one instance."""

    def __init__(self, definitions: Mapping[int, Definition]) -> None:
        self.definitions = definitions
        self.ways: list[Way] = []
        self.open: dict[int, int] = {}
        self.source = ""
        self.acted: set[str] = set()

    def take(self, event: Told) -> None:
        if not self.ways or self.ways[-1].version != event.version:
            self._change_version(event)
        told = event.payload
        if event.kind == "processes.instance.started":
            self._go_on_from(str(told["element"]))
            if self._definition().user_task(self.source) is None:
                self._add(event, self.source, None, "passed")
        elif event.kind in _EVENT_CAUSES:
            id = str(told[_EVENT_CAUSES[event.kind]])
            self._connect(event, id)
            self._add(event, id, None, "passed")
            self._go_on_from(id)
        elif event.kind == "processes.instance.sent":
            self.source = ""
        elif event.kind in _CLOSED:
            self._close(event, _CLOSED[event.kind])
            if event.kind != "processes.task.cancelled":
                self._go_on_from(str(told["element"]))
        elif event.kind in _OPENED:
            self._arrive(event, str(told["element"]), int(told["token"]), "here")
        elif event.kind == "processes.decision.made":
            self._arrive(event, str(told["element"]), None, "acted")
            self._go_on_from(str(told["element"]))
        elif event.kind in _SCOPES:
            self._pass(str(told["element"]))
        elif event.kind == "processes.scope.left":
            self._go_on_from(str(told["element"]))
        elif event.kind == "processes.instance.ended":
            self._arrive(event, str(told["element"]), None, "ended")
            self._leave_all(event.at, "cancelled")
        elif event.kind == "processes.instance.cancelled":
            self._leave_all(event.at, "cancelled")

    def _change_version(self, event: Told) -> None:
        """A new part; what was open goes on in it, under the name it has there."""
        before, self.open = dict(self.open), {}
        old = self.ways[-1] if self.ways else None
        self.ways.append(Way(event.version))
        self.source = ""
        mapping = event.payload.get("mapping") or {}
        for token, place in before.items():
            assert old is not None, "only what was visited is open"
            visit = old.visits[place]
            old.visits[place] = replace(visit, left_at=event.at, how="moved")
            self._add(event, mapping.get(visit.element, visit.element), token, "here", by="")

    def _arrive(self, event: Told, element: str, token: int | None, how: str) -> None:
        if self.source:
            self._walk(event, _between(self._definition(), self.source, element))
        self._add(event, element, token, how, by="")

    def _walk(self, event: Told, between: Sequence[str]) -> None:
        """Flows and elements gone through; of what the machine does at once no event of its own tells."""
        self.ways[-1].passed.update(between)
        for id in between:
            if isinstance(self._definition().elements.get(id), ServiceTask) and id not in self.acted:
                self.acted.add(id)
                self._add(event, id, None, "acted", by="")

    def _pass(self, element: str) -> None:
        way = self.ways[-1]
        way.passed.add(element)
        if self.source:
            way.passed.update(_between(self._definition(), self.source, element))
        self._go_on_from(element)

    def _go_on_from(self, element: str) -> None:
        self.source = element
        self.acted = set()
        self.ways[-1].sources.append(element)

    def _connect(self, event: Told, id: str) -> None:
        """The way to an event that was waited for."""
        definition = self._definition()
        if isinstance(definition.elements.get(id), (CatchEvent, ReceiveTask)):
            self._walk(event, self.ways[-1].passed_to(id, definition))

    def _add(self, event: Told, element: str, token: int | None, how: str, by: str | None = None) -> None:
        visits = self.ways[-1].visits
        left = None if how == "here" else event.at
        said = event.by if by is None else by
        visits.append(Visit(len(visits) + 1, element, token, event.at, left, how, said))
        if how == "here" and token is not None:
            self.open[token] = len(visits) - 1

    def _close(self, event: Told, how: str) -> None:
        place = self.open.pop(int(event.payload["token"]), None)
        if place is not None:
            visits = self.ways[-1].visits
            outcome = str(event.payload.get("outcome") or "")
            visits[place] = replace(visits[place], left_at=event.at, how=how, by=event.by, outcome=outcome)

    def _leave_all(self, at: datetime, how: str) -> None:
        visits = self.ways[-1].visits
        for place in self.open.values():
            visits[place] = replace(visits[place], left_at=at, how=how)
        self.open = {}

    def _definition(self) -> Definition:
        return self.definitions[self.ways[-1].version]


def _between(definition: Definition, source: str, target: str) -> tuple[str, ...]:
    """The flows, and the elements nobody rests on, of the shortest way from one element to another; empty where none
    is known (a person sent the deal there)."""
    came: dict[str, tuple[str, str]] = {}
    waiting = deque([source])
    while waiting:
        here = waiting.popleft()
        for flow, there in _steps(definition, here):
            if there in came:
                continue
            came[there] = (flow, here)
            if there == target:
                return tuple(_traced(came, source, target))[::-1]
            if _is_passed(definition, there):
                waiting.append(there)
    return ()


def _traced(came: Mapping[str, tuple[str, str]], source: str, target: str) -> Iterator[str]:
    here = target
    while True:
        flow, before = came[here]
        yield flow
        if before == source:
            return
        yield before
        here = before


def _steps(definition: Definition, id: str) -> Iterator[tuple[str, str]]:
    """What may come after an element: flows, the beginning of a sub-process, and after its end what follows it."""
    element = definition.elements.get(id)
    yield from ((flow.id, flow.target) for flow in definition.flows if flow.source == id)
    if isinstance(element, SubProcess):
        yield id, element.start
    if isinstance(element, EndEvent) and element.scope:
        yield element.scope, element.scope


def _is_passed(definition: Definition, id: str) -> bool:
    """Whether a token goes through an element without standing on it."""
    element = definition.elements.get(id)
    if isinstance(element, ServiceTask):
        return element.immediate
    return not isinstance(element, (UserTask, ReceiveTask, CatchEvent, CallActivity))
