"""The whole memory of a running process, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kniga.rules import Value

STATE_FORMAT = 2

Status = Literal["new", "running", "ended", "cancelled"]

ROOT = 0
"""The id that stands for the process itself where a token's id is asked for."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How far a multi-instance activity is: the keys of its items, how many have been begun, and how often each
    outcome was met (pairs of outcome and number, in the order first met)."""

    items: tuple[str, ...]
    begun: int = 0
    done: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """One place where the instance stands: an open task, something waited for, a sub-process at work (others have it
    as ``parent``), or one arrival at a join (``flow`` says by which flow).

    ``fired`` are its non-interrupting boundary timers (and, for a scope, handlers) that have fired for good;
    ``outcome`` that of the path's last task; ``item`` the position in the loop of the parent, ``loop`` is set on the
    token that holds a multi-instance activity together."""

    id: int
    element: str
    fired: tuple[str, ...] = ()
    parent: int = ROOT
    flow: str | None = None
    outcome: str | None = None
    item: int | None = None
    loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where an instance stands. ``seq`` is the last token id given out, ``data`` the answers so far,
    ``stage`` the stage entered last, ``result`` and ``reason`` how it ended, ``fired`` the process's own
    non-interrupting handlers that have fired for good. Tokens stand in the order of their ids."""

    format: int
    status: Status
    seq: int
    tokens: tuple[Token, ...]
    data: Mapping[str, Value]
    result: str | None
    reason: str | None
    stage: str | None = None
    fired: tuple[str, ...] = ()

    def token(self, id: int) -> Token | None:
        """The token with this id, or None."""
        for token in self.tokens:
            if token.id == id:
                return token
        return None


NEW_STATE = State(STATE_FORMAT, "new", 0, (), {}, None, None)
