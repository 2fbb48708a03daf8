"""What the shell has to do after a step, in this order, in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kniga.engine.definition.model import Correlation
from kniga.engine.definition.timing import Due
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Put a task on a desk; everything else about it is in the definition under ``element``. ``item``: for which item
    of a multi-instance activity."""

    token: int
    element: str
    stage: str | None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class CloseTask:
    """Take a task off the desk; ``outcome`` is None for a cancelled one."""

    token: int
    how: Literal["completed", "cancelled"]
    outcome: str | None


@dataclass(frozen=True, slots=True)
class MoveTask:
    """The open task is now this element of the new version (its row stays, its name and stage may change)."""

    token: int
    element: str
    stage: str | None


@dataclass(frozen=True, slots=True)
class ScheduleTimer:
    """Send FireTimer(token, timer) when it is due. ``since`` is what a ``field`` basis counts from (the value the
    field has now; None: unknown, then the shell takes the moment of the step)."""

    token: int
    timer: str
    due: Due
    since: Value = None


@dataclass(frozen=True, slots=True)
class AwaitMessage:
    """Send CorrelateMessage(token, element) when a message of this name comes; ``key`` is the value an own key must
    have (correlation ``key``)."""

    token: int
    element: str
    name: str
    correlation: Correlation
    key: Value = None


@dataclass(frozen=True, slots=True)
class AwaitSignal:
    """Send CatchSignal(token, element) when the signal is broadcast."""

    token: int
    element: str
    name: str


@dataclass(frozen=True, slots=True)
class StartWork:
    """Do what the service, send or call activity says, then send CompleteWork or FailWork. ``params`` are resolved;
    for a call activity ``action`` is ``call`` and ``params`` hold process and version."""

    token: int
    element: str
    action: str
    params: Mapping[str, Value] = field(default_factory=dict)
    item: str | None = None


@dataclass(frozen=True, slots=True)
class CancelWaits:
    """Forget everything set up for a token: timers, messages, signals, work. With ``only``, just what was set up under
    that element's id."""

    token: int
    only: str | None = None


@dataclass(frozen=True, slots=True)
class ThrowMessage:
    """Send a message to whoever waits for it."""

    element: str
    name: str
    correlation: Correlation
    key: Value = None
    payload: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThrowSignal:
    """Broadcast a signal to every instance that waits for it."""

    element: str
    name: str


@dataclass(frozen=True, slots=True)
class EnterStage:
    """The deal is now in this stage of the funnel."""

    stage: str


@dataclass(frozen=True, slots=True)
class SetField:
    """The deal's new value of this field (one of ``SETTABLE_FIELDS``)."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class EndInstance:
    """The instance is over with this result (won, lost, other; failed: an error nobody caught) and reason."""

    result: str
    reason: str | None


Effect = (
    CreateTask
    | CloseTask
    | MoveTask
    | ScheduleTimer
    | AwaitMessage
    | AwaitSignal
    | StartWork
    | CancelWaits
    | ThrowMessage
    | ThrowSignal
    | EnterStage
    | SetField
    | EndInstance
)
