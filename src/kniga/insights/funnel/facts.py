"""The SQL of funnel facts: stays and results of the deals a filter and a user's rights leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity

_REGION = "coalesce(d.region_id, c.region_id, 0)"
_SOURCE = "coalesce(d.source_id, c.source_id, 0)"
_MONTH = "date_trunc('month', d.closed_at AT TIME ZONE %(tz)s::text)::date"

# Who owned the deal when it closed; the last visit's owner where no ownership covers that moment.
_HOLDER_JOINS = """
LEFT JOIN LATERAL (
    SELECT o.owner_id FROM deals_dealownership o
    WHERE o.deal_id = d.id AND o.started_at <= d.closed_at AND (o.ended_at IS NULL OR o.ended_at > d.closed_at)
    ORDER BY o.started_at DESC, o.id DESC LIMIT 1
) closing ON d.status <> 'open'
LEFT JOIN LATERAL (
    SELECT v.owner_id FROM deals_stagevisit v WHERE v.deal_id = d.id
    ORDER BY v.entered_at DESC, v.id DESC LIMIT 1
) visited ON d.status <> 'open' AND closing.owner_id IS NULL
"""
_HOLDER = """CASE WHEN d.status = 'open' THEN d.owner_id
     ELSE coalesce(closing.owner_id, visited.owner_id, d.owner_id) END"""


def days_between(start: str, end: str) -> str:
    """SQL for the whole calendar days from one moment to another, in the installation's time zone."""
    return f"((({end}) AT TIME ZONE %(tz)s::text)::date - (({start}) AT TIME ZONE %(tz)s::text)::date)"


def dimension_value(dimension: Dimension) -> str:
    """SQL for the value of a dimension; needs the aliases d, c, u and t of the statements below."""
    return {
        Dimension.REP: "coalesce(u.id, 0)",
        Dimension.MANAGER: "coalesce(t.lead_id, 0)",
        Dimension.TEAM: "coalesce(u.team_id, 0)",
        Dimension.BRANCH: "coalesce(u.branch_id, t.branch_id, 0)",
        Dimension.PRODUCT: "coalesce(d.product_id, 0)",
        Dimension.REGION: _REGION,
        Dimension.SOURCE: _SOURCE,
        Dimension.MONTH: _MONTH,
    }[dimension]


