"""Tasks as their page and the API need them: the task, what was done before, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kniga.clients.models import Client
from kniga.clients.queries import ContactCard, contacts_of
from kniga.deals.models import Deal
from kniga.deals.queries import LineRow, StageStep, lines_of, stage_steps
from kniga.engine import Question, UserTask
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.desk.task_card import TaskCard, book_step
from kniga.processes.models import Instance, Task
from kniga.processes.versions.definitions import runnable_version

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


@dataclass(frozen=True, slots=True)
class OwnTask:
    """An open task of the user; `element` is the book's step."""

    id: int
    element: str


@dataclass(frozen=True, slots=True)
class DealProcess:
    """How a deal's own process stands, apart from those it calls: `result` once it has ended; `tasks` are the open
    ones of the deal that the user may open, whichever of its processes they belong to."""

    instance_id: int
    status: str
    result: str | None
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands beside a task: the client's contacts, the deal's lines, its stages with the days in each."""

    contacts: tuple[ContactCard, ...]
    lines: tuple[LineRow, ...]
    stages: tuple[StageStep, ...]


_DONE = """
SELECT t.id, t.name, t.kind, t.element, t.outcome, t.completed_at, coalesce(u.name, ''), t.answers::text,
       coalesce(t.version_id, i.version_id)
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
LEFT JOIN people_user u ON u.id = t.completed_by_id
WHERE i.deal_id = %s AND t.status = 'done' AND t.id <> %s
ORDER BY t.completed_at DESC, t.id DESC LIMIT %s
"""
_OPEN = """
SELECT t.id, t.name, t.kind, coalesce(s.name, ''), t.due_at, t.assignee_id, coalesce(u.name, ''),
       %s OR t.assignee_id IS NOT DISTINCT FROM %s
FROM processes_task t
LEFT JOIN deals_stage s ON s.id = t.stage_id
LEFT JOIN people_user u ON u.id = t.assignee_id
WHERE t.deal_id = %s AND t.status = 'open' AND t.id <> %s
ORDER BY t.due_at, t.id
"""
_AFTER = """
SELECT n.id FROM processes_task t
JOIN processes_task n ON n.instance_id = t.instance_id AND n.token > (t.undo ->> 'seq')::integer
WHERE t.id = %s AND t.completed_by_id = %s AND t.undo IS NOT NULL ORDER BY n.id
"""
_OWN = """
SELECT id, element FROM processes_task
WHERE id = ANY(%s::bigint[]) AND assignee_id = %s AND status = 'open' ORDER BY id LIMIT 1
"""

# A process that is called, or that another one of the deal has begun, stands below that one.
_OWN_PROCESS = """
WITH RECURSIVE up (id, parent_id, deal_id, status, result, height) AS (
    SELECT id, parent_id, deal_id, status, result, 0 FROM processes_instance WHERE id = %(instance)s
    UNION ALL
    SELECT p.id, p.parent_id, p.deal_id, p.status, p.result, u.height + 1
    FROM up u JOIN processes_instance p ON p.id = u.parent_id AND p.deal_id = u.deal_id)
SELECT u.id, u.status, u.result, ARRAY(
    SELECT t.id FROM processes_task t
    WHERE t.deal_id = d.id AND t.status = 'open'
      AND (%(owners)s::bigint[] IS NULL OR d.owner_id = ANY(%(owners)s::bigint[]) OR t.assignee_id = %(user)s)
    ORDER BY t.id)
