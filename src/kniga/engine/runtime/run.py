"""One command being carried out: the only mutable thing of the engine, alive for one ``advance``."""

from collections.abc import Mapping
from datetime import datetime

from kniga.engine.definition.model import Definition
from kniga.engine.runtime.effects import CancelTimers, CloseTask, Effect, SetField
from kniga.engine.runtime.events import Event, TaskCancelled
from kniga.engine.runtime.results import Step
from kniga.engine.runtime.state import STATE_FORMAT, State, Status, Token
from kniga.rules import Value


class Run:
    """Collects tokens, answers, events and effects while a token walks from task to task."""

    __slots__ = (
        "data", "definition", "effects", "events", "fields", "now", "outcome", "reason", "result", "seq", "stage",
        "status", "tokens",
    )  # fmt: skip

    def __init__(self, definition: Definition, state: State, fields: Mapping[str, Value], now: datetime) -> None:
        self.definition = definition
        self.fields = fields
        self.now = now
        self.outcome: str | None = None
        self.status: Status = "running"
        self.seq = state.seq
        self.tokens = list(state.tokens)
        self.data = state.data
        self.result = state.result
        self.reason = state.reason
        self.stage = state.stage
        self.events: list[Event] = []
        self.effects: list[Effect] = []

    def condition_values(self) -> dict[str, Value]:
        """Everything a condition may look at: fields, answers, and the outcome of the last task."""
        values = dict(self.fields)
        for key, value in self.data.items():
            values[f"answer.{key}"] = value
        values["outcome"] = self.outcome
        return values

    def set_field(self, field: str, value: Value) -> None:
        """Give the deal's field a new value, which the conditions of this very step see already."""
        self.fields = {**self.fields, field: value}
        self.effects.append(SetField(field, value))

    def cancel_task(self, token: Token) -> None:
        """Take an open task away; its token must be removed by the caller."""
        self.events.append(TaskCancelled(token.id, token.element))
        self.effects.append(CloseTask(token.id, "cancelled", None))
        self.drop_timers(token)

    def drop_timers(self, token: Token) -> None:
        """Forget the timers of a token whose task is over."""
        task = self.definition.user_task(token.element)
        if task is not None and task.timers:
            self.effects.append(CancelTimers(token.id))

    def cancel_all(self) -> None:
        """Take away whatever is open."""
        for token in self.tokens:
            self.cancel_task(token)
        self.tokens.clear()

    def step(self) -> Step:
        """The outcome of the command as values."""
        state = State(
            STATE_FORMAT, self.status, self.seq, tuple(self.tokens), self.data, self.result, self.reason,
            self.stage,
        )  # fmt: skip
        return Step(state, tuple(self.events), tuple(self.effects))
