"""Sub-processes and loops, entered and left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from kniga.engine.runtime.events.writing import Payload

How = Literal["completed", "cancelled"]


@dataclass(frozen=True, slots=True)
class ScopeEntered:
    """A sub-process or event sub-process began; ``item`` says for which item of a loop."""

    kind: ClassVar[str] = "processes.scope.entered"
    token: int
    element: str
    item: str | None = None

    def payload(self) -> Payload:
        """The event as JSON."""
        payload: Payload = {"token": self.token, "element": self.element}
        if self.item is not None:
            payload["item"] = self.item
        return payload


@dataclass(frozen=True, slots=True)
class ScopeLeft:
    """A sub-process or event sub-process is over."""

    kind: ClassVar[str] = "processes.scope.left"
    token: int
    element: str
    how: How

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"token": self.token, "element": self.element, "how": self.how}


@dataclass(frozen=True, slots=True)
class LoopStarted:
    """An activity is to be done for each of ``items``; ``token`` holds its bodies together."""

    kind: ClassVar[str] = "processes.loop.started"
    token: int
    element: str
    items: tuple[str, ...]

    def payload(self) -> Payload:
        """The event as JSON."""
        return {"token": self.token, "element": self.element, "items": list(self.items)}


@dataclass(frozen=True, slots=True)
class LoopEnded:
    """A loop is over: for how many items it was done, and how often each outcome was met."""

    kind: ClassVar[str] = "processes.loop.ended"
    token: int
    element: str
    how: How
    done: int
    outcomes: Mapping[str, int]

    def payload(self) -> Payload:
        """The event as JSON."""
        return {
            "token": self.token,
            "element": self.element,
            "how": self.how,
            "done": self.done,
            "outcomes": dict(self.outcomes),
        }
