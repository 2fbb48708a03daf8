"""An exhaustive walk by the real engine: every command that is possible in every state, nothing left out.

It knows nothing of the proof of soundness, and is there to disagree with it. Elements are seen entered by looking
over the engine's shoulder, since a gateway leaves no trace in a history."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from kniga.engine import (
    NEW_STATE,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    Definition,
    EventGateway,
    FailWork,
    FireTimer,
    ReceiveTask,
    Reconsider,
    Rejection,
    ServiceTask,
    Start,
    StartEvent,
    State,
    SubProcess,
    Token,
    UserTask,
    advance,
)
from kniga.engine.runtime import settle
from kniga.engine.runtime.run import Move, Run
from tests.engine.drawing import NOW

CROWD = 2
"""What the proof states too: how many equal tokens events that do not interrupt may bring together."""
TOO_MANY = 6
Frozen = Any


@dataclass
class Walked:
    """What a walk has seen. ``fault`` is empty for a sound process; ``whole`` says that nothing was left out."""

    states: int = 0
    fault: str = ""
    whole: bool = True
    entered: set[str] = field(default_factory=set)


def walk_all(
    definition: Definition,
    *,
    limit: int = 3_000,
    data: Mapping[str, tuple[Any, ...]] | None = None,
    fields: Sequence[Mapping[str, Any]] = ({},),
) -> Walked:
    """Walk a process through and through. ``data`` are the values each answer may have, ``fields`` what the deal's
    fields may be at any step."""
    return _Walker(definition, limit, dict(data or {}), fields).walk()


class _Walker:
    def __init__(
        self, definition: Definition, limit: int, data: dict[str, tuple[Any, ...]], fields: Sequence[Mapping[str, Any]]
    ) -> None:
        self.fields = fields
        self.definition = definition
        self.limit = limit
        self.data = data
        self.seen = Walked()
        self.number: dict[Frozen, int] = {}
        self.states: list[State] = []
        self.after: list[set[int]] = []
        self.before: list[int] = []
        self.queue: deque[int] = deque()
        self.codes = [getattr(element, "code", None) for element in definition.elements.values()]

    def walk(self) -> Walked:
        for values in self._payloads():
            for start in self.definition.starts or (self.definition.start,):
                self._take(-1, NEW_STATE, Start(start, data=values), beside=False)
        while self.queue and not self.seen.fault:
            if len(self.states) > self.limit:
                self.seen.whole = False
                return self.seen
            number = self.queue.popleft()
            state = self.states[number]
            for command, beside in self._commands(state):
                self._take(number, state, command, beside)
        self.seen.states = len(self.states)
        if not self.seen.fault:
            self._judge()
        return self.seen

    def _take(self, number: int, state: State, command: Command, beside: bool) -> None:
        for fields in self.fields:
            self._take_with(number, state, replace(command, fields=fields), beside)  # type: ignore[arg-type]

    def _take_with(self, number: int, state: State, command: Command, beside: bool) -> None:
        with _watching() as entered:
            result = advance(self.definition, state, command, now=NOW)
        if isinstance(result, Rejection):
            if result.code != "uncaught_error":
                self.seen.fault = self.seen.fault or f"{command} is rejected: {result.code} {result.params}"
            return
        frozen = _freeze(self.definition, result.state)
        crowd = _crowd(frozen[0])
        if beside and crowd > CROWD:
            return
        self.seen.entered |= entered
        at = self.number.get(frozen)
        if at is None:
            at = self.number[frozen] = len(self.states)
            self.states.append(result.state)
            self.after.append(set())
            self.queue.append(at)
            if crowd > TOO_MANY:
                self.seen.fault = "tokens gather without end"
        if number >= 0:
            self.after[number].add(at)

    def _judge(self) -> None:
        back: list[list[int]] = [[] for _ in self.states]
        for number, after in enumerate(self.after):
            for at in after:
                back[at].append(number)
        pending = [number for number, state in enumerate(self.states) if state.status == "ended"]
        good = set(pending)
        while pending:
            for number in back[pending.pop()]:
                if number not in good:
                    good.add(number)
                    pending.append(number)
        lost = set(range(len(self.states))) - good
        dead = set(self.definition.elements) - self.seen.entered
        handlers = {id for id in dead if isinstance(self.definition.elements[id], SubProcess)}
        dead -= {id for id in handlers if self.definition.elements[id].start not in dead}  # type: ignore[union-attr]
        if lost:
            state = self.states[min(lost)]
            self.seen.fault = f"no end from {[token.element for token in state.tokens]} {dict(state.data)}"
        elif dead:
            self.seen.fault = f"never entered: {sorted(dead)}"

    def _payloads(self) -> Iterator[dict[str, Any]]:
        keys = sorted(self.data)
        for values in product(*((None, *self.data[key]) for key in keys)):
            yield {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def _commands(self, state: State) -> Iterator[tuple[Command, bool]]:
        if state.status != "running":
            return
        if self.definition.conditionals:
            yield Reconsider(), False
        for handler in self.definition.handlers:
            yield from self._start_of(state, 0, handler)
        for token in state.tokens:
            element = self.definition.elements[token.element]
            for id in getattr(element, "boundary", ()):
                event = self.definition.elements[id]
                assert isinstance(event, BoundaryEvent)
                if token.item is None:
                    yield from self._event(token.id, event, event.interrupting, token.fired)
            if token.loop is not None:
                continue
            if isinstance(element, UserTask):
                yield from ((command, False) for command in self._completions(token, element))
            elif isinstance(element, (ServiceTask, CallActivity)):
                outcomes = ("won", "lost", "other") if isinstance(element, CallActivity) else (None,)
                for outcome, values in product(outcomes, self._payloads()):
                    yield CompleteWork(token.id, values, outcome), False
                for code in sorted({code for code in self.codes if code} | {"another"}):
                    yield FailWork(token.id, code), False
            elif isinstance(element, ReceiveTask):
                for values in self._payloads():
                    yield CorrelateMessage(token.id, element.id, values), False
            elif isinstance(element, CatchEvent):
                yield from self._event(token.id, element, True, ())
            elif isinstance(element, EventGateway):
                for way in element.ways:
                    target = self.definition.elements[way.target]
                    if isinstance(target, ReceiveTask):
                        for values in self._payloads():
                            yield CorrelateMessage(token.id, target.id, values), False
                    else:
                        assert isinstance(target, CatchEvent)
                        yield from self._event(token.id, target, True, ())
            elif isinstance(element, SubProcess):
                for handler in element.handlers:
                    yield from self._start_of(state, token.id, handler)

    def _completions(self, token: Token, task: UserTask) -> Iterator[CompleteTask]:
        for outcome in task.outcomes:
            choices: list[tuple[str | None, ...]] = []
            for question in task.questions:
                must = question.required or outcome.key in question.required_for
                values: tuple[str | None, ...] = tuple(choice.key for choice in question.choices)
                choices.append(values if must else ("-", None, *values))
            for answers in product(*choices):
                given = zip(task.questions, answers, strict=True)
                yield CompleteTask(token.id, outcome.key, {asked.key: value for asked, value in given if value != "-"})

    def _start_of(self, state: State, scope: int, handler: str) -> Iterator[tuple[Command, bool]]:
        process = self.definition.elements[handler]
        assert isinstance(process, SubProcess)
        event = self.definition.elements[process.start]
        assert isinstance(event, StartEvent)
        handlers = self.definition.handlers
        fired = state.fired
        if scope:
            token = state.token(scope)
            around = self.definition.elements[process.scope or ""]
            assert token is not None and isinstance(around, SubProcess)
            handlers, fired = around.handlers, token.fired
        if not any(
            token.parent == scope and token.element in handlers and self._interrupts(token.element)
            for token in state.tokens
        ):
            yield from self._event(scope, event, event.interrupting, fired)

    def _interrupts(self, handler: str) -> bool:
        process = self.definition.elements[handler]
        assert isinstance(process, SubProcess)
        event = self.definition.elements[process.start]
        return isinstance(event, StartEvent) and event.interrupting

    def _event(
        self, token: int, event: BoundaryEvent | CatchEvent | StartEvent, interrupting: bool, fired: tuple[str, ...]
    ) -> Iterator[tuple[Command, bool]]:
        if event.trigger == "timer":
            if event.id not in fired:
                yield FireTimer(token, event.id), not interrupting
        elif event.trigger == "signal":
            yield CatchSignal(token, event.id), not interrupting
        elif event.trigger == "message":
            for values in self._payloads():
                yield CorrelateMessage(token, event.id, values), not interrupting


def _freeze(definition: Definition, state: State) -> Frozen:
    """A state without the ids of its tokens."""
    children: dict[int, list[Token]] = {}
    for token in state.tokens:
        children.setdefault(token.parent, []).append(token)

    def places(scope: int) -> tuple[Any, ...]:
        found = []
        for token in children.get(scope, ()):
            loop = () if token.loop is None else (token.loop.begun, token.loop.done, sorted(token.loop.outcomes))
            place = (
                token.element, token.flow or "", token.outcome or "", tuple(sorted(token.fired)), str(loop),
                -1 if token.item is None else token.item, places(token.id),
            )  # fmt: skip
            found.append(place)
        return tuple(sorted(found))

    data = tuple(sorted((key, str(value)) for key, value in state.data.items()))
    return places(0), data, tuple(sorted(state.fired)), state.status, state.result


def _crowd(places: tuple[Any, ...]) -> int:
    most = 0
    for place in places:
        most = max(most, places.count(place), _crowd(place[-1]))
    return most


@contextmanager
def _watching() -> Iterator[set[str]]:
    """The elements the engine enters or leaves meanwhile."""
    entered: set[str] = set()
    enter, go_on = settle.ENTER, Run.go_on

    def watched(kind: type[Any]) -> Callable[[Run, Any, Move], None]:
        def entering(run: Run, element: Any, move: Move) -> None:
            entered.add(element.id)
            enter[kind](run, element, move)

        return entering

    def going(run: Run, element: str, *more: Any) -> None:
        entered.add(element)
        go_on(run, element, *more)

    settle.ENTER = {kind: watched(kind) for kind in enter}
    Run.go_on = going  # type: ignore[assignment,method-assign]
    try:
        yield entered
    finally:
        settle.ENTER = enter
        Run.go_on = go_on  # type: ignore[method-assign]
