"""Tasks as their page needs them: the task with all around it, what was done before, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from kniga.engine import Question, UserTask
from kniga.engine.state_format.codec import load_value
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.processes.definitions import runnable_version
from kniga.processes.models import Task

STEPS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer beside the question it answers: as it was stored (JSON), or typed."""

    question: Question
    value: object


@dataclass(frozen=True, slots=True)
class DoneStep:
    """A task of this deal that is done; `tone` is its outcome's."""

    id: int
    name: str
    kind: str
    outcome: str
    tone: str
    completed_at: datetime
    completed_by: str
    answers: tuple[GivenAnswer, ...]
    is_of_this_instance: bool


@dataclass(frozen=True, slots=True)
class OpenStep:
    """An open task of a deal and whose it is; `is_reachable`: the user may open it."""

    id: int
    name: str
    kind: str
    stage: str
    due_at: datetime | None
    assignee_id: int | None
    assignee: str
    is_reachable: bool


def get_visible_task(*, user: User, task_id: int) -> Task:
    """The task with its deal, client, instance, version, people and stage, in one statement. Raises NotVisible.

    Visible are the tasks of visible deals, and whatever is assigned to the user."""
    found = (
        Task.objects.select_related(
            "deal__client__region",
            "deal__client__industry",
            "deal__client__source",
            "deal__client__owner",
            "deal__owner",
            "deal__stage",
            "deal__source",
            "deal__loss_reason",
            "deal__product",
            "deal__pipeline",
            "stage",
            "assignee",
            "completed_by",
            "instance__version__process",
        )
        .defer("instance__version__xml", "deal__client__search_text")
        .filter(pk=task_id)
        .first()
    )
    if found is None or not user.is_active:
        raise NotVisible
    if found.assignee_id != user.pk and not sees_deal_of(user=user, task=found):
        raise NotVisible
    return found


def step_of(task: Task) -> UserTask:
    """What the book says about the task: script, questions, outcomes."""
    step = runnable_version(task.instance.version_id).definition.user_task(task.element)
    assert step is not None, "tasks are created from user tasks of a version that never changes"
    return step


def done_steps(*, user: User, task: Task) -> tuple[DoneStep, ...]:
    """What was done for the deal of a task that came through `get_visible_task`, the last first; one statement."""
    found = (
        Task.objects.filter(deal_id=task.deal_id, status="done")
        .exclude(pk=task.pk)
        .order_by("-completed_at", "-id")
        .values_list(
            "id",
            "name",
            "kind",
            "element",
            "outcome",
            "completed_at",
            "completed_by__name",
            "answers",
            "instance_id",
            "instance__version_id",
        )[:STEPS_SHOWN]
    )
    return tuple(_done_step(row, task.instance_id) for row in found)


def answers_given(*, task: Task) -> tuple[GivenAnswer, ...]:
    """The answers of a task that came through `get_visible_task`, in the order of the questions."""
    return _answers(step_of(task), task.answers)


def answers_so_far(*, task: Task) -> dict[str, GivenAnswer]:
    """What is known from the whole process of a task that came through `get_visible_task`, by question; values
    are typed. Questions nobody has answered are there with None."""
    definition = runnable_version(task.instance.version_id).definition
    known = {key: load_value(value) for key, value in task.instance.data.items()}
    return {
        question.key: GivenAnswer(question, known.get(question.key))
        for step in definition.user_tasks()
        for question in step.questions
    }


def outcome_of(task: Task) -> str:
    """The label of a done task's outcome; empty for one that is not done."""
    found = step_of(task).outcome(task.outcome or "")
    return found.label if found else task.outcome or ""


def open_steps(*, user: User, task: Task) -> tuple[OpenStep, ...]:
    """The other open tasks of the deal of a task that came through `get_visible_task`; one statement."""
    sees_deal = sees_deal_of(user=user, task=task)
    found = (
        Task.objects.filter(Q(deal_id=task.deal_id), status="open")
        .exclude(pk=task.pk)
        .order_by("due_at", "id")
        .values_list("id", "name", "kind", "stage__name", "due_at", "assignee_id", "assignee__name")
    )
    return tuple(
        OpenStep(id, name, kind, stage or "", due_at, assignee_id, assignee or "", sees_deal or assignee_id == user.pk)
        for id, name, kind, stage, due_at, assignee_id, assignee in found
    )


def sees_deal_of(*, user: User, task: Task) -> bool:
    """Whether the user sees the whole deal of a task that came through `get_visible_task`; one may be given a
    task of a deal one does not see."""
    owners = visible_owner_ids(user, Entity.DEAL)
    return owners is None or task.deal.owner_id in owners


def first_own_task(*, user: User, task_ids: Sequence[int]) -> int | None:
    """The first of these tasks that is assigned to the user and open; None when there is none."""
    found = Task.objects.filter(pk__in=task_ids, assignee=user, status="open").order_by("pk")
    return found.values_list("pk", flat=True).first() if task_ids else None


def _done_step(row: Sequence[Any], instance_id: int) -> DoneStep:
    id, name, kind, element, outcome, completed_at, completed_by, answers, of_instance, version_id = row
    step = runnable_version(version_id).definition.user_task(element)
    chosen = step.outcome(outcome) if step else None
    return DoneStep(
        id,
        name,
        kind,
        chosen.label if chosen else outcome,
        chosen.tone if chosen else "neutral",
        completed_at,
        completed_by or "",
        _answers(step, answers) if step else (),
        of_instance == instance_id,
    )


def _answers(step: UserTask, answers: dict[str, object] | None) -> tuple[GivenAnswer, ...]:
    given = answers or {}
    return tuple(
        GivenAnswer(question, given[question.key])
        for question in step.questions
        if given.get(question.key) not in (None, "", [])
    )
