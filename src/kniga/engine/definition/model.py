"""A compiled process: immutable, picklable, made for walking. Nothing in here knows XML."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kniga.rules import FieldType, Rule

TaskKind = Literal["call", "meeting", "mail", "document", "task"]
Tone = Literal["primary", "positive", "negative", "neutral"]
Result = Literal["won", "lost", "other"]
Check = Literal["not_future", "deal_amount"]

QUESTION_TYPES: tuple[FieldType, ...] = (
    "text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean",
)  # fmt: skip
"""What a question may ask for: all that conditions know but references."""
SETTABLE_FIELDS: Mapping[str, FieldType] = {"deal.amount": "money", "deal.expected_date": "date"}
"""The fields of a deal that an answer may set, with the type the question must have."""
CHECKS: Mapping[Check, tuple[FieldType, ...]] = {"not_future": ("date", "datetime"), "deal_amount": ("money",)}
"""What an answer may be held against, with the types the question may have."""
TASK_KINDS: tuple[TaskKind, ...] = ("call", "meeting", "mail", "document", "task")
TONES: tuple[Tone, ...] = ("primary", "positive", "negative", "neutral")
RESULTS: tuple[Result, ...] = ("won", "lost", "other")


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. ``duration``: so many seconds after the task came; ``deadline``: so many
    seconds after the task's own deadline. With ``working_time`` only working seconds count; the shell
    turns a Due into a moment, the engine never does."""

    basis: Literal["deadline", "duration"]
    seconds: int
    working_time: bool


@dataclass(frozen=True, slots=True)
class StageDef:
    """A stage of the funnel; ``position`` counts from 0 in the funnel's order."""

    key: str
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer to a choice question."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a step asks for. ``required`` demands it for every outcome, ``required_for`` for some. The answer
    becomes the deal's ``field`` too, if one is named (``SETTABLE_FIELDS``). ``check`` is what the shell holds the
    answer against: a day that has come, or the deal's amount (less has to be confirmed)."""

    key: str
    label: str
    type: FieldType
    required: bool = False
    required_for: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    help: str = ""
    field: str | None = None
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a step may end: a button on the task's page."""

    key: str
    label: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class StartEvent:
    """Where a new instance begins (BPMN 2.0, 10.5.2: none start event)."""

    id: str
    name: str
    target: str | None


@dataclass(frozen=True, slots=True)
class UserTask:
    """What a person does (10.3.3.1). ``timers`` are the ids of its boundary timers, ``price`` what the
    action is worth in pay, ``assignee`` is owner, lead, head or role:<role>. ``deadline_answer`` is the
    key of a question whose answer, a day or moment not past, is the deadline instead."""

    id: str
    name: str
    stage: str | None
    kind: TaskKind
    assignee: str
    deadline: Due | None
    script: str
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]
    price: Decimal | None
    timers: tuple[str, ...]
    target: str | None
    deadline_answer: str | None = None

    def outcome(self, key: str) -> Outcome | None:
        """The outcome with this key, or None."""
        return next((outcome for outcome in self.outcomes if outcome.key == key), None)

    def question(self, key: str) -> Question | None:
        """The question with this key, or None."""
        return next((question for question in self.questions if question.key == key), None)


@dataclass(frozen=True, slots=True)
class Branch:
    """A conditional way out of a gateway."""

    flow: str
    condition: Rule
    target: str


@dataclass(frozen=True, slots=True)
class ExclusiveGateway:
    """Takes the first branch whose condition is true, else the default (10.6.2, 13.4.2).

    ``by_outcome`` is the same routing as a table, made when all conditions look at nothing but the
    last outcome; None otherwise.
    """

    id: str
    name: str
    branches: tuple[Branch, ...]
    default: str | None
    by_outcome: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class BoundaryTimer:
    """A timer on a user task (10.5.4); an interrupting one ends the task when it fires."""

    id: str
    name: str
    task: str
    interrupting: bool
    due: Due
    target: str | None


@dataclass(frozen=True, slots=True)
class EndEvent:
    """Ends a path (10.5.3); won and lost end the whole instance. ``reason_from`` is the key of the
    answer that tells the reason."""

    id: str
    name: str
    result: Result
    reason_from: str | None


Element = StartEvent | UserTask | ExclusiveGateway | BoundaryTimer | EndEvent


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow as drawn, for diagrams, the technology map and the checks."""

    id: str
    name: str
    source: str
    target: str
    condition: Rule | None


@dataclass(frozen=True, slots=True)
class Definition:
    """A process ready to run. ``needs`` are the fields (deal.*, client.*) its conditions look at: the
    shell provides them with CompleteTask. ``question_types`` maps each question's key to its type."""

    process_id: str
    name: str
    kind: str
    stages: tuple[StageDef, ...]
    elements: Mapping[str, Element]
    start: str
    flows: tuple[Flow, ...]
    needs: frozenset[str]
    question_types: Mapping[str, FieldType]

    def user_tasks(self) -> tuple[UserTask, ...]:
        """All steps, in the order of the file."""
        return tuple(element for element in self.elements.values() if isinstance(element, UserTask))

    def user_task(self, id: str) -> UserTask | None:
        """The step with this id, or None."""
        element = self.elements.get(id)
        return element if isinstance(element, UserTask) else None

    def stage(self, key: str) -> StageDef | None:
        """The stage with this key, or None."""
        return next((stage for stage in self.stages if stage.key == key), None)


def targets_of(element: Element) -> tuple[str, ...]:
    """The ids of the elements that may come right after an element, boundary timers not included."""
    if isinstance(element, ExclusiveGateway):
        ways = tuple(branch.target for branch in element.branches)
        return ways if element.default is None else (*ways, element.default)
    if isinstance(element, EndEvent) or element.target is None:
        return ()
    return (element.target,)
