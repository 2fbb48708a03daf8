"""The whole memory of a running process, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kniga.rules import Value

STATE_FORMAT = 1

Status = Literal["new", "running", "ended", "cancelled"]


@dataclass(frozen=True, slots=True)
class Token:
    """One open user task. ``fired`` are its non-interrupting timers that have fired already."""

    id: int
    element: str
    fired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Where an instance stands. ``seq`` is the last token id given out, ``data`` the answers so far,
    ``stage`` the stage entered last, ``result`` and ``reason`` how it ended."""

    format: int
    status: Status
    seq: int
    tokens: tuple[Token, ...]
    data: Mapping[str, Value]
    result: str | None
    reason: str | None
    stage: str | None = None

    def token(self, id: int) -> Token | None:
        """The open token with this id, or None."""
        for token in self.tokens:
            if token.id == id:
                return token
        return None


NEW_STATE = State(STATE_FORMAT, "new", 0, (), {}, None, None)
