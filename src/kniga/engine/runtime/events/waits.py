"""Something that was waited for has come. ``token`` 0 stands for the process itself; ``element`` is where the token
stands, or the event sub-process that begins; an event that does not interrupt leaves the token where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kniga.engine.runtime.events.writing import Payload, with_looked_at
from kniga.engine.state_format.values import dump_values
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer was due."""

    kind: ClassVar[str] = "processes.timer.fired"
    token: int
    element: str
    timer: str
    interrupting: bool
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {
            "token": self.token,
            "element": self.element,
            "timer": self.timer,
            "interrupting": self.interrupting,
        }
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class TimerSkipped:
    """A timer was due, and a person let it pass."""

    kind: ClassVar[str] = "processes.timer.skipped"
    token: int
    element: str
    timer: str
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element, "timer": self.timer}
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class MessageCaught:
    """A message came; ``values`` is all it carried."""

    kind: ClassVar[str] = "processes.message.caught"
    token: int
    element: str
    event: str
    interrupting: bool
    values: Mapping[str, Value]
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {
            "token": self.token,
            "element": self.element,
            "event": self.event,
            "interrupting": self.interrupting,
            "values": dump_values(self.values),
        }
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class SignalCaught:
    """A signal was broadcast."""

    kind: ClassVar[str] = "processes.signal.caught"
    token: int
    element: str
    event: str
    interrupting: bool
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        return with_looked_at(_written(self.token, self.element, self.event, self.interrupting), self.looked_at)


@dataclass(frozen=True, slots=True)
class ConditionMet:
    """A condition became true."""

    kind: ClassVar[str] = "processes.condition.met"
    token: int
    element: str
    event: str
    interrupting: bool
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        return with_looked_at(_written(self.token, self.element, self.event, self.interrupting), self.looked_at)


@dataclass(frozen=True, slots=True)
class ConditionSkipped:
    """A condition was true, and a person let it pass."""

    kind: ClassVar[str] = "processes.condition.skipped"
    token: int
    element: str
    event: str
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element, "event": self.event}
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class ConditionCeased:
    """A condition that had been met is true no longer, so that it may be met again."""

    kind: ClassVar[str] = "processes.condition.ceased"
    token: int
    element: str
    event: str
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element, "event": self.event}
        return with_looked_at(payload, self.looked_at)


def _written(token: int, element: str, event: str, interrupting: bool) -> Payload:
    return {"token": token, "element": element, "event": event, "interrupting": interrupting}
