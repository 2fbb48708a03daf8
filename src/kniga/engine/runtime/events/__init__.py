"""What has happened, in the past tense: these go into the ledger under their ``kind``.

The first event of a step is its cause: it carries what the command carried, and ``looked_at``, the deal's and the
client's values that decided something in the step (only if any did). Only a cancelled instance tells its cause last.
"""

from typing import get_args

from kniga.engine.runtime.events.life import (
    InstanceCancelled,
    InstanceEnded,
    InstanceMigrated,
    InstanceStarted,
    StageEntered,
    TokensMoved,
)
from kniga.engine.runtime.events.scopes import LoopEnded, LoopStarted, ScopeEntered, ScopeLeft
from kniga.engine.runtime.events.tasks import TaskCancelled, TaskCompleted, TaskCreated
from kniga.engine.runtime.events.waits import (
    ConditionCeased,
    ConditionMet,
    ConditionSkipped,
    MessageCaught,
    SignalCaught,
    TimerFired,
    TimerSkipped,
)
from kniga.engine.runtime.events.work import (
    DecisionMade,
    ErrorThrown,
    EscalationThrown,
    MessageThrown,
    SignalThrown,
    WorkCompleted,
    WorkFailed,
    WorkStarted,
)
from kniga.engine.runtime.events.writing import Payload

Cause = (
    InstanceStarted
    | TaskCompleted
    | TimerFired
    | TimerSkipped
    | MessageCaught
    | SignalCaught
    | ConditionMet
    | ConditionCeased
    | ConditionSkipped
    | WorkCompleted
    | WorkFailed
    | TokensMoved
    | InstanceMigrated
)
"""The events that can stand first in a step that looks at fields."""

Event = (
    Cause
    | InstanceEnded
    | InstanceCancelled
    | TaskCreated
    | TaskCancelled
    | StageEntered
    | WorkStarted
    | ErrorThrown
    | EscalationThrown
    | MessageThrown
    | SignalThrown
    | ScopeEntered
    | ScopeLeft
    | LoopStarted
    | LoopEnded
    | DecisionMade
)

EVENT_KINDS: frozenset[str] = frozenset(event.kind for event in get_args(Event))
"""The kinds of all events the engine tells: what a reader of the ledger picks for ``replay_events``."""

__all__ = [
    "EVENT_KINDS",
    "Cause",
    "ConditionCeased",
    "ConditionMet",
    "ConditionSkipped",
    "DecisionMade",
    "ErrorThrown",
    "EscalationThrown",
    "Event",
    "InstanceCancelled",
    "InstanceEnded",
    "InstanceMigrated",
    "InstanceStarted",
    "LoopEnded",
    "LoopStarted",
    "MessageCaught",
    "MessageThrown",
    "Payload",
    "ScopeEntered",
    "ScopeLeft",
    "SignalCaught",
    "SignalThrown",
    "StageEntered",
    "TaskCancelled",
    "TaskCompleted",
    "TaskCreated",
    "TimerFired",
    "TimerSkipped",
    "TokensMoved",
    "WorkCompleted",
    "WorkFailed",
    "WorkStarted",
]
