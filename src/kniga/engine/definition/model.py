"""A compiled process: immutable, picklable, made for walking. Nothing in here knows XML.

Elements of all scopes stand in one mapping; ``scope`` names the sub-process an element stands in, None for the
process itself. A *way* is one sequence flow out of an element; several ways out of anything but a gateway are a
parallel split (BPMN 2.0, 13.3.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.timing import Cycle, Due
from kniga.rules import FieldType, Rule, Value

TaskKind = Literal["call", "meeting", "mail", "document", "task"]
Tone = Literal["primary", "positive", "negative", "neutral"]
Result = Literal["won", "lost", "other"]
StartTrigger = Literal["none", "message", "timer", "signal", "conditional", "error", "escalation"]
CatchTrigger = Literal["timer", "message", "signal", "conditional"]
BoundaryTrigger = Literal["timer", "message", "signal", "conditional", "error", "escalation"]
ThrowTrigger = Literal["none", "message", "signal", "escalation"]
EndTrigger = Literal["none", "message", "signal", "escalation", "error", "terminate"]
Correlation = Literal["deal", "client", "thread", "key"]
Channel = Literal["form", "email", "call", "api", "import", "any"]
Check = Literal["not_future", "deal_amount"]
MaterialKind = Literal["document", "letter"]

QUESTION_TYPES: tuple[FieldType, ...] = (
    "text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean",
)  # fmt: skip
"""What a question may ask for: all that conditions know but references."""
SETTABLE_FIELDS: Mapping[str, FieldType] = {"deal.amount": "money", "deal.expected_date": "date"}
"""The fields of a deal that an answer may set, with the type the question must have."""
LARGEST_AMOUNT = 10**12
"""What a deal's amount stays below."""
CHECKS: Mapping[Check, tuple[FieldType, ...]] = {"not_future": ("date", "datetime"), "deal_amount": ("money",)}
"""What an answer may be held against, with the types the question may have."""
TASK_KINDS: tuple[TaskKind, ...] = ("call", "meeting", "mail", "document", "task")
TONES: tuple[Tone, ...] = ("primary", "positive", "negative", "neutral")
RESULTS: tuple[Result, ...] = ("won", "lost", "other")
MATERIAL_KINDS: tuple[MaterialKind, ...] = ("document", "letter")


