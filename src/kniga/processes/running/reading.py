"""What a step of a running instance needs to know, read in one statement without a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from kniga.engine import STATE_FORMAT, State, Token, load_state
from kniga.engine.state_format.codec import load_value
from kniga.platform.prepared import Prepared
from kniga.rules import Value

_INSTANCE = """
       i.id, i.version_id, i.revision, i.status, i.seq, i.stage, i.data::text, i.tokens::text, i.parent_id,
       i.parent_token,
       d.id, d.owner_id, d.amount, d.expected_date, d.client_id, o.branch_id, coalesce(b.time_zone, ''),
       team.lead_id,
       (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
          AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
        ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1),
       coalesce(o.is_active, false), (SELECT sum(l.amount) FROM deals_dealline l WHERE l.deal_id = d.id),
       s.tokens, s.elements
"""
_AROUND = """
JOIN deals_deal d ON d.id = i.deal_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN people_team team ON team.id = o.team_id
LEFT JOIN LATERAL (SELECT array_agg(p.token ORDER BY p.token) AS tokens,
                          array_agg(p.element::text ORDER BY p.token) AS elements
                   FROM processes_task p WHERE p.instance_id = i.id AND p.status = 'open') s ON i.tokens IS NULL
"""
_READ_TASK = Prepared(f"""
SELECT t.id, t.token, t.element, t.status, t.assignee_id, t.completed_at, t.outcome, t.created_at, t.due_at,
       done.name, {_INSTANCE}
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
{_AROUND}
LEFT JOIN people_user done ON done.id = t.completed_by_id
CROSS JOIN (SELECT %s::bigint[] AS owner_ids) visible
WHERE t.id = %s::bigint
  AND (visible.owner_ids IS NULL OR d.owner_id = ANY(visible.owner_ids) OR t.assignee_id = %s::bigint)
""")
_READ_INSTANCES = f"""
SELECT {_INSTANCE} FROM processes_instance i {_AROUND}
WHERE i.id = ANY(%(ids)s::bigint[]) AND (%(visible)s::bigint[] IS NULL OR d.owner_id = ANY(%(visible)s::bigint[]))
"""
_FIELDS = """
SELECT d.id, coalesce(s.name, ''), c.kind, r.name, n.name, cs.name, c.employees,
       EXISTS (SELECT FROM deals_deal w WHERE w.client_id = d.client_id AND w.status = 'won'),
       (SELECT round(100 - 100 * sum(l.amount) / nullif(sum(l.quantity * l.price), 0), 2)
        FROM deals_dealline l WHERE l.deal_id = d.id),
       (SELECT array_agg(p.id::text ORDER BY NOT p.is_primary, p.id) FROM clients_contact p
        WHERE p.client_id = d.client_id)
FROM deals_deal d
LEFT JOIN clients_source s ON s.id = d.source_id
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN clients_region r ON r.id = c.region_id
LEFT JOIN clients_industry n ON n.id = c.industry_id
LEFT JOIN clients_source cs ON cs.id = c.source_id
WHERE d.id = ANY(%s::bigint[])
"""
_AT_HAND = frozenset({"deal.amount", "deal.expected_date"})
_TASK_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What a step needs of a deal: whom its tasks go to, and the fields at hand."""

    id: int
    owner_id: int | None
    amount: Decimal
    expected_date: date | None
    client_id: int | None
    branch_id: int | None
    time_zone: str
    lead_id: int | None
    head_id: int | None
    has_active_owner: bool
    lines_total: Decimal | None


@dataclass(frozen=True, slots=True)
class InstanceSnapshot:
    """An instance and its deal, as one statement saw them. A suspended instance's `state` is running: the engine
    knows nothing of pauses."""

    instance_id: int
    version_id: int
    revision: int
    status: str
    state: State
    deal: DealFacts
    parent_id: int | None
    parent_token: int | None


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """A task with its instance and deal, as one statement saw them."""

    task_id: int
    token: int
    element: str
    status: str
    assignee_id: int | None
    completed_at: datetime | None
    completed_by: str | None
    outcome: str | None
    created_at: datetime
    due_at: datetime | None
    instance: InstanceSnapshot

    @property
    def instance_id(self) -> int:
        """The id of the task's instance."""
        return self.instance.instance_id

    @property
    def version_id(self) -> int:
        """The id of the version the task's instance goes by."""
        return self.instance.version_id

    @property
    def state(self) -> State:
        """Where the task's instance stands."""
        return self.instance.state

    @property
    def deal(self) -> DealFacts:
        """The deal the task moves."""
        return self.instance.deal


