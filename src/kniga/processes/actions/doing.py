"""What an action is given, what it may give back, and how it says that it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kniga.platform.said import said as _
from kniga.platform.storable import storable
from kniga.rules import Value

DEEPEST: Final = 20
"""How many lists and objects may stand in one another in what an action gives back."""


def _nothing() -> None:
    """Nobody else can take this job."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done: for which instance and deal, with which parameters. `work_id` stays the same however often it
    is tried: whoever receives something twice can tell by it. `hold` is to be called right before what cannot be
    taken back: it makes sure that nobody else has taken the work meanwhile (raises Conflict)."""

    work_id: int
    instance_id: int
    deal_id: int
    element: str
    params: Mapping[str, Value]
    item: str | None
    now: datetime
    hold: Callable[[], None] = _nothing

    def text(self, name: str) -> str:
        """A parameter as text, "" if it is not given."""
        value = self.params.get(name)
        return "" if value is None else str(value)


Results = Mapping[str, object]
Doing = Callable[[Job], Results]


class ActionFailed(Exception):
    """The action could not be done: `message` for people (translated), `said` the same as a text that may be told
    again in another language, `code` for error events of the process; `is_final`: trying again would not help."""

    def __init__(self, message: str, *, code: str = "failed", is_final: bool = False) -> None:
        super().__init__(storable(message))
        self.message, self.said, self.code, self.is_final = storable(message), message, code, is_final


def refuse_unreadable(value: object, depth: int = 0) -> None:
    """Raises ActionFailed `bad_answer` (final) for what cannot be kept: characters no database takes, and lists and
    objects in one another without end."""
    if depth > DEEPEST:
        raise bad_answer()
    if isinstance(value, str):
        if "\0" in value or not _is_text(value):
            raise bad_answer()
    elif isinstance(value, Mapping):
        for key, one in value.items():
            refuse_unreadable(key, depth + 1)
            refuse_unreadable(one, depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            refuse_unreadable(one, depth + 1)


def bad_answer() -> ActionFailed:
    """What was answered cannot be read, though the action is done: it is not done again by itself."""
    return ActionFailed(_("The answer cannot be read."), code="bad_answer", is_final=True)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
