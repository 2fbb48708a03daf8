"""What the shell may ask the engine to do: imperative, values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class Start:
    """Begin. ``element``: enter at this user task (an import maps a stage to a step), None: at the
    start event. ``data``: answers known beforehand; ``fields``: deal.* and client.* for conditions."""

    element: str | None = None
    data: Mapping[str, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """A person has finished a task. ``answers`` may come raw (text of a form, JSON); ``fields`` are
    the deal.* and client.* values that conditions look at (``Definition.needs``)."""

    token: int
    outcome: str
    answers: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FireTimer:
    """A timer is due; ``timer`` is the id of the boundary event."""

    token: int
    timer: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the instance; nothing of it stays open."""

    reason: str


Command = Start | CompleteTask | FireTimer | Cancel
