"""What the machine does, decides and sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kniga.engine.runtime.events.writing import Payload, with_looked_at
from kniga.engine.state_format.values import dump_values
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class WorkStarted:
    """The shell was asked to do something; ``item`` says for which item of a loop."""

    kind: ClassVar[str] = "processes.work.started"
    token: int
    element: str
    action: str
    item: str | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element, "action": self.action}
        if self.item is not None:
            payload["item"] = self.item
        return payload


@dataclass(frozen=True, slots=True)
class WorkCompleted:
    """The work is done, or a person let it be ``skipped``."""

    kind: ClassVar[str] = "processes.work.completed"
    token: int
    element: str
    results: Mapping[str, Value]
    outcome: str | None
    skipped: bool
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {
            "token": self.token,
            "element": self.element,
            "results": dump_values(self.results),
            "outcome": self.outcome,
            "skipped": self.skipped,
        }
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class WorkFailed:
    """The work ended in an error that the process handles."""

    kind: ClassVar[str] = "processes.work.failed"
    token: int
    element: str
    code: str
    message: str
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {
            "token": self.token,
            "element": self.element,
            "code": self.code,
            "message": self.message,
        }
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class ErrorThrown:
    """An error came up at ``element``; ``handler`` is the event that caught it, None if nothing did."""

    kind: ClassVar[str] = "processes.error.thrown"
    element: str
    code: str | None
    handler: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "code": self.code, "handler": self.handler}


@dataclass(frozen=True, slots=True)
class EscalationThrown:
    """An escalation came up at ``element``; ``handler`` is the event that caught it, None if nothing did."""

    kind: ClassVar[str] = "processes.escalation.thrown"
    element: str
    code: str | None
    handler: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "code": self.code, "handler": self.handler}


@dataclass(frozen=True, slots=True)
class MessageThrown:
    """The process sent a message."""

    kind: ClassVar[str] = "processes.message.thrown"
    element: str
    name: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "name": self.name}


@dataclass(frozen=True, slots=True)
class SignalThrown:
    """The process broadcast a signal."""

    kind: ClassVar[str] = "processes.signal.thrown"
    element: str
    name: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "name": self.name}


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A decision table answered: by which of its ``rows`` (none: by its defaults), with what."""

    kind: ClassVar[str] = "processes.decision.made"
    element: str
    table: str
    rows: tuple[str, ...]
    outputs: Mapping[str, Value]

    def payload(self) -> Payload:
        """The event as JSON."""
        return {
            "element": self.element,
            "table": self.table,
            "rows": list(self.rows),
            "outputs": dump_values(self.outputs),
        }
