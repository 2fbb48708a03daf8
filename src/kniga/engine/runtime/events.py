"""What has happened, in the past tense: these go into the ledger under their ``kind``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kniga.rules import Value, write_value

Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class InstanceStarted:
    """An instance began, at the start event or at a step (``element``)."""

    kind: ClassVar[str] = "processes.instance.started"
    element: str
    data: Mapping[str, Value]

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "data": _written(self.data)}


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """A task came to somebody's desk."""

    kind: ClassVar[str] = "processes.task.created"
    token: int
    element: str
    stage: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"token": self.token, "element": self.element, "stage": self.stage}


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """A person finished a task with an outcome; ``answers`` as accepted, None where one was cleared."""

    kind: ClassVar[str] = "processes.task.completed"
    token: int
    element: str
    outcome: str
    answers: Mapping[str, Value]

    def payload(self) -> Payload:
        """The event as JSON."""
        return {
            "token": self.token,
            "element": self.element,
            "outcome": self.outcome,
            "answers": _written(self.answers),
        }


@dataclass(frozen=True, slots=True)
class TaskCancelled:
    """A task went away without being done: a timer interrupted it, or the instance ended."""

    kind: ClassVar[str] = "processes.task.cancelled"
    token: int
    element: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"token": self.token, "element": self.element}


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer on a task was due."""

    kind: ClassVar[str] = "processes.timer.fired"
    token: int
    element: str
    timer: str
    interrupting: bool

    def payload(self) -> Payload:
        """The event as JSON."""
        return {
            "token": self.token,
            "element": self.element,
            "timer": self.timer,
            "interrupting": self.interrupting,
        }


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
    """The instance reached an end event and nothing is open any more."""

    kind: ClassVar[str] = "processes.instance.ended"
    element: str
    result: str
    reason: str | None

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"element": self.element, "result": self.result, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class InstanceCancelled:
    """Somebody stopped the instance."""

    kind: ClassVar[str] = "processes.instance.cancelled"
    reason: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"reason": self.reason}


Event = (
    InstanceStarted
    | TaskCreated
    | TaskCompleted
    | TaskCancelled
    | TimerFired
    | StageEntered
    | InstanceEnded
    | InstanceCancelled
)


def _written(values: Mapping[str, Value]) -> dict[str, object]:
    return {key: write_value(value) for key, value in values.items()}
