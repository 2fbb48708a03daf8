"""What happens to people's tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kniga.engine.runtime.events.writing import Payload, plain, with_looked_at
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """A task came to somebody's desk; ``item`` says for which item of a loop."""

    kind: ClassVar[str] = "processes.task.created"
    token: int
    element: str
    stage: str | None
    item: str | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element, "stage": self.stage}
        if self.item is not None:
            payload["item"] = self.item
        return payload


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """A person finished a task with an outcome; ``answers`` as accepted, None where one was cleared."""

    kind: ClassVar[str] = "processes.task.completed"
    token: int
    element: str
    outcome: str
    answers: Mapping[str, Value]
    looked_at: Mapping[str, Value] | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {
            "token": self.token,
            "element": self.element,
            "outcome": self.outcome,
            "answers": plain(self.answers),
        }
        return with_looked_at(payload, self.looked_at)


@dataclass(frozen=True, slots=True)
class TaskCancelled:
    """A task went away without being done: something interrupted it, or the instance ended."""

    kind: ClassVar[str] = "processes.task.cancelled"
    token: int
    element: str

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"token": self.token, "element": self.element}
