"""The list of deals: keyset pages over several sorts, filters, sums on demand, search by number or name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from kniga.deals.models import DealStatus
from kniga.deals.numbers import number_in
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import digits, fold

SORTS: dict[str, Sort] = {
    "opened": Sort("d.opened_at", "timestamptz"),
    "amount": Sort("d.amount", "numeric"),
    "closed": Sort("d.closed_at", "timestamptz"),
    "number": Sort("d.number", "bigint"),
    "name": Sort("d.name_key", "text"),
    "expected": Sort("coalesce(d.expected_date, '9999-12-31'::date)", "date"),
    "stage_since": Sort("coalesce(d.stage_since, d.opened_at)", "timestamptz"),
}


MOST_CLIENTS = 500
# Bounds of a period: days beyond them have no midnight in some time zone.
_FIRST_DAY, _LAST_DAY = date(1000, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What the list is narrowed to; None and "" narrow nothing. Days are whole days of the installation's
    time zone; `period` says which date they bound: opened, closed or expected."""

    text: str = ""
    status: str = ""
    stage_id: int | None = None
    pipeline_id: int | None = None
    owner_id: int | None = None
    team_id: int | None = None
    branch_id: int | None = None
    client_id: int | None = None
    product_id: int | None = None
    source_id: int | None = None
    region_id: int | None = None
    loss_reason_id: int | None = None
    period: str = "opened"
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class DealRow:
    """One line of the list."""

    id: int
    number: int
    name: str
    client_id: int | None
    client: str
    owner_id: int | None
    owner: str
    stage_id: int | None
    stage: str
    stage_since: datetime | None
    status: str
    amount: Decimal
    currency: str
    expected_date: date | None
    opened_at: datetime
    closed_at: datetime | None
    product: str
    loss_reason_key: str
    loss_reason: str


@dataclass(frozen=True, slots=True)
class DealTotals:
    """Count and sum of the whole filter, by status."""

    count: int
    amount: Decimal
    open_count: int
    open_amount: Decimal
    won_count: int
    won_amount: Decimal
    lost_count: int
    lost_amount: Decimal


@dataclass(frozen=True, slots=True)
class DealHit:
    """A deal that was found by its number or name."""

    id: int
    number: int
    name: str
    client: str
    status: str
    amount: Decimal
    currency: str


_SELECT = """
SELECT {sort}, d.id, d.number, d.name, d.client_id, coalesce(c.name, ''), d.owner_id, coalesce(u.name, ''),
       d.stage_id, coalesce(s.name, ''), d.stage_since, d.status, d.amount, d.currency, d.expected_date,
       d.opened_at, d.closed_at, coalesce(p.name, ''), coalesce(l.key, ''), coalesce(l.name, '')
FROM ({found}) d
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN people_user u ON u.id = d.owner_id
LEFT JOIN deals_stage s ON s.id = d.stage_id
LEFT JOIN catalog_product p ON p.id = d.product_id
LEFT JOIN deals_lossreason l ON l.id = d.loss_reason_id
ORDER BY {order}
"""
_FOUND = "SELECT * FROM deals_deal d {where} ORDER BY {order} LIMIT {limit}"
# Open and closed deals have an index of their own for this order.
_BOTH = "SELECT * FROM (({open}) UNION ALL ({closed})) d ORDER BY {order} LIMIT {limit}"
_TOTALS = """
SELECT count(*), coalesce(sum(amount), 0),
       count(*) FILTER (WHERE status = 'open'), coalesce(sum(amount) FILTER (WHERE status = 'open'), 0),
       count(*) FILTER (WHERE status = 'won'), coalesce(sum(amount) FILTER (WHERE status = 'won'), 0),
       count(*) FILTER (WHERE status = 'lost'), coalesce(sum(amount) FILTER (WHERE status = 'lost'), 0)
FROM deals_deal d {where}
"""
_SEARCH = """
SELECT d.id, d.number, d.name, coalesce(c.name, ''), d.status, d.amount, d.currency
FROM (SELECT * FROM deals_deal d {where} LIMIT 200) d LEFT JOIN clients_client c ON c.id = d.client_id
ORDER BY (d.number = %s::bigint) DESC, (d.status = 'open') DESC, d.opened_at DESC, d.id DESC LIMIT {limit}
"""