class Way(NamedTuple):
    """One sequence flow out of an element: its id and where it leads."""

    flow: str
    target: str


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
class Escalation:
    """A rung of a control point's ladder: whom to tell when so much time has passed since the one before."""

    after: Due
    whom: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """What the head watches while a step is open: ``due`` says when it is looked at, ``condition`` (None: simply
    that the step is still open) what makes it a deviation, ``whom`` (owner, lead, head, role:<role>) and ``by``
    (app, mail) who is told and how. The shell watches it; the engine only carries it."""

    key: str
    name: str
    due: Due
    condition: Rule | None
    whom: tuple[str, ...]
    by: tuple[Literal["app", "mail"], ...]
    ladder: tuple[Escalation, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """A document or letter the person may use at a step: the key of the template it is made from. The shell knows
    the templates; the engine only carries the key."""

    kind: MaterialKind
    template: str


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """An activity done once for each of several items (10.3.7). The items are the values of the list ``field``
    (deal.*, client.*, answer.*) or the numbers 1 to ``count``. ``until`` ends it early: a condition that sees
    ``loop.total``, ``loop.done`` and ``loop.outcome.<key>`` (numbers) beside the usual fields."""

    sequential: bool
    field: str | None
    count: int | None
    until: Rule | None = None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message by its name, and what finds the one that waits: the deal, the client, the thread of letters, or
    a ``key`` of one's own (the field ``key_field`` holds it)."""

    name: str
    correlation: Correlation = "deal"
    key_field: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of an action: a literal ``value``, or the value a ``field`` has at that moment."""

    name: str
    value: Value = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class StartEvent:
    """Where an instance, a sub-process or an event sub-process begins (10.5.2). ``interrupting`` speaks of event
    sub-processes only; ``channel`` of message starts; ``cycle`` or ``due`` of timer starts; ``code`` is the error's
    or escalation's code, None catches every one."""

    id: str
    name: str
    ways: tuple[Way, ...]
    scope: str | None = None
    trigger: StartTrigger = "none"
    interrupting: bool = True
    message: MessageRef | None = None
    channel: Channel = "any"
    signal: str | None = None
    due: Due | None = None
    cycle: Cycle | None = None
    condition: Rule | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class UserTask:
    """What a person does (10.3.3.1); manual and abstract tasks are read as user tasks too (``bpmn`` keeps the tag).

    ``boundary`` are the ids of its boundary events, ``price`` what the action is worth in pay, ``assignee`` is
    owner, lead, head or role:<role>, ``skill`` what the person must be able to do. ``deadline_answer`` is the key
    of a question whose answer, a day or moment not past, is the deadline instead."""

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
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    deadline_answer: str | None = None
    scope: str | None = None
    loop: MultiInstance | None = None
    skill: str | None = None
    controls: tuple[ControlPoint, ...] = ()
    materials: tuple[Material, ...] = ()
    bpmn: Literal["userTask", "manualTask", "task"] = "userTask"

    def outcome(self, key: str) -> Outcome | None:
        """The outcome with this key, or None."""
        return next((outcome for outcome in self.outcomes if outcome.key == key), None)

    def question(self, key: str) -> Question | None:
        """The question with this key, or None."""
        return next((question for question in self.questions if question.key == key), None)


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """What the machine does (10.3.3.2: service and send task): a registered ``action`` with parameters. The token
    rests here until the shell reports that the work is done or has failed; ``retries`` times it is tried again,
    first after ``backoff`` seconds, then each time after twice as long. An ``immediate`` action (set_field) is the
    engine's own and never rests."""

    id: str
    name: str
    action: str
    params: tuple[Param, ...]
    retries: int
    backoff: int
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    immediate: bool = False
    scope: str | None = None
    loop: MultiInstance | None = None
    bpmn: Literal["serviceTask", "sendTask"] = "serviceTask"


@dataclass(frozen=True, slots=True)
class ReceiveTask:
    """Waits for a message (10.3.3.3); boundary events may cut the waiting short."""

    id: str
    name: str
    message: MessageRef
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    scope: str | None = None
    loop: MultiInstance | None = None


@dataclass(frozen=True, slots=True)
class DecisionTask:
    """Business-rule task (10.3.3.4): a decision table answers; its outputs become answers. Never rests."""

    id: str
    name: str
    table: DecisionTable
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    scope: str | None = None
    loop: MultiInstance | None = None


@dataclass(frozen=True, slots=True)
class CallActivity:
    """Runs another process (10.3.4) in the version ``version`` or, None, the published one. Its result (won, lost,
    other) is the outcome of the call."""

    id: str
    name: str
    process: str
    version: int | None
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    scope: str | None = None
    loop: MultiInstance | None = None


@dataclass(frozen=True, slots=True)
class SubProcess:
    """An embedded sub-process (10.3.5), or, with ``event`` set, an event sub-process, which begins at ``start``
    when that start event's trigger comes while the scope around it is active (13.5.4). ``handlers`` are the event
    sub-processes inside it."""

    id: str
    name: str
    start: str
    boundary: tuple[str, ...]
    ways: tuple[Way, ...]
    event: bool = False
    handlers: tuple[str, ...] = ()
    scope: str | None = None
    loop: MultiInstance | None = None


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
    default: Way | None
    by_outcome: Mapping[str, Way] | None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class InclusiveGateway:
    """Takes every branch whose condition is true, the default if none is (10.6.3, 13.4.3). With more than one of
    ``incoming`` it waits for every token that can still come. ``upstream`` says for each incoming flow from which
    elements a token can reach it without passing the gateway."""

    id: str
    name: str
    branches: tuple[Branch, ...]
    default: Way | None
    incoming: tuple[str, ...]
    upstream: Mapping[str, frozenset[str]]
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class ParallelGateway:
    """Waits for one token on each of ``incoming``, then sends one along each way (10.6.4, 13.4.1)."""

    id: str
    name: str
    incoming: tuple[str, ...]
    ways: tuple[Way, ...]
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class EventGateway:
    """Waits for the first of the events behind it (10.6.6, 13.4.4); ``ways`` lead to catch events and receive
    tasks."""

    id: str
    name: str
    ways: tuple[Way, ...]
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class CatchEvent:
    """An intermediate event a token waits at (10.5.4): a moment, a message, a signal, a condition."""

    id: str
    name: str
    trigger: CatchTrigger
    ways: tuple[Way, ...]
    due: Due | None = None
    message: MessageRef | None = None
    signal: str | None = None
    condition: Rule | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class ThrowEvent:
    """An intermediate event that sends something and goes on (10.5.4). ``params`` are what the message carries."""

    id: str
    name: str
    trigger: ThrowTrigger
    ways: tuple[Way, ...]
    message: MessageRef | None = None
    signal: str | None = None
    code: str | None = None
    params: tuple[Param, ...] = ()
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class BoundaryEvent:
    """An event on an activity (10.5.4, 13.5.3); an interrupting one ends the activity. A timer that does not
    interrupt may come again and again (``cycle``). ``code``: of an error or escalation, None catches every one."""

    id: str
    name: str
    host: str
    trigger: BoundaryTrigger
    interrupting: bool
    ways: tuple[Way, ...]
    due: Due | None = None
    cycle: Cycle | None = None
    message: MessageRef | None = None
    signal: str | None = None
    condition: Rule | None = None
    code: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class EndEvent:
    """Ends a path (10.5.3); won and lost end the whole instance, terminate the scope it stands in. ``reason_from``
    is the key of the answer that tells the reason."""

    id: str
    name: str
    result: Result
    reason_from: str | None
    trigger: EndTrigger = "none"
    message: MessageRef | None = None
    signal: str | None = None
    code: str | None = None
    params: tuple[Param, ...] = ()
    scope: str | None = None


Activity = UserTask | ServiceTask | ReceiveTask | DecisionTask | CallActivity | SubProcess
Gateway = ExclusiveGateway | InclusiveGateway | ParallelGateway | EventGateway
Element = Activity | Gateway | StartEvent | CatchEvent | ThrowEvent | BoundaryEvent | EndEvent


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
    """A process ready to run. ``needs`` are the fields (deal.*, client.*) its conditions and parameters look at:
    the shell provides them with every command. ``question_types`` maps each answer's key (questions, typed process
    fields, outputs of decisions) to its type. ``start`` is the none start event, or the first one if there is
    none; ``starts`` all start events of the process itself; ``handlers`` its event sub-processes."""

    process_id: str
    name: str
    kind: str
    stages: tuple[StageDef, ...]
    elements: Mapping[str, Element]
    start: str
    flows: tuple[Flow, ...]
    needs: frozenset[str]
    question_types: Mapping[str, FieldType]
    starts: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    conditionals: frozenset[str] = field(default=frozenset())
    """The ids of the elements with a conditional trigger: they are looked at again after every command."""

    def user_tasks(self) -> tuple[UserTask, ...]:
        """All steps, in the order of the file."""
        return tuple(element for element in self.elements.values() if isinstance(element, UserTask))

    def user_task(self, id: str) -> UserTask | None:
        """The step with this id, or None."""
        element = self.elements.get(id)
        return element if isinstance(element, UserTask) else None

    def choices_of(self, key: str) -> tuple[str, ...]:
        """What the choice answer ``key`` can be: the choices of all questions that ask for it, and what decisions
        answer; () for an answer that is no choice."""
        found: dict[str, None] = {}
        if self.question_types.get(key) not in ("choice", "multi_choice"):
            return ()
        for element in self.elements.values():
            if isinstance(element, UserTask):
                asked = (question for question in element.questions if question.key == key)
                found.update((choice.key, None) for question in asked for choice in question.choices)
            elif isinstance(element, DecisionTask):
                found.update((str(value), None) for value in element.table.answers(key))
        return tuple(found)

    def stage(self, key: str) -> StageDef | None:
        """The stage with this key, or None."""
        return next((stage for stage in self.stages if stage.key == key), None)


def ways_of(element: Element) -> tuple[Way, ...]:
    """The ways out of an element, those of its boundary events not included."""
    if isinstance(element, (ExclusiveGateway, InclusiveGateway)):
        ways = tuple(Way(branch.flow, branch.target) for branch in element.branches)
        return ways if element.default is None else (*ways, element.default)
    return () if isinstance(element, EndEvent) else element.ways


def targets_of(element: Element) -> tuple[str, ...]:
    """The ids of the elements that may come right after an element, boundary events not included."""
    return tuple(way.target for way in ways_of(element))
