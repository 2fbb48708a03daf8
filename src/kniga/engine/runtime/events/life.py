"""The life of an instance: begun, moved, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kniga.engine.runtime.events.writing import Payload, plain, with_looked_at
from kniga.engine.state_format.values import dump_values
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class InstanceStarted:
    """An instance began, at a start event or at a step (``element``). ``exact`` are those of ``data`` whose type
    cannot be told from the definition."""

    kind: ClassVar[str] = "processes.instance.started"
    element: str
    data: Mapping[str, Value]
    exact: Mapping[str, Value] | None = None
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"element": self.element, "data": plain(self.data)}
        if self.exact:
            payload["exact"] = dump_values(self.exact)
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class StageEntered:
    """The instance moved to another stage of the funnel."""

    kind: ClassVar[str] = "processes.stage.entered"
    stage: str
    previous: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"stage": self.stage, "previous": self.previous}


@dataclass(frozen=True, slots=True)
class InstanceEnded:
    """The instance is over and nothing is open any more."""

    kind: ClassVar[str] = "processes.instance.ended"
    element: str
    result: str
    reason: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "result": self.result, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class InstanceCancelled:
    """Somebody stopped the instance. It comes last in its step, after all that went away with it."""

    kind: ClassVar[str] = "processes.instance.cancelled"
    reason: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"reason": self.reason}


@dataclass(frozen=True, slots=True)
class TokensMoved:
    """Somebody sent the instance to another step. ``tokens`` are those that were named (None: all)."""

    kind: ClassVar[str] = "processes.instance.sent"
    tokens: tuple[int, ...] | None
    left: tuple[str, ...]
    element: str
    reason: str
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON; ``from`` are the elements that were left."""
        named = None if self.tokens is None else list(self.tokens)
        payload: Payload = {"tokens": named, "from": list(self.left), "to": self.element, "reason": self.reason}
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class InstanceMigrated:
    """The instance goes on under another version of its process."""

    kind: ClassVar[str] = "processes.instance.migrated"
    mapping: Mapping[str, str]
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        return with_looked_at({"mapping": dict(self.mapping)}, self.looked_at)