def deals_page(
    *,
    user: User,
    wanted: DealFilter | None = None,
    sort: str = "-opened",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[DealRow]:
    """A page of the deals `user` sees, in one statement beside the access rules.

    `sort` is a key of SORTS, "-" before it puts the largest first; "closed" lists closed deals only. Raises Refused
    `cursor_invalid`.
    """
    key = sort.removeprefix("-")
    chosen = SORTS.get(key, SORTS["opened"])
    order = chosen.turned() if sort.startswith("-") or key not in SORTS else chosen
    wanted = wanted or DealFilter()
    conditions = _conditions(user, wanted)
    if key == "closed":
        conditions.add("d.status <> 'open'")
    if cursor:
        conditions.add(order.after("d.id"), *decode_cursor(cursor, order))
    in_order = order.order("d.id")
    found, parameters = _found(conditions, in_order, limit + 1, in_two=key == "stage_since" and not wanted.status)
    sql = _SELECT.format(sort=order.expression, found=found, order=in_order)
    return page_of(rows_of(sql, parameters), limit, lambda row: DealRow(*row))


def deal_totals(*, user: User, wanted: DealFilter | None = None) -> DealTotals:
    """Counts and sums of the whole filter in one statement; a page asks for them after its rows."""
    conditions = _conditions(user, wanted or DealFilter())
    return DealTotals(*rows_of(_TOTALS.format(where=conditions.where), conditions.parameters)[0])


def search_deals(*, user: User, text: str, limit: int = 10) -> tuple[DealHit, ...]:
    """The deals `user` sees whose number is `text` ("#17" or "17") or whose name holds its words."""
    query = fold(text[:100])
    if not query:
        return ()
    number = number_in(text)
    conditions = Conditions()
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    if number is not None:
        conditions.add("d.number = %s::bigint", number)
    elif len(query) < 2:
        return ()
    else:
        for word in query.split()[:8]:
            conditions.add("d.name_key LIKE %s", like(word))
    found = rows_of(_SEARCH.format(where=conditions.where, limit=limit), [*conditions.parameters, number])
    return tuple(DealHit(*row) for row in found)


def _found(conditions: Conditions, order: str, limit: int, *, in_two: bool) -> tuple[str, list[Any]]:
    """The statement that finds the deals of a page, in its order, and its parameters."""
    if not in_two:
        return _FOUND.format(where=conditions.where, order=order, limit=limit), conditions.parameters
    halves = {
        name: _FOUND.format(where=conditions.also(f"d.status {sign} 'open'"), order=order, limit=limit)
        for name, sign in (("open", "="), ("closed", "<>"))
    }
    return _BOTH.format(**halves, order=order, limit=limit), [*conditions.parameters, *conditions.parameters]


def _conditions(user: User, wanted: DealFilter) -> Conditions:
    conditions = Conditions()
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    if wanted.status in DealStatus.values:
        # Written out: an index of the open deals alone serves only a statement that says so itself.
        conditions.add(f"d.status = '{DealStatus(wanted.status).value}'")
    elif wanted.status:
        conditions.add("false")
    single: dict[str, Any] = {
        "d.stage_id": wanted.stage_id,
        "d.pipeline_id": wanted.pipeline_id,
        "d.owner_id": wanted.owner_id,
        "d.client_id": wanted.client_id,
        "d.source_id": wanted.source_id,
        "d.region_id": wanted.region_id,
        "d.loss_reason_id": wanted.loss_reason_id,
    }
    for column, value in single.items():
        if value is not None:
            conditions.add(f"{column} = %s::bigint", value)
    _add_related(conditions, wanted)
    if wanted.text.strip():
        _add_text(conditions, wanted.text)
    _add_period(conditions, wanted)
    return conditions


def _add_related(conditions: Conditions, wanted: DealFilter) -> None:
    if wanted.team_id is not None:
        members = "d.owner_id IN (SELECT id FROM people_user WHERE team_id = %s::bigint)"
        conditions.add(members, wanted.team_id)
    if wanted.branch_id is not None:
        members = "d.owner_id IN (SELECT id FROM people_user WHERE branch_id = %s::bigint)"
        conditions.add(members, wanted.branch_id)
    if wanted.product_id is not None:
        line = "EXISTS (SELECT FROM deals_dealline l WHERE l.deal_id = d.id AND l.product_id = %s::bigint)"
        conditions.add(f"(d.product_id = %s::bigint OR {line})", wanted.product_id, wanted.product_id)


def _add_text(conditions: Conditions, text: str) -> None:
    number = number_in(text)
    if number is not None:
        conditions.add("(d.number = %s::bigint OR d.name_key LIKE %s)", number, like(digits(text)))
        return
    patterns = [like(word) for word in fold(text[:100]).split()[:8]]
    named = " AND ".join("d.name_key LIKE %s" for _ in patterns)
    held = " AND ".join("search_text LIKE %s" for _ in patterns)
    clients = f"SELECT id FROM clients_client WHERE {held} LIMIT {MOST_CLIENTS + 1}"
    ids = [row[0] for row in rows_of(clients, [*patterns])]
    if len(ids) <= MOST_CLIENTS:
        # Few clients: their ids let PostgreSQL join two indexes instead of reading the whole table.
        conditions.add(f"(({named}) OR d.client_id = ANY(%s::bigint[]))", *patterns, ids)
    else:
        held = f"d.client_id IN (SELECT id FROM clients_client WHERE {held})"
        conditions.add(f"(({named}) OR {held})", *patterns, *patterns)


def _add_period(conditions: Conditions, wanted: DealFilter) -> None:
    if wanted.period == "expected":
        column, convert = "d.expected_date", _same
    else:
        column, convert = ("d.closed_at" if wanted.period == "closed" else "d.opened_at"), _midnight
    if wanted.since is not None:
        conditions.add(f"{column} >= %s", convert(max(wanted.since, _FIRST_DAY)))
    if wanted.until is not None:
        conditions.add(f"{column} < %s", convert(min(wanted.until, _LAST_DAY) + timedelta(days=1)))


def _midnight(day: date) -> Any:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware at once


def _same(day: date) -> Any:
    return day
