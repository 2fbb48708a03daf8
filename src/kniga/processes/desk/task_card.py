"""A task with all its page shows of deal and client: one statement into plain values, since the page that brings
the next task is the one a rep waits for all day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from kniga.engine import UserTask
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.running.pauses import PAUSED_WHY
from kniga.processes.running.reading import load_data
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class CardDeal:
    """The deal of a task; names are "" where there is none."""

    id: int
    number: int
    name: str
    status: str
    amount: Decimal
    currency: str
    expected_date: date | None
    closed_at: datetime | None
    owner_id: int | None
    owner: str
    stage: str
    product: str
    loss_reason_key: str
    loss_reason: str


@dataclass(frozen=True, slots=True)
class CardClient:
    """The client of a task; names are "" where there is none."""

    id: int
    name: str
    inn: str
    kpp: str
    employees: int | None
    address: str
    website: str
    note: str
    region: str
    industry: str
    source: str
    owner: str


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """What somebody asked for by a form of a site: the form's name, when, and their own words ("" for none)."""

    form: str
    received_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task. `answers` are its own as stored (JSON), `known` those of the whole process, typed; `request` is the last
    that came to its deal by a form of a site."""

    id: int
    name: str
    kind: str
    element: str
    status: str
    due_at: datetime | None
    completed_at: datetime | None
    completed_by_id: int | None
    completed_by: str
    outcome: str
    answers: Mapping[str, object]
    assignee_id: int | None
    assignee: str
    instance_id: int
    version_id: int
    known: Mapping[str, Value]
    sees_deal: bool
    deal: CardDeal
    client: CardClient | None
    is_paused: bool
    paused_why: str
    request: SiteRequest | None

    @property
    def step(self) -> UserTask:
        """What the book says about the task: script, questions, outcomes."""
        return book_step(self.version_id, self.element)


_CARD = f"""
SELECT t.id, t.name, t.kind, t.element, t.status, t.due_at, t.completed_at, t.completed_by_id, coalesce(done.name, ''),
       coalesce(t.outcome, ''), t.answers::text, t.assignee_id, coalesce(doer.name, ''), t.instance_id,
       coalesce(t.version_id, i.version_id), i.data::text,
       d.id, d.number, d.name, d.status, d.amount, d.currency, d.expected_date, d.closed_at, d.owner_id,
       coalesce(seller.name, ''), coalesce(s.name, ''), coalesce(p.name, ''), coalesce(l.key, ''), coalesce(l.name, ''),
       c.id, c.name, c.inn, c.kpp, c.employees, c.address, c.website, c.note, coalesce(r.name, ''),
       coalesce(n.name, ''), coalesce(cs.name, ''), coalesce(keeper.name, ''),
       i.status = 'suspended', {PAUSED_WHY}, q.name, q.received_at, q.message
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
JOIN deals_deal d ON d.id = t.deal_id
LEFT JOIN people_user done ON done.id = t.completed_by_id
LEFT JOIN people_user doer ON doer.id = t.assignee_id
LEFT JOIN people_user seller ON seller.id = d.owner_id
LEFT JOIN deals_stage s ON s.id = d.stage_id
LEFT JOIN catalog_product p ON p.id = d.product_id
LEFT JOIN deals_lossreason l ON l.id = d.loss_reason_id
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN clients_region r ON r.id = c.region_id
LEFT JOIN clients_industry n ON n.id = c.industry_id
LEFT JOIN clients_source cs ON cs.id = c.source_id
LEFT JOIN people_user keeper ON keeper.id = c.owner_id
LEFT JOIN LATERAL (
    SELECT f.name, e.received_at, e.message FROM processes_webformentry e JOIN processes_webform f ON f.id = e.form_id
    WHERE e.client_id = c.id AND e.deal_id = d.id ORDER BY e.received_at DESC LIMIT 1
) q ON true
WHERE t.id = %s
"""
_STEP = """
SELECT coalesce(t.version_id, i.version_id), t.element, d.owner_id, t.assignee_id
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
JOIN deals_deal d ON d.id = t.deal_id
WHERE t.id = %s
"""
_DEAL_AT, _CLIENT_AT, _PAUSE_AT, _REQUEST_AT = 16, 30, 42, 44


def get_task_card(*, user: User, task_id: int) -> TaskCard:
    """The task with all around it, in one statement. Raises NotVisible.

    Visible are the tasks of visible deals, and whatever is assigned to the user."""
    found = rows_of(_CARD, [task_id])
    if not found:
        raise NotVisible
    row = found[0]
    deal = CardDeal(*row[_DEAL_AT:_CLIENT_AT])
    client = None if row[_CLIENT_AT] is None else CardClient(*row[_CLIENT_AT:_PAUSE_AT])
    request = None if row[_REQUEST_AT] is None else SiteRequest(*row[_REQUEST_AT:])
    sees_deal = _sees_deal(user, deal.owner_id, row[11])
    answers: Mapping[str, Any] = {} if row[10] is None else msgspec.json.decode(row[10])
    values = [
        *row[:10],
        answers,
        *row[11:15],
        load_data(row[15]),
        sees_deal,
        deal,
        client,
        *row[_PAUSE_AT:_REQUEST_AT],
        request,
    ]
    return TaskCard(*values)


def get_task_step(*, user: User, task_id: int) -> UserTask:
    """What the book says about a task that is visible as in `get_task_card`. Raises NotVisible."""
    found = rows_of(_STEP, [task_id])
    if not found:
        raise NotVisible
    version_id, element, owner_id, assignee_id = found[0]
    _sees_deal(user, owner_id, assignee_id)
    return book_step(version_id, element)


def book_step(version_id: int, element: str) -> UserTask:
    """The user task of a version that a task was created from."""
    step = runnable_version(version_id).definition.user_task(element)
    assert step is not None, "tasks are created from user tasks of a version that never changes"
    return step


def _sees_deal(user: User, owner_id: int | None, assignee_id: int | None) -> bool:
    """Whether the user sees the deal too. Raises NotVisible when not even the task."""
    owners = visible_owner_ids(user, Entity.DEAL)
    sees_deal = owners is None or owner_id in owners
    if not user.is_active or not (sees_deal or assignee_id == user.pk):
        raise NotVisible
    return sees_deal
