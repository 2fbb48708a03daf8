"""What an action is given, and how it says that it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done: for which instance and deal, with which parameters. `work_id` stays the same however often it
    is tried: whoever receives something twice can tell by it."""

    work_id: int
    instance_id: int
    deal_id: int
    element: str
    params: Mapping[str, Value]
    item: str | None
    now: datetime

    def text(self, name: str) -> str:
        """A parameter as text, "" if it is not given."""
        value = self.params.get(name)
        return "" if value is None else str(value)


Results = Mapping[str, object]
Doing = Callable[[Job], Results]


class ActionFailed(Exception):
    """The action could not be done: `message` for people (translated), `code` for error events of the process;
    `is_final`: trying again would not help."""

    def __init__(self, message: str, *, code: str = "failed", is_final: bool = False) -> None:
        super().__init__(message)
        self.message, self.code, self.is_final = message, code, is_final
