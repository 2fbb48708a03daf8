"""What a process can do next, worked out from the definition and the state alone, and a shell that only keeps what it
was told to wait for: the two must agree after every step."""

from collections.abc import Iterator, Mapping

from kniga.engine import (
    AwaitMessage,
    AwaitSignal,
    BoundaryEvent,
    CallActivity,
    CancelWaits,
    CatchEvent,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    Definition,
    Effect,
    Element,
    EventGateway,
    FailWork,
    FireTimer,
    ReceiveTask,
    Reconsider,
    ScheduleTimer,
    ServiceTask,
    StartEvent,
    StartWork,
    State,
    SubProcess,
    Token,
    UserTask,
    Value,
)

Waits = frozenset[tuple[int, str, str]]
"""Token, event, and what is waited for: timer, message, signal or work."""

FIELDS: Mapping[str, Value] = {"deal.amount": 500, "client.contacts": ("ann", "bob")}
SMALL: Mapping[str, Value] = {"deal.amount": 5, "client.contacts": ()}


def expected_waits(definition: Definition, state: State) -> Waits:
    """All that the shell has to wait for in a state."""
    found: set[tuple[int, str, str]] = set()
    for token in state.tokens:
        element = definition.elements[token.element]
        if token.loop is None:
            found |= {(token.id, id, kind) for id, kind in _own(definition, element)}
            if isinstance(element, SubProcess):
                found |= _handlers(definition, state, token.id, element.handlers, token.fired)
        if token.item is None:
            found |= set(_boundaries(definition, element, token))
    if state.status == "running":
        found |= _handlers(definition, state, 0, definition.handlers, state.fired)
    return frozenset(found)


def after_effects(waits: Waits, effects: tuple[Effect, ...]) -> Waits:
    """What a shell waits for after it has carried out the effects of a step."""
    kept = set(waits)
    for effect in effects:
        if isinstance(effect, ScheduleTimer):
            kept.add((effect.token, effect.timer, "timer"))
        elif isinstance(effect, AwaitMessage):
            kept.add((effect.token, effect.element, "message"))
        elif isinstance(effect, AwaitSignal):
            kept.add((effect.token, effect.element, "signal"))
        elif isinstance(effect, StartWork):
            kept.add((effect.token, effect.element, "work"))
        elif isinstance(effect, CancelWaits):
            kept = {w for w in kept if w[0] != effect.token or (effect.only is not None and w[1] != effect.only)}
    return frozenset(kept)


def consumed(waits: Waits, command: Command) -> Waits:
    """What is still waited for once the command's own occasion has come."""
    if isinstance(command, FireTimer):
        return waits - {(command.token, command.timer, "timer")}
    if isinstance(command, CorrelateMessage):
        return waits - {(command.token, command.element, "message")}
    if isinstance(command, CatchSignal):
        return waits - {(command.token, command.element, "signal")}
    if isinstance(command, (CompleteWork, FailWork)):
        return frozenset(w for w in waits if w[0] != command.token or w[2] != "work")
    return waits


def choices(definition: Definition, state: State, fields: Mapping[str, Value] = FIELDS) -> list[Command]:
    """Every command that fits a running state: finishing tasks first, then whatever the shell waits for."""
    found: list[Command] = []
    for token in state.tokens:
        element = definition.elements[token.element]
        if isinstance(element, UserTask) and token.loop is None:
            asked = {"q": 4} if element.questions else {}
            found += [CompleteTask(token.id, outcome.key, asked, fields) for outcome in element.outcomes]
    beside = (BoundaryEvent, StartEvent)  # these come last: they may come for ever
    waits = sorted(expected_waits(definition, state), key=lambda w: (isinstance(definition.elements[w[1]], beside), w))
    for token_id, id, kind in waits:
        if kind == "timer":
            found.append(FireTimer(token_id, id, fields))
        elif kind == "message":
            found.append(CorrelateMessage(token_id, id, {"q": 6}, fields))
        elif kind == "signal":
            found.append(CatchSignal(token_id, id, fields))
        else:
            outcome = "won" if isinstance(definition.elements[id], CallActivity) else None
            found.append(CompleteWork(token_id, {"q": 1}, outcome, fields=fields))
    return [*found, Reconsider(fields)]


def _own(definition: Definition, element: Element) -> Iterator[tuple[str, str]]:
    if isinstance(element, EventGateway):
        for way in element.ways:
            yield from _own(definition, definition.elements[way.target])
    elif isinstance(element, ReceiveTask):
        yield element.id, "message"
    elif isinstance(element, CatchEvent) and element.trigger != "conditional":
        yield element.id, element.trigger
    elif isinstance(element, (ServiceTask, CallActivity)):
        yield element.id, "work"


def _boundaries(definition: Definition, element: Element, token: Token) -> Iterator[tuple[int, str, str]]:
    for id in getattr(element, "boundary", ()):
        event = definition.elements[id]
        assert isinstance(event, BoundaryEvent)
        if _is_open(event, token.fired):
            yield token.id, id, event.trigger


def _handlers(
    definition: Definition, state: State, scope: int, handlers: tuple[str, ...], fired: tuple[str, ...]
) -> set[tuple[int, str, str]]:
    found: set[tuple[int, str, str]] = set()
    for handler in handlers:
        process = definition.elements[handler]
        assert isinstance(process, SubProcess)
        start = definition.elements[process.start]
        assert isinstance(start, StartEvent)
        if start.interrupting and any(t.parent == scope and t.element == handler for t in state.tokens):
            return set()
        if _is_open(start, fired):
            found.add((scope, start.id, start.trigger))
    return found


def _is_open(event: BoundaryEvent | StartEvent, fired: tuple[str, ...]) -> bool:
    if event.trigger not in ("timer", "message", "signal"):
        return False
    if event.trigger != "timer" or event.interrupting:
        return True
    times = 1 if event.cycle is None else event.cycle.times
    return times is None or fired.count(event.id) < times
