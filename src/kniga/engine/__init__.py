"""The process engine: pure, typed, replayable. See docs/reference/bpmn-subset.md for what executes."""

from kniga.engine.bpmn.compiler import compile_bpmn
from kniga.engine.definition.model import (
    BoundaryTimer,
    Branch,
    Choice,
    Definition,
    Due,
    Element,
    EndEvent,
    ExclusiveGateway,
    Flow,
    Outcome,
    Question,
    StageDef,
    StartEvent,
    UserTask,
    targets_of,
)
from kniga.engine.definition.problems import BpmnRefused, Problem
from kniga.engine.definition.standard_fields import STANDARD_FIELDS
from kniga.engine.runtime.advance import advance, replay
from kniga.engine.runtime.commands import Cancel, Command, CompleteTask, FireTimer, Start
from kniga.engine.runtime.effects import (
    CancelTimers,
    CloseTask,
    CreateTask,
    Effect,
    EndInstance,
    EnterStage,
    ScheduleTimer,
    SetField,
)
from kniga.engine.runtime.events import (
    Event,
    InstanceCancelled,
    InstanceEnded,
    InstanceStarted,
    StageEntered,
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TimerFired,
)
from kniga.engine.runtime.results import Rejection, Step
from kniga.engine.runtime.state import NEW_STATE, STATE_FORMAT, State, Token
from kniga.engine.soundness.static import check
from kniga.engine.state_format.codec import StateUnreadable, dump_state, load_state
from kniga.rules import Value

__all__ = [
    "NEW_STATE",
    "STANDARD_FIELDS",
    "STATE_FORMAT",
    "BoundaryTimer",
    "BpmnRefused",
    "Branch",
    "Cancel",
    "CancelTimers",
    "Choice",
    "CloseTask",
    "Command",
    "CompleteTask",
    "CreateTask",
    "Definition",
    "Due",
    "Effect",
    "Element",
    "EndEvent",
    "EndInstance",
    "EnterStage",
    "Event",
    "ExclusiveGateway",
    "FireTimer",
    "Flow",
    "InstanceCancelled",
    "InstanceEnded",
    "InstanceStarted",
    "Outcome",
    "Problem",
    "Question",
    "Rejection",
    "ScheduleTimer",
    "SetField",
    "StageDef",
    "StageEntered",
    "Start",
    "StartEvent",
    "State",
    "StateUnreadable",
    "Step",
    "TaskCancelled",
    "TaskCompleted",
    "TaskCreated",
    "TimerFired",
    "Token",
    "UserTask",
    "Value",
    "advance",
    "check",
    "compile_bpmn",
    "dump_state",
    "load_state",
    "replay",
    "targets_of",
]