def read_task(*, task_id: int, visible_to: list[int] | None, user_id: int | None) -> TaskSnapshot | None:
    """The task with all a step needs; None when there is none, or it is not visible.

    `visible_to`: owner ids whose deals may be seen, None for all (see `people.access`); a task's assignee sees
    it anyway."""
    row = _READ_TASK.row(visible_to, task_id, user_id)
    if row is None:
        return None
    id, token, element, status, assignee_id, completed_at, outcome, created_at, due_at, completed_by = row[:10]
    return TaskSnapshot(
        id, token, element, status, assignee_id, completed_at, completed_by, outcome, created_at, due_at,
        _snapshot(row[_TASK_COLUMNS:]),
    )  # fmt: skip


def read_instances(*, instance_ids: Sequence[int], visible_to: list[int] | None = None) -> dict[int, InstanceSnapshot]:
    """The instances with all a step needs, by id, in one statement; those that are not visible are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_INSTANCES, {"ids": list(instance_ids), "visible": visible_to})
        return {row[0]: _snapshot(row) for row in cursor.fetchall()}


def fields_for(deal: DealFacts, needs: frozenset[str]) -> dict[str, Value]:
    """The `deal.*` and `client.*` values a definition's conditions look at; no statement when the deal's own
    amount and date are enough, one otherwise."""
    return fields_of_deals([deal], needs)[deal.id]


def fields_of_deals(deals: Sequence[DealFacts], needs: frozenset[str]) -> dict[int, dict[str, Value]]:
    """As `fields_for` for many deals, by deal id, in one statement at most."""
    values: dict[int, dict[str, Value]] = {
        deal.id: {"deal.amount": deal.amount, "deal.expected_date": deal.expected_date} for deal in deals
    }
    if needs - _AT_HAND and values:
        with connection.cursor() as cursor:
            cursor.execute(_FIELDS, [list(values)])
            for row in cursor.fetchall():
                values[row[0]] |= _written(*row[1:])
    return values


def load_data(text: str) -> dict[str, Value]:
    """The answers of an instance from its stored JSON text."""
    stored: Mapping[str, Any] = msgspec.json.decode(text)
    return {key: load_value(value) for key, value in stored.items()}


def stored_state(
    *, status: str, seq: int, stage: str | None, data: str, tokens: str | None, result: str | None = None,
    reason: str | None = None, open_tasks: Sequence[tuple[int, str]] = (),
) -> State:  # fmt: skip
    """The engine's state from an instance's columns; without `tokens` of its own the open tasks (token, element)
    are the tokens. Raises StateUnreadable."""
    answers = load_data(data)
    if tokens is None:
        plain = tuple(Token(token, element) for token, element in open_tasks)
        running: Any = "running" if status == "suspended" else status
        return State(STATE_FORMAT, running, seq, plain, answers, result, reason, stage)
    own = msgspec.json.decode(tokens)
    return load_state(
        {
            "format": own["format"],
            "status": "running" if status == "suspended" else status,
            "seq": seq,
            "tokens": own["tokens"],
            "fired": own["fired"],
            "data": msgspec.json.decode(data),
            "result": result,
            "reason": reason,
            "stage": stage,
        }
    )


def _written(
    source: str, kind: str | None, region: str | None, industry: str | None, client_source: str | None,
    headcount: int | None, is_customer: bool, discount: Decimal | None, contacts: list[str] | None,
) -> dict[str, Value]:  # fmt: skip
    return {
        "deal.source": source or None,
        "deal.discount": discount,
        "client.kind": kind,
        "client.region": region,
        "client.industry": industry,
        "client.source": client_source,
        "client.headcount": None if headcount is None else Decimal(headcount),
        "client.is_customer": is_customer,
        "client.contacts": tuple(contacts) if contacts else None,
    }


def _snapshot(row: Sequence[Any]) -> InstanceSnapshot:
    id, version_id, revision, status, seq, stage, data, tokens, parent_id, parent_token = row[:10]
    state = stored_state(
        status=status, seq=seq, stage=stage, data=data, tokens=tokens,
        open_tasks=tuple(zip(row[21] or (), row[22] or (), strict=True)),
    )  # fmt: skip
    return InstanceSnapshot(id, version_id, revision, status, state, DealFacts(*row[10:21]), parent_id, parent_token)
