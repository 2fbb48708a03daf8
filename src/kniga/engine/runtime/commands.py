"""What the shell may ask the engine to do: imperative, values only.

``fields`` are the deal.* and client.* values that conditions and parameters look at (``Definition.needs``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kniga.engine.definition.model import Definition
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class Start:
    """Begin. ``element``: enter at this user task of the process itself (an import maps a stage to a step) or at
    this start event (a message, signal or timer came); None: at the none start event. ``data``: answers known
    beforehand. A step behind which a join would wait for ever for the other branches is refused, and a choice that is
    not among the listed ones, unless it is not ``checked``: so histories from before that was looked at replay as
    they happened."""

    element: str | None = None
    data: Mapping[str, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)
    checked: bool = True


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """A person has finished a task. ``answers`` may come raw (text of a form, JSON)."""

    token: int
    outcome: str
    answers: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FireTimer:
    """A timer is due. ``timer`` is the id of the event: a boundary event of the token's activity, the catch event
    the token rests at, one of the events behind the event gateway it rests at, or the start event of an event
    sub-process of the scope ``token`` (0: the process itself). ``skipped`` says that a person lets this turn of it pass
    without what it brings about; that is refused where the process waits for nothing else."""

    token: int
    timer: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class CorrelateMessage:
    """A message has come for ``element`` of the token (named as in FireTimer; a receive task is named by its own id).
    ``payload`` becomes answers, as far as its keys are answers of the process; a choice must be among the listed ones,
    unless it is not ``checked`` (see Start)."""

    token: int
    element: str
    payload: Mapping[str, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)
    checked: bool = True


@dataclass(frozen=True, slots=True)
class CatchSignal:
    """A signal was broadcast that ``element`` of the token waits for (named as in FireTimer)."""

    token: int
    element: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompleteWork:
    """The shell has done what a service, send or call activity asked for. ``results`` become answers; ``outcome`` is
    the result of a called process; ``skipped`` says that a person let it be skipped; ``checked`` as of
    CorrelateMessage."""

    token: int
    results: Mapping[str, Value] = field(default_factory=dict)
    outcome: str | None = None
    skipped: bool = False
    fields: Mapping[str, Value] = field(default_factory=dict)
    checked: bool = True


@dataclass(frozen=True, slots=True)
class FailWork:
    """The work of a token ended in the error ``code``. Rejected (uncaught_error) if nothing catches it: then the
    shell keeps an incident for a person to retry or skip."""

    token: int
    code: str
    message: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconsider:
    """Fields have changed: look at the conditional events again. Not an error if nothing follows. ``skipped`` names
    one (its token and id) that a person lets pass without what it brings about, as in FireTimer."""

    fields: Mapping[str, Value] = field(default_factory=dict)
    skipped: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class GoTo:
    """Send the instance back (or on) to a user task: the tokens named (None: all) go away, a token comes to
    ``element``, which must stand in the process itself. It is refused where a join would wait for ever after it,
    unless it is not ``checked``: so histories from before that was looked at replay as they happened."""

    element: str
    reason: str
    tokens: tuple[int, ...] | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Migrate:
    """Go on under another version: ``advance`` is called with the *new* definition. ``mapping`` says for each element
    (and each flow a token waits on at a join) that has tokens what it is now; an absent key keeps its id. ``previous``
    is the definition it leaves: kinds are compared with it, and what was set up is set up anew where it changed.
    It is refused where a join would wait for ever after it, or a branch come to another's place, unless it is not
    ``checked``: so histories from before that was looked at replay as they happened."""

    previous: Definition
    mapping: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the instance; nothing of it stays open."""

    reason: str


Command = (
    Start
    | CompleteTask
    | FireTimer
    | CorrelateMessage
    | CatchSignal
    | CompleteWork
    | FailWork
    | Reconsider
    | GoTo
    | Migrate
    | Cancel
)
