"""Deals as cards and clients' cards need them; every query shows only what the user may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kniga.catalog.units import counted_unit
from kniga.clients.models import Client
from kniga.deals.models import Deal, Pipeline
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import Conditions, rows_of


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of a deal."""

    position: int
    product_id: int
    product: str
    unit: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StageStep:
    """A stage of the deal's pipeline and the deal's stay in it. `stay` is the sum of all visits, None if
    it was never there or came by an import that knows no dates. `state`: past, present, ahead."""

    key: str
    name: str
    position: int
    state: str
    visits: int
    stay: timedelta | None
    entered_at: datetime | None


@dataclass(frozen=True, slots=True)
class DealBrief:
    """A deal in its client's card."""

    id: int
    number: int
    name: str
    status: str
    stage: str
    amount: Decimal
    currency: str
    owner: str
    opened_at: datetime
    closed_at: datetime | None
    expected_date: datetime | None


@dataclass(frozen=True, slots=True)
class ClientDeals:
    """Open and won deals of a client, of those the user sees."""

    open_count: int
    open_amount: Decimal
    won_count: int
    won_amount: Decimal


@dataclass(frozen=True, slots=True)
class StageOption:
    """A stage as a choice."""

    id: int
    key: str
    name: str
    pipeline: str


_LINES = """
SELECT l.position, l.product_id, p.name, u.code, u.name, l.quantity, l.price, l.discount, l.amount
FROM deals_dealline l JOIN catalog_product p ON p.id = l.product_id JOIN catalog_unit u ON u.id = l.unit_id
WHERE l.deal_id = %s ORDER BY l.position
"""
_STAGES = """
SELECT s.key, s.name, s.position, s.id = d.stage_id, count(v.id),
       sum(coalesce(v.left_at, %(now)s) - v.entered_at) FILTER (WHERE v.id IS NOT NULL AND NOT v.is_inferred),
       max(v.entered_at)
FROM deals_deal d
JOIN deals_stage s ON s.pipeline_id = d.pipeline_id
LEFT JOIN deals_stagevisit v ON v.deal_id = d.id AND v.stage_id = s.id
WHERE d.id = %(deal)s AND (s.is_active OR v.id IS NOT NULL)
GROUP BY s.id, d.id ORDER BY s.position, s.id
"""
_OF_CLIENT = """
SELECT d.id, d.number, d.name, d.status, coalesce(s.name, ''), d.amount, d.currency, coalesce(u.name, ''),
       d.opened_at, d.closed_at, d.expected_date
FROM deals_deal d
LEFT JOIN deals_stage s ON s.id = d.stage_id
LEFT JOIN people_user u ON u.id = d.owner_id
{where}
ORDER BY (d.status = 'open') DESC, d.opened_at DESC, d.id DESC LIMIT {limit}
"""
_TOTALS = """
SELECT d.client_id, count(*) FILTER (WHERE d.status = 'open'),
       coalesce(sum(d.amount) FILTER (WHERE d.status = 'open'), 0), count(*) FILTER (WHERE d.status = 'won'),
       coalesce(sum(d.amount) FILTER (WHERE d.status = 'won'), 0)
FROM deals_deal d {where} GROUP BY d.client_id
"""
NO_DEALS = ClientDeals(0, Decimal(0), 0, Decimal(0))


def get_visible_deal(*, user: User, id: int) -> Deal:
    """The deal with its client, owner, stage, pipeline, source, region and loss reason. Raises NotVisible."""
    found = (
        Deal.objects.select_related(
            "client", "owner", "stage", "pipeline", "source", "region", "loss_reason", "product"
        )
        .filter(pk=id)
        .first()
    )
    owners = visible_owner_ids(user, Entity.DEAL)
    if found is None or not user.is_active or (owners is not None and found.owner_id not in owners):
        raise NotVisible
    return found


def lines_of(*, user: User, deal: Deal) -> tuple[LineRow, ...]:
    """The lines of a deal that came through `get_visible_deal`, in order."""
    return tuple(
        LineRow(position, product_id, product, counted_unit(code, quantity, stored), quantity, price, discount, amount)
        for position, product_id, product, code, stored, quantity, price, discount, amount in rows_of(_LINES, [deal.pk])
    )


def stage_steps(*, user: User, deal: Deal, now: datetime) -> tuple[StageStep, ...]:
    """The stages of the pipeline of a deal that came through `get_visible_deal`, with its stays."""
    steps = []
    for key, name, position, is_present, visits, stay, entered_at in rows_of(_STAGES, {"deal": deal.pk, "now": now}):
        state = "present" if is_present else "past" if visits else "ahead"
        steps.append(StageStep(key, name, position, state, visits, stay, entered_at))
    return tuple(steps)


def deals_of_client(*, user: User, client: Client, limit: int = 20) -> tuple[DealBrief, ...]:
    """The deals of a client that `user` sees, open ones first."""
    conditions = Conditions()
    conditions.add("d.client_id = %s", client.pk)
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    found = rows_of(_OF_CLIENT.format(where=conditions.where, limit=limit), conditions.parameters)
    return tuple(DealBrief(*row) for row in found)


def deal_totals_by_client(*, user: User, client_ids: Collection[int]) -> dict[int, ClientDeals]:
    """Open and won deals of these clients, of those `user` sees; clients without deals are absent."""
    if not client_ids:
        return {}
    conditions = Conditions()
    conditions.add("d.client_id = ANY(%s::bigint[])", list(client_ids))
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    found = rows_of(_TOTALS.format(where=conditions.where), conditions.parameters)
    return {row[0]: ClientDeals(*row[1:]) for row in found}


def get_pipeline(*, key: str) -> Pipeline:
    """The active pipeline of this key. Raises NotVisible."""
    found = Pipeline.objects.filter(key=key, is_active=True).first()
    if found is None:
        raise NotVisible
    return found


def stage_options() -> tuple[StageOption, ...]:
    """The active stages of the active pipelines, in order."""
    sql = """
    SELECT s.id, s.key, s.name, p.name FROM deals_stage s JOIN deals_pipeline p ON p.id = s.pipeline_id
    WHERE s.is_active AND p.is_active ORDER BY p.id, s.position
    """
    return tuple(StageOption(*row) for row in rows_of(sql, []))
