"""Where a deal may go from here: every outcome of its open tasks is tried in the engine, nothing is written.

A card is dragged to a stage; the book knows only outcomes. So the outcomes are run dry and those that lead to the
stage are offered. Required answers are left out of the trial (the dialog asks for them), and choice answers that
conditions look at are tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, product
from typing import Final

from kniga.engine import CompleteTask, Definition, Outcome, Rejection, Step, UserTask, advance
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.roles import Entity
from kniga.processes.models import Task
from kniga.processes.running.effects import local_moment
from kniga.processes.running.reading import TaskSnapshot, fields_for, read_task
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import Value, fields_of

TRIALS: Final = 64
RESULTS: Final = ("won", "lost", "other")


@dataclass(frozen=True, slots=True)
class Way:
    """An outcome and where it may lead: keys of stages, or won, lost, other (the end); "" is no change."""

    outcome: Outcome
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenWays:
    """An open task of the deal with its ways; `is_own`: the user may complete it."""

    task_id: int
    step: UserTask
    assignee: str
    is_own: bool
    ways: tuple[Way, ...]

    def to(self, target: str) -> tuple[Way, ...]:
        """The ways that may lead to a stage or a result."""
        return tuple(way for way in self.ways if target in way.targets)


def ways_on(*, user: User, deal_id: int, now: datetime) -> tuple[OpenWays, ...]:
    """The open tasks of a deal `user` sees and where their outcomes lead, one's own first. Nothing is written."""
    visible = visible_owner_ids(user, Entity.DEAL)
    open_ids = Task.objects.filter(deal_id=deal_id, status="open").order_by("due_at", "id")
    found = []
    for task_id, assignee in open_ids.values_list("pk", "assignee__name"):
        snapshot = read_task(task_id=task_id, visible_to=visible, user_id=user.pk)
        if snapshot is not None:
            found.append(_open_ways(snapshot, assignee or "", user, now))
    return tuple(sorted(found, key=lambda ways: not ways.is_own))


def _open_ways(snapshot: TaskSnapshot, assignee: str, user: User, now: datetime) -> OpenWays:
    version = runnable_version(snapshot.version_id)
    step = version.definition.user_task(snapshot.element)
    assert step is not None, "tasks are created from user tasks of a version that never changes"
    is_own = snapshot.assignee_id in (user.pk, None) or may(user, Act.COMPLETE_FOR_OTHERS)
    trial = _without_demands(version.definition)
    fields = fields_for(snapshot.deal, trial.needs)
    at = local_moment(snapshot.deal, now)
    ways = tuple(Way(one, _targets(trial, snapshot, step, one, fields, at)) for one in step.outcomes)
    return OpenWays(snapshot.task_id, step, assignee, is_own, ways)


def _targets(
    definition: Definition,
    snapshot: TaskSnapshot,
    step: UserTask,
    outcome: Outcome,
    fields: Mapping[str, Value],
    now: datetime,
) -> tuple[str, ...]:
    targets: dict[str, None] = {}
    for answers in islice(_trials(definition, step), TRIALS):
        command = CompleteTask(snapshot.token, outcome.key, answers, fields)
        result = advance(definition, snapshot.state, command, now=now)
        if not isinstance(result, Rejection):
            targets[_target(result, snapshot.state.stage)] = None
    return tuple(targets)


def _target(step: Step, before: str | None) -> str:
    if step.state.status == "ended":
        return step.state.result or "other"
    return step.state.stage or "" if step.state.stage != before else ""


def _trials(definition: Definition, step: UserTask) -> Iterator[Mapping[str, object]]:
    """No answers at first, then every combination of the choices conditions look at."""
    yield {}
    looked_at = {key for flow in definition.flows if flow.condition for key in fields_of(flow.condition)}
    options: dict[str, list[object]] = {}
    for question in step.questions:
        if f"answer.{question.key}" not in looked_at:
            continue
        if question.type == "boolean":
            options[question.key] = [True, False]
        elif question.type == "choice":
            options[question.key] = [choice.key for choice in question.choices]
    if options:
        for values in product(*options.values()):
            yield dict(zip(options, values, strict=True))


def _without_demands(definition: Definition) -> Definition:
    """The definition with every question optional: a trial asks where an outcome leads, not what it demands."""
    elements = {
        id: replace(
            element, questions=tuple(replace(one, required=False, required_for=()) for one in element.questions)
        )
        if isinstance(element, UserTask)
        else element
        for id, element in definition.elements.items()
    }
    return replace(definition, elements=elements)