@dataclass(slots=True)
class Facts:
    """Builds the two statements; `parameters` belong to both of them."""

    filters: FunnelFilter
    parameters: dict[str, Any]
    clauses: list[str] = field(default_factory=list)
    owner_clauses: list[str] = field(default_factory=list)
    needs_client: bool = False
    needs_people: bool = False

    def stays(self, dimension: Dimension | None = None, moment: str = "") -> str:
        """One row per visit: deal_id, stage_id, value, exit, amount, days (None: unknown or still there),
        is_counted (the deal's last visit of this stage and value).

        `moment` is `entered_at` or `left_at` when only visits of the period by that moment are wanted.
        """
        value = dimension_value(dimension) if dimension else "0"
        where = [*self.clauses, *self.owner_clauses]
        if moment:
            where.extend(self.within(f"v.{moment}"))
        people, client = self._joins("v.owner_id", dimension)
        days = days_between("v.entered_at", "v.left_at")
        return f"""
SELECT q.*, row_number() OVER (
    PARTITION BY deal_id, stage_id, value ORDER BY entered_at DESC, id DESC
) = 1 AS is_counted
FROM (
    SELECT v.id, v.deal_id, v.stage_id, {value} AS value, v.exit, v.amount, v.entered_at,
           CASE WHEN NOT v.is_inferred THEN {days} END AS days
    FROM deals_stagevisit v JOIN deals_deal d ON d.id = v.deal_id {client} {people}
    WHERE {" AND ".join(where)}
) q"""

    def results(self, dimension: Dimension | None = None) -> str:
        """One row per deal: deal_id, value, status, stage_id, amount, reason_id, days from opening to closing,
        is_opened and is_closed (whether these happened in the period)."""
        value = dimension_value(dimension) if dimension else "0"
        people, client = self._joins("h.holder_id", dimension)
        days = days_between("d.opened_at", "d.closed_at")
        opened = " AND ".join(self.within("d.opened_at")) or "true"
        closed = " AND ".join(self.within("d.closed_at")) or "true"
        if self.filters.basis is Basis.OPENED:
            closed = "true"
        return f"""
SELECT d.id AS deal_id, {value} AS value, d.status, d.stage_id, d.amount, d.loss_reason_id AS reason_id,
       {days} AS days, ({opened}) AS is_opened, (d.status <> 'open' AND {closed}) AS is_closed
FROM deals_deal d {_HOLDER_JOINS}
CROSS JOIN LATERAL (SELECT {_HOLDER} AS holder_id) h {client} {people}
WHERE {" AND ".join([*self.clauses, *self.owner_clauses])}"""

    def within(self, column: str) -> list[str]:
        found = []
        if self.filters.start:
            found.append(f"{column} >= %(start)s::timestamptz")
        if self.filters.end:
            found.append(f"{column} < %(end)s::timestamptz")
        return found

    def _joins(self, owner: str, dimension: Dimension | None) -> tuple[str, str]:
        people = self.needs_people or dimension in _OF_PEOPLE
        client = self.needs_client or dimension in (Dimension.REGION, Dimension.SOURCE)
        return (
            f"LEFT JOIN people_user u ON u.id = {owner} LEFT JOIN people_team t ON t.id = u.team_id" if people else "",
            "LEFT JOIN clients_client c ON c.id = d.client_id" if client else "",
        )

    def narrow(self, dimension: Dimension, name: str, values: tuple[int, ...]) -> None:
        """Keep the facts whose value of the dimension is one of `values`."""
        if not values:
            return
        clause = f"{dimension_value(dimension)} = ANY(%({name})s::bigint[])"
        self.parameters[name] = list(values)
        if dimension in _OF_PEOPLE:
            self.owner_clauses.append(clause)
            self.needs_people = True
        else:
            self.clauses.append(clause)
            self.needs_client |= dimension in (Dimension.REGION, Dimension.SOURCE)


_OF_PEOPLE = (Dimension.REP, Dimension.MANAGER, Dimension.TEAM, Dimension.BRANCH)


def facts_for(user: User, filters: FunnelFilter) -> Facts:
    """The facts of the deals `user` may see and `filters` leave."""
    facts = Facts(filters, {"pipeline": filters.pipeline_id, "tz": timezone.get_current_timezone_name()})
    facts.clauses.append("d.pipeline_id = %(pipeline)s::bigint")
    visible = visible_owner_ids(user, Entity.DEAL)
    if visible is not None:
        facts.clauses.append("d.owner_id = ANY(%(visible)s::bigint[])")
        facts.parameters["visible"] = visible
    if filters.start:
        facts.parameters["start"] = _midnight(filters.start)
    if filters.end:
        facts.parameters["end"] = _midnight(filters.end + timedelta(days=1))
    if filters.basis is Basis.OPENED:
        facts.clauses.extend(facts.within("d.opened_at"))
    facts.narrow(Dimension.REP, "reps", filters.reps)
    facts.narrow(Dimension.MANAGER, "managers", filters.managers)
    facts.narrow(Dimension.TEAM, "teams", filters.teams)
    facts.narrow(Dimension.BRANCH, "branches", filters.branches)
    facts.narrow(Dimension.PRODUCT, "products", filters.products)
    facts.narrow(Dimension.REGION, "regions", filters.regions)
    facts.narrow(Dimension.SOURCE, "sources", filters.sources)
    if filters.reasons:
        facts.clauses.append("d.status = 'lost' AND coalesce(d.loss_reason_id, 0) = ANY(%(reasons)s::bigint[])")
        facts.parameters["reasons"] = list(filters.reasons)
    if filters.months:
        facts.parameters["months"] = [month for month in filters.months if month]
        unclosed = " OR d.closed_at IS NULL" if None in filters.months else ""
        facts.clauses.append(f"({_MONTH} = ANY(%(months)s::date[]){unclosed})")
    return facts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())