FROM up u JOIN deals_deal d ON d.id = u.deal_id ORDER BY u.height DESC LIMIT 1
"""


def get_visible_task(*, user: User, task_id: int) -> Task:
    """The task with its deal, instance, version, process and stage, in one statement. Raises NotVisible.

    Visible are the tasks of visible deals, and whatever is assigned to the user."""
    found = (
        Task.objects.select_related("deal", "stage", "instance__version__process")
        .defer("instance__version__xml")
        .filter(pk=task_id)
        .first()
    )
    if found is None or not user.is_active:
        raise NotVisible
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None and found.deal.owner_id not in owners and found.assignee_id != user.pk:
        raise NotVisible
    return found


def visible_instance(*, user: User, instance_id: int) -> Instance:
    """The instance with its deal; visible are those of visible deals. Raises NotVisible."""
    found = Instance.objects.select_related("deal").filter(pk=instance_id).first()
    if found is None or not user.is_active:
        raise NotVisible
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None and found.deal.owner_id not in owners:
        raise NotVisible
    return found


def step_of(task: Task) -> UserTask:
    """What the book says about the task: script, questions, outcomes."""
    return book_step(task.version_id or task.instance.version_id, task.element)


def surroundings_of(*, user: User, card: TaskCard, now: datetime) -> Surroundings:
    """What stands beside a task that came through `get_task_card`; three statements."""
    # These queries look at the keys alone, so stand-ins save reading the rows again.
    deal = Deal(pk=card.deal.id)
    contacts = contacts_of(user=user, client=Client(pk=card.client.id)) if card.client else ()
    return Surroundings(contacts, lines_of(user=user, deal=deal), stage_steps(user=user, deal=deal, now=now))


def done_steps(*, user: User, card: TaskCard) -> tuple[DoneStep, ...]:
    """What was done for the deal of a task that came through `get_task_card`, the last first; one statement."""
    return tuple(_done_step(*row) for row in rows_of(_DONE, [card.deal.id, card.id, STEPS_SHOWN]))


def open_steps(*, user: User, card: TaskCard) -> tuple[OpenStep, ...]:
    """The other open tasks of the deal of a task that came through `get_task_card`; one statement."""
    return tuple(OpenStep(*row) for row in rows_of(_OPEN, [card.sees_deal, user.pk, card.deal.id, card.id]))


def answers_given(*, card: TaskCard) -> tuple[GivenAnswer, ...]:
    """The answers of a task, in the order of the questions."""
    return answers_to(card.step, card.answers)


def answers_so_far(*, card: TaskCard) -> dict[str, GivenAnswer]:
    """What is known from the whole process of a task, by question. Questions nobody has answered have None."""
    definition = runnable_version(card.version_id).definition
    return {
        question.key: GivenAnswer(question, card.known.get(question.key))
        for step in definition.user_tasks()
        for question in step.questions
    }


def deal_process(*, user: User, instance_id: int) -> DealProcess:
    """How the process of the deal stands to which an instance belongs that `user` has just worked on: itself, or the
    one that called it; one statement."""
    words = {"instance": instance_id, "owners": visible_owner_ids(user, Entity.DEAL), "user": user.pk}
    id, status, result, tasks = rows_of(_OWN_PROCESS, words)[0]
    return DealProcess(id, status, result or None, tuple(tasks))


def first_own_task(*, user: User, task_ids: Sequence[int]) -> OwnTask | None:
    """The first of these tasks that is assigned to the user and open; None when there is none."""
    if not task_ids:
        return None
    found = rows_of(_OWN, [list(task_ids), user.pk])
    return OwnTask(*found[0]) if found else None


def tasks_after(*, user: User, task_id: int) -> tuple[int, ...]:
    """The tasks that came of a completion of this user, which taking it back takes away; one statement."""
    return tuple(row[0] for row in rows_of(_AFTER, [task_id, user.pk]))


def _done_step(
    id: int,
    name: str,
    kind: str,
    element: str,
    outcome: str,
    completed_at: datetime,
    completed_by: str,
    answers: str | None,
    version_id: int,
) -> DoneStep:
    step = book_step(version_id, element)
    chosen = step.outcome(outcome)
    given = answers_to(step, msgspec.json.decode(answers) if answers else {})
    label, tone = (chosen.label, chosen.tone) if chosen else (outcome, "neutral")
    return DoneStep(id, name, kind, label, tone, completed_at, completed_by, given)


def answers_to(step: UserTask, given: Mapping[str, object]) -> tuple[GivenAnswer, ...]:
    """What was answered to the questions of a step, in their order; `given` as stored (JSON), by question."""
    return tuple(
        GivenAnswer(question, given[question.key])
        for question in step.questions
        if given.get(question.key) not in (None, "", [])
    )
