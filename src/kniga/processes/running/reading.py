"""What a step of a running instance needs to know, read in one statement without a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from kniga.engine import STATE_FORMAT, State, Token, load_state
from kniga.engine.state_format.codec import load_value
from kniga.platform.prepared import Prepared
from kniga.rules import Value

OPEN = "p.deal_id = i.deal_id AND p.instance_id = i.id AND p.status = 'open'"
"""The open tasks `p` of an instance `i`, found by their deal."""
_INSTANCE = """
       i.id, i.version_id, i.revision, i.status, i.seq, i.stage, i.data::text, i.tokens::text, i.parent_id,
       i.parent_token, s.tokens, s.elements,
       d.id, d.owner_id, d.amount, d.expected_date, d.client_id, o.branch_id, coalesce(b.time_zone, ''),
       coalesce(o.is_active, false)
"""
_AROUND = f"""
JOIN deals_deal d ON d.id = i.deal_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN LATERAL (SELECT array_agg(p.token) AS tokens, array_agg(p.element::text) AS elements
                   FROM processes_task p WHERE {OPEN}) s ON i.tokens IS NULL
"""
SUPERIORS = """
ARRAY[team.lead_id, (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
                       AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
                     ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1)]
"""
"""`DealFacts.superiors`, for a deal's owner `o` in `team`."""
# Every completion passes here, so only what nearly all of them need is read.
_READ_TASK = Prepared(f"""
SELECT t.id, t.token, t.element, t.status, t.assignee_id, t.completed_at, t.completed_by_id, t.outcome, {_INSTANCE}
FROM processes_task t
JOIN processes_instance i ON i.id = t.instance_id
{_AROUND}
WHERE t.id = %s::bigint
  AND (%s::bigint[] IS NULL OR d.owner_id = ANY(%s::bigint[]) OR t.assignee_id = %s::bigint)
""")
_READ_INSTANCES = f"""
SELECT {_INSTANCE}, {SUPERIORS} FROM processes_instance i {_AROUND}
LEFT JOIN people_team team ON team.id = o.team_id
WHERE i.id = ANY(%(ids)s::bigint[]) AND (%(visible)s::bigint[] IS NULL OR d.owner_id = ANY(%(visible)s::bigint[]))
"""
_READ_SUPERIORS = f"""
SELECT {SUPERIORS} FROM (SELECT %s::bigint AS id) w
LEFT JOIN people_user o ON o.id = w.id
LEFT JOIN people_team team ON team.id = o.team_id
"""
_READ_LINES = "SELECT sum(amount) FROM deals_dealline WHERE deal_id = %s"
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
_TASK_COLUMNS = 8
_INSTANCE_COLUMNS = 12


# Structs, not dataclasses: each completion makes one of each, and a frozen dataclass takes ten times as long.
class DealFacts(msgspec.Struct, frozen=True):
    """What a step needs of a deal: whom its tasks go to, and the fields at hand. `superiors`: the owner's lead and
    head; None while nobody has asked (see `superiors_of`)."""

    id: int
    owner_id: int | None
    amount: Decimal
    expected_date: date | None
    client_id: int | None
    branch_id: int | None
    time_zone: str
    has_active_owner: bool
    superiors: Sequence[int | None] | None = None


class InstanceSnapshot(msgspec.Struct, frozen=True):
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


class TaskSnapshot(msgspec.Struct, frozen=True):
    """A task with its instance and deal, as one statement saw them."""

    task_id: int
    token: int
    element: str
    status: str
    assignee_id: int | None
    completed_at: datetime | None
    completed_by_id: int | None
    outcome: str | None
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
    row = _READ_TASK.row(task_id, visible_to, visible_to, user_id)
    if row is None:
        return None
    columns = [*row[:_TASK_COLUMNS], _snapshot(row[_TASK_COLUMNS:])]
    return TaskSnapshot(*columns)


def read_instances(*, instance_ids: Sequence[int], visible_to: list[int] | None = None) -> dict[int, InstanceSnapshot]:
    """The instances with all a step needs, by id, in one statement; those that are not visible are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_INSTANCES, {"ids": list(instance_ids), "visible": visible_to})
        return {row[0]: _snapshot(row) for row in cursor.fetchall()}


def superiors_of(deal: DealFacts) -> tuple[int | None, int | None]:
    """The ids of the lead and of the head of a deal's owner; one statement if they are not at hand."""
    superiors = deal.superiors
    if superiors is None:
        with connection.cursor() as cursor:
            cursor.execute(_READ_SUPERIORS, [deal.owner_id])
            superiors = cursor.fetchone()[0]
    lead_id, head_id = superiors
    return lead_id, head_id


def lines_total(deal_id: int) -> Decimal | None:
    """What the products of a deal add up to; None for a deal without products."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_LINES, [deal_id])
        total: Decimal | None = cursor.fetchone()[0]
    return total


def fields_for(deal: DealFacts, needs: frozenset[str]) -> dict[str, Value]:
    """The `deal.*` and `client.*` values a definition's conditions look at; no statement when the deal's own
    amount and date are enough, one otherwise."""
    if needs <= _AT_HAND:
        return _at_hand(deal)
    return fields_of_deals([deal], needs)[deal.id]


def fields_of_deals(deals: Sequence[DealFacts], needs: frozenset[str]) -> dict[int, dict[str, Value]]:
    """As `fields_for` for many deals, by deal id, in one statement at most."""
    values = {deal.id: _at_hand(deal) for deal in deals}
    if values and not needs <= _AT_HAND:
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


def _at_hand(deal: DealFacts) -> dict[str, Value]:
    return {"deal.amount": deal.amount, "deal.expected_date": deal.expected_date}


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
    open_tokens, elements = row[10:_INSTANCE_COLUMNS]
    state = stored_state(
        status=status, seq=seq, stage=stage, data=data, tokens=tokens,
        open_tasks=sorted(zip(open_tokens or (), elements or (), strict=True)),
    )  # fmt: skip
    deal = DealFacts(*row[_INSTANCE_COLUMNS:])
    return InstanceSnapshot(id, version_id, revision, status, state, deal, parent_id, parent_token)
