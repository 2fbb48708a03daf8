"""Open tasks and processes as the cards and lists of deals and clients need them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.sqlparts import Conditions, rows_of
from kniga.processes.models import Process
from kniga.processes.running.pauses import PAUSED_WHY
from kniga.processes.versions.branches import open_to


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits: what, until when, whose; and the deal it moves. `paused_why`: why its process is paused."""

    id: int
    name: str
    kind: str
    due_at: datetime | None
    assignee: str
    deal_id: int
    deal_number: int
    deal_name: str
    is_paused: bool
    paused_why: str


@dataclass(frozen=True, slots=True)
class NextTask:
    """The next task of a deal in a list; a paused deal without an open task has `id` None."""

    id: int | None
    name: str
    due_at: datetime | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class ProcessOption:
    """A process that can be started: its key, name, and the key of the pipeline its deals go through."""

    key: str
    name: str
    pipeline_key: str


_OPEN = """
SELECT t.id, t.name, t.kind, t.due_at, coalesce(u.name, ''), d.id, d.number, d.name, i.status = 'suspended',
       {paused_why}
FROM processes_task t JOIN deals_deal d ON d.id = t.deal_id JOIN processes_instance i ON i.id = t.instance_id
LEFT JOIN people_user u ON u.id = t.assignee_id
{where} ORDER BY t.due_at NULLS LAST, t.id LIMIT 20
"""
_NEXT = """
SELECT DISTINCT ON (n.deal_id) n.* FROM (
    SELECT t.deal_id, t.id, t.name, t.due_at, i.status = 'suspended'
    FROM processes_task t JOIN processes_instance i ON i.id = t.instance_id
    WHERE t.status = 'open' AND t.deal_id = ANY(%(ids)s::bigint[])
    UNION ALL
    SELECT deal_id, NULL, '', NULL, true FROM processes_instance
    WHERE status = 'suspended' AND deal_id = ANY(%(ids)s::bigint[])
) n ORDER BY n.deal_id, n.id IS NULL, n.due_at NULLS LAST, n.id
"""


def open_tasks_of_deal(*, user: User, deal: Deal) -> tuple[OpenTask, ...]:
    """The open tasks of a deal that came through `get_visible_deal`, the most urgent first."""
    conditions = Conditions()
    conditions.add("t.status = 'open'")
    conditions.add("t.deal_id = %s", deal.pk)
    return _open_tasks(conditions)


def open_tasks_of_client(*, user: User, client: Client) -> tuple[OpenTask, ...]:
    """The open tasks of those deals of a client that `user` sees, the most urgent first."""
    conditions = Conditions()
    conditions.add("t.status = 'open'")
    conditions.add("d.client_id = %s", client.pk)
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    return _open_tasks(conditions)


def _open_tasks(conditions: Conditions) -> tuple[OpenTask, ...]:
    sql = _OPEN.format(where=conditions.where, paused_why=PAUSED_WHY)
    return tuple(OpenTask(*row) for row in rows_of(sql, conditions.parameters))


def next_tasks_of(*, user: User, deal_ids: Collection[int]) -> dict[int, NextTask]:
    """The most urgent open task of each of these deals (which came from a list of `user`); one statement."""
    if not deal_ids:
        return {}
    return {deal_id: NextTask(*task) for deal_id, *task in rows_of(_NEXT, {"ids": list(deal_ids)})}


def startable_processes(*, user: User) -> tuple[ProcessOption, ...]:
    """The sales processes with a published version, of everybody or of the user's branch: choices for a new deal."""
    found = (
        Process.objects.filter(is_active=True, kind="sale", versions__status="published")
        .filter(open_to(user))
        .order_by("id")
        .values_list("key", "name", "pipeline__key")
    )
    return tuple(ProcessOption(*row) for row in found)
