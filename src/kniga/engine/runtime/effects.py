"""What the shell has to do after a step, in this order, in the same transaction."""

from dataclasses import dataclass
from typing import Literal

from kniga.engine.definition.model import Due
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Put a task on a desk; everything else about it is in the definition under ``element``."""

    token: int
    element: str
    stage: str | None


@dataclass(frozen=True, slots=True)
class CloseTask:
    """Take a task off the desk; ``outcome`` is None for a cancelled one."""

    token: int
    how: Literal["completed", "cancelled"]
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ScheduleTimer:
    """Send FireTimer(token, timer) when it is due."""

    token: int
    timer: str
    due: Due


@dataclass(frozen=True, slots=True)
class CancelTimers:
    """Forget all timers of a token."""

    token: int


@dataclass(frozen=True, slots=True)
class EnterStage:
    """The deal is now in this stage of the funnel."""

    stage: str


@dataclass(frozen=True, slots=True)
class SetField:
    """An answer is the deal's new value of this field (one of ``SETTABLE_FIELDS``)."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class EndInstance:
    """The instance is over with this result (won, lost, other) and reason."""

    result: str
    reason: str | None


Effect = CreateTask | CloseTask | ScheduleTimer | CancelTimers | EnterStage | SetField | EndInstance
