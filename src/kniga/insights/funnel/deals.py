"""The deals behind a number of a funnel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kniga.deals.loss_reasons import reason_name
from kniga.insights.funnel.facts import Facts, facts_for
from kniga.insights.funnel.filters import Basis, FunnelFilter
from kniga.people.models import User
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import rows_of


class Measure(StrEnum):
    """A number that can be opened. With a stage the first seven are its counts and OPEN what stands there now;
    without one DEALS, WON, LOST, CANCELLED and OPEN are the totals."""

    ENTERED = "entered"
    PASSED = "passed"
    BACK = "back"
    WON = "won"
    LOST = "lost"
    CANCELLED = "cancelled"
    STILL = "still"
    DEALS = "deals"
    OPEN = "open"


STAGE_MEASURES = frozenset(Measure) - {Measure.DEALS}
TOTAL_MEASURES = frozenset({Measure.DEALS, Measure.WON, Measure.LOST, Measure.CANCELLED, Measure.OPEN})
_EXIT = {
    Measure.ENTERED: "true",
    Measure.PASSED: "exit = 'passed'",
    Measure.BACK: "exit = 'back'",
    Measure.WON: "exit = 'won'",
    Measure.LOST: "exit = 'lost'",
    Measure.CANCELLED: "exit = 'cancelled'",
    Measure.STILL: "exit IS NULL",
}
_RESULT = {
    Measure.DEALS: "is_opened",
    Measure.WON: "is_closed AND status = 'won'",
    Measure.LOST: "is_closed AND status = 'lost'",
    Measure.CANCELLED: "is_closed AND status = 'cancelled'",
    Measure.OPEN: "status = 'open'",
}
_ORDER = Sort("d.opened_at", "timestamptz", is_descending=True)


@dataclass(frozen=True, slots=True)
class DealBehind:
    """A deal behind a number. `days` are those it spent in the stage asked about (None: still there, unknown, or
    no stage was asked about)."""

    deal_id: int
    number: int
    name: str
    client_id: int | None
    client: str
    owner: str
    stage: str
    status: str
    amount: Decimal
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    loss_reason: str
    days: int | None


def deals_behind(
    *,
    user: User,
    filters: FunnelFilter,
    measure: Measure,
    stage_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[DealBehind]:
    """The deals that `measure` counts in the funnel of the same `filters`, newest first. One statement.

    Raises Refused `cursor_invalid`, and ValueError when the funnel has no such number.
    """
    facts = facts_for(user, filters)
    chosen = _chosen(facts, measure, stage_id)
    parameters = {**facts.parameters, "stage": stage_id, "limit": limit + 1}
    after = ""
    if cursor:
        after = "WHERE (d.opened_at, d.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)"
        parameters["after_at"], parameters["after_id"] = decode_cursor(cursor, _ORDER)
    sql = f"""
SELECT d.opened_at, d.id, d.number, d.name, d.client_id, coalesce(c.name, ''), coalesce(o.name, ''),
       coalesce(s.name, ''), d.status, d.amount, d.currency, d.opened_at, d.closed_at, coalesce(l.name, ''),
       chosen.days, coalesce(l.key, '')
FROM ({chosen}) chosen JOIN deals_deal d ON d.id = chosen.deal_id
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN deals_stage s ON s.id = d.stage_id
LEFT JOIN deals_lossreason l ON l.id = d.loss_reason_id
{after} ORDER BY {_ORDER.order("d.id")} LIMIT %(limit)s::int"""
    return page_of(rows_of(sql, parameters), limit, _deal)


def sum_behind(
    *, user: User, filters: FunnelFilter, measure: Measure, stage_id: int | None = None
) -> tuple[int, Decimal]:
    """How many deals `deals_behind` lists in all, and their amount. One statement; raises ValueError as it does."""
    facts = facts_for(user, filters)
    sql = f"""
SELECT count(*), coalesce(sum(d.amount), 0)
FROM ({_chosen(facts, measure, stage_id)}) chosen JOIN deals_deal d ON d.id = chosen.deal_id"""
    count, amount = rows_of(sql, {**facts.parameters, "stage": stage_id})[0]
    return count, amount


def _deal(row: tuple[Any, ...]) -> DealBehind:
    *values, reason, days, key = row
    return DealBehind(*[*values, reason_name(key, reason), days])


def _chosen(facts: Facts, measure: Measure, stage_id: int | None) -> str:
    """The deals of a measure: the same facts and conditions as the number itself."""
    if stage_id is None or measure is Measure.OPEN:
        if measure not in _RESULT:
            raise ValueError(f"{measure.value} needs a stage")
        here = " AND stage_id = %(stage)s::bigint" if stage_id is not None else ""
        return f"SELECT deal_id, NULL::int AS days FROM ({facts.results()}) r WHERE {_RESULT[measure]}{here}"
    if measure not in _EXIT:
        raise ValueError(f"{measure.value} is no number of a stage")
    moment = ""
    if facts.filters.basis is Basis.EVENTS:
        moment = "entered" if measure in (Measure.ENTERED, Measure.STILL) else "left"
    stays = facts.stays(moment=moment)
    return (
        f"SELECT deal_id, days FROM ({stays}) s WHERE stage_id = %(stage)s::bigint AND is_counted AND {_EXIT[measure]}"
    )
