"""One command being carried out: the only mutable thing of the engine, alive for one ``advance``."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, cast

from kniga.engine.definition.model import Definition, EndEvent, Param, Way
from kniga.engine.runtime.effects import Effect, SetField
from kniga.engine.runtime.events import Cause, Event
from kniga.engine.runtime.results import Refused, Step
from kniga.engine.runtime.state import STATE_FORMAT, Loop, State, Status, Token
from kniga.engine.runtime.values import Values
from kniga.rules import BadValue, Rule, Value, holds, is_relative

ZONE = "now.zone"
"""What a step whose conditions move with the clock looked at beside the moment: where days begin."""


class Move(NamedTuple):
    """A token on its way to an element by a flow; ``outcome`` is that of the last task on its path, ``item`` says
    that it begins the body of a loop whose holder is ``parent``."""

    element: str
    flow: str | None
    parent: int
    outcome: str | None
    item: int | None = None


class Run:
    """Collects tokens, answers, events and effects while tokens move from rest to rest.

    ``queue`` holds the moves still to make, ``emptied`` the scopes that may have lost their last token, ``fired``
    the process's own handlers that are spent. Tokens stand by id, in the order of their ids."""

    __slots__ = (
        "bodies", "definition", "effects", "elements", "emptied", "events", "fired", "hops", "last_end", "now",
        "queue", "reason", "result", "seq", "stage", "status", "tokens", "values",
    )  # fmt: skip

    def __init__(self, definition: Definition, state: State, fields: Mapping[str, Value], now: datetime) -> None:
        self.definition = definition
        self.elements = definition.elements
        self.now = now
        self.status: Status = "running"
        self.seq = state.seq
        self.tokens = {token.id: token for token in state.tokens}
        self.fired = state.fired
        self.result = state.result
        self.reason = state.reason
        self.stage = state.stage
        self.values = Values(fields, state.data)
        self.queue: deque[Move] = deque()
        self.emptied: list[int] = []
        self.last_end: EndEvent | None = None
        self.hops = 0
        self.bodies = 0
        self.events: list[Event] = []
        self.effects: list[Effect] = []

    @property
    def data(self) -> Mapping[str, Value]:
        """The answers so far."""
        return self.values.data

    def rest(
        self,
        element: str,
        parent: int,
        *,
        outcome: str | None = None,
        flow: str | None = None,
        item: int | None = None,
        loop: Loop | None = None,
    ) -> Token:
        """Lay a new token down."""
        self.seq += 1
        token = Token(self.seq, element, (), parent, flow, outcome, item, loop)
        self.tokens[self.seq] = token
        return token

    def go_on(self, element: str, ways: tuple[Way, ...], parent: int, outcome: str | None) -> None:
        """Send a token along every way out of an element. Raises Refused no_flow if there is none."""
        if not ways:
            raise Refused("no_flow", element=element)
        for flow, target in ways:
            self.queue.append(Move(target, flow, parent, outcome))

    def holds(self, condition: Rule, outcome: str | None) -> bool:
        """Whether a condition is true at this moment, for a path with this outcome. Raises Refused bad_field."""
        self.values.outcome = outcome
        if is_relative(condition):
            self.values.look_at(ZONE, str(self.now.tzinfo))
        try:
            return holds(condition, self.values, now=self.now)
        except BadValue as error:
            raise Refused("bad_field", detail=str(error)) from None

    def value(self, field: str | None) -> Value:
        """The value a field has now; None if it is not known or no field is named."""
        return None if field is None else self.values[field]

    def resolve(self, params: tuple[Param, ...]) -> dict[str, Value]:
        """The parameters of an action with the values they have now."""
        return {param.name: param.value if param.field is None else self.values[param.field] for param in params}

    def answer(self, answers: Mapping[str, Value]) -> None:
        """Keep answers; one that is None is cleared."""
        data = {**self.values.data, **answers}
        self.values.data = {key: value for key, value in data.items() if value is not None}

    def set_field(self, field: str, value: Value) -> None:
        """Give the deal's field a new value, which the conditions of this very step see already."""
        self.values.change(field, value)
        self.effects.append(SetField(field, value))

    def step(self) -> Step:
        """The outcome of the command as values."""
        if self.values.looked_at and self.events:
            # Only causes are first in a step that looked at something: see the events.
            cause = cast(Cause, self.events[0])
            self.events[0] = replace(cause, looked_at=self.values.looked_at)
        state = State(
            STATE_FORMAT, self.status, self.seq, tuple(self.tokens.values()), self.values.data, self.result,
            self.reason, self.stage, self.fired,
        )  # fmt: skip
        return Step(state, tuple(self.events), tuple(self.effects))
