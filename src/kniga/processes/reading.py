"""What a step of a running instance needs to know, read in one statement without a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from kniga.engine import STATE_FORMAT, State, Token
from kniga.engine.state_format.codec import load_value
from kniga.rules import Value

_READ = """
SELECT t.id, t.token, t.element, t.status, t.assignee_id, t.completed_at, t.outcome, t.created_at, t.due_at,
       done.name, i.id, i.version_id, i.revision, i.status, i.seq, i.stage, i.data::text, i.result,
       d.id, d.owner_id, d.amount, d.expected_date, d.client_id, o.team_id, o.branch_id, coalesce(b.time_zone, ''),
       team.lead_id,
       (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
          AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
        ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1),
       coalesce(o.is_active, false), (SELECT sum(l.amount) FROM deals_dealline l WHERE l.deal_id = d.id),
       (SELECT array_agg(s.token ORDER BY s.token) FROM processes_task s
        WHERE s.instance_id = i.id AND s.status = 'open'),
       (SELECT array_agg(s.element::text ORDER BY s.token) FROM processes_task s
        WHERE s.instance_id = i.id AND s.status = 'open'),
       (SELECT array_agg(s.token || ' ' || w.element) FROM processes_timer w
        JOIN processes_task s ON s.id = w.task_id
        WHERE s.instance_id = i.id AND s.status = 'open' AND w.status = 'fired')
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
JOIN deals_deal d ON d.id = t.deal_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN people_team team ON team.id = o.team_id
LEFT JOIN people_user done ON done.id = t.completed_by_id
WHERE t.id = %s AND (%s::bigint[] IS NULL OR d.owner_id = ANY(%s::bigint[]) OR t.assignee_id = %s)
"""

_FIELDS = """
SELECT coalesce(s.name, ''), c.kind, r.name, n.name, cs.name, c.employees,
       EXISTS (SELECT FROM deals_deal w WHERE w.client_id = d.client_id AND w.status = 'won'),
       (SELECT round(100 - 100 * sum(l.amount) / nullif(sum(l.quantity * l.price), 0), 2)
        FROM deals_dealline l WHERE l.deal_id = d.id)
FROM deals_deal d
LEFT JOIN clients_source s ON s.id = d.source_id
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN clients_region r ON r.id = c.region_id
LEFT JOIN clients_industry n ON n.id = c.industry_id
LEFT JOIN clients_source cs ON cs.id = c.source_id
WHERE d.id = %s
"""


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
class TaskSnapshot:
    """A task with its running instance and deal, as one statement saw them."""

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
    instance_id: int
    version_id: int
    revision: int
    state: State
    deal: DealFacts


def read_task(*, task_id: int, visible_to: list[int] | None, user_id: int | None) -> TaskSnapshot | None:
    """The task with all a step needs; None when there is none, or it is not visible.

    `visible_to`: owner ids whose deals may be seen, None for all (see `people.access`); a task's assignee sees
    it anyway."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [task_id, visible_to, visible_to, user_id])
        row = cursor.fetchone()
    return None if row is None else _snapshot(row)


def fields_for(deal: DealFacts, needs: frozenset[str]) -> dict[str, Value]:
    """The `deal.*` and `client.*` values a definition's conditions look at; no statement when the deal's own
    amount and date are enough, one otherwise."""
    values: dict[str, Value] = {"deal.amount": deal.amount, "deal.expected_date": deal.expected_date}
    if needs - values.keys():
        with connection.cursor() as cursor:
            cursor.execute(_FIELDS, [deal.id])
            source, kind, region, industry, client_source, headcount, is_customer, discount = cursor.fetchone()
        values |= {
            "deal.source": source or None,
            "deal.discount": discount,
            "client.kind": kind,
            "client.region": region,
            "client.industry": industry,
            "client.source": client_source,
            "client.headcount": None if headcount is None else Decimal(headcount),
            "client.is_customer": is_customer,
        }
    return values


def load_data(text: str) -> dict[str, Value]:
    """The answers of an instance from its stored JSON text."""
    stored: Mapping[str, Any] = msgspec.json.decode(text)
    return {key: load_value(value) for key, value in stored.items()}


def _snapshot(row: tuple[Any, ...]) -> TaskSnapshot:
    fired: dict[int, list[str]] = {}
    for pair in row[32] or ():
        token, _, element = pair.partition(" ")
        fired.setdefault(int(token), []).append(element)
    tokens = tuple(
        Token(token, element, tuple(sorted(fired.get(token, ()))))
        for token, element in zip(row[30] or (), row[31] or (), strict=True)
    )
    state = State(STATE_FORMAT, row[13], row[14], tokens, load_data(row[16]), row[17], None, row[15])
    deal = DealFacts(row[18], row[19], row[20], row[21], row[22], row[24], row[25], row[26], row[27], row[28], row[29])
    return TaskSnapshot(
        row[0], row[1], row[2], row[3], row[4], row[5], row[9], row[6], row[7], row[8], row[10], row[11],
        row[12], state, deal,
    )  # fmt: skip
