"""The SQL of funnel facts: stays and results of the deals a filter and a user's rights leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.insights.funnel.origins import APART, CHANGED, STORED, TABLES, Origin
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity

OF_PEOPLE = (Dimension.REP, Dimension.MANAGER, Dimension.TEAM, Dimension.BRANCH)
_PEOPLE_VALUES = {
    Dimension.REP: "coalesce(u.id, 0)",
    Dimension.MANAGER: "coalesce(t.lead_id, 0)",
    Dimension.TEAM: "coalesce(u.team_id, 0)",
    Dimension.BRANCH: "coalesce(u.branch_id, t.branch_id, 0)",
}


@dataclass(slots=True)
class Facts:
    """Builds the statements of one filter and user; `parameters` belong to all of them."""

    filters: FunnelFilter
    visible: list[int] | None
    parameters: dict[str, Any]
    people: list[tuple[Dimension, str]] = field(default_factory=list)
    """Dimensions of people that are narrowed, with the names of their parameters."""

    def stays(self, dimension: Dimension | None = None, moment: str = "") -> str:
        """One row per visit: deal_id, stage_id, value, exit, amount, days (None: unknown or still there),
        is_counted (the deal's last visit of this stage and value).

        `moment` is `entered` or `left` when only visits of the period by that moment are wanted.
        """
        tail = self.tail(dimension)
        stored = self.stays_from(STORED, STORED.beyond(tail), dimension, moment)
        return f"{stored} UNION ALL {self.stays_from(TABLES, TABLES.among(tail), dimension, moment)}"

    def results(self, dimension: Dimension | None = None) -> str:
        """One row per deal: deal_id, value, status, stage_id, amount, reason_id, days from opening to closing,
        is_opened and is_closed (whether these happened in the period)."""
        stored = self.results_from(STORED, STORED.beyond(CHANGED), dimension)
        return f"{stored} UNION ALL {self.results_from(TABLES, TABLES.among(CHANGED), dimension)}"

    def tail(self, dimension: Dimension | None) -> str:
        """The deals whose stays must be counted from the tables of deals."""
        return APART if self.people or dimension in OF_PEOPLE else CHANGED

    def stays_from(self, origin: Origin, among: str, dimension: Dimension | None = None, moment: str = "") -> str:
        """`stays` as one origin tells them, of the deals that the condition `among` keeps."""
        columns = origin.columns
        where = [among, *self._clauses(origin)]
        if moment:
            where += self._within(origin, columns[moment])
        partition = f"{columns['deal']}, {columns['stay_stage']}, {self.value(origin, dimension)}"
        counted = f"row_number() OVER (PARTITION BY {partition} ORDER BY {origin.ordered}) = 1"
        if origin.last and not moment:
            counted = origin.last
        return f"""
SELECT {columns["deal"]} AS deal_id, {columns["stay_stage"]} AS stage_id, {self.value(origin, dimension)} AS value,
       {columns["exit"]} AS exit, {columns["stay_amount"]} AS amount, {columns["stay_days"]} AS days,
       {counted} AS is_counted
FROM {origin.stays} {origin.client} {self._people(columns["stay_owner"], dimension)}
WHERE {" AND ".join(where)}"""

    def results_from(self, origin: Origin, among: str, dimension: Dimension | None = None) -> str:
        """`results` as one origin tells them, of the deals that the condition `among` keeps."""
        columns = origin.columns
        opened = " AND ".join(self._within(origin, columns["opened"])) or "true"
        closed = " AND ".join(self._within(origin, columns["closed"])) or "true"
        if self.filters.basis is Basis.OPENED:
            closed = "true"
        return f"""
SELECT {columns["deal"]} AS deal_id, {self.value(origin, dimension)} AS value, {columns["status"]} AS status,
       {columns["stage"]} AS stage_id, {columns["amount"]} AS amount, {columns["reason"]} AS reason_id,
       {columns["days"]} AS days, ({opened}) AS is_opened, ({columns["status"]} <> 'open' AND {closed}) AS is_closed
FROM {origin.results} {origin.client} {self._people(columns["holder"], dimension)}
WHERE {" AND ".join([among, *self._clauses(origin)])}"""

    def value(self, origin: Origin, dimension: Dimension | None) -> str:
        """SQL for the value of a dimension; 0 without one."""
        if dimension is None:
            return "0::bigint"
        return _PEOPLE_VALUES.get(dimension) or origin.columns[dimension.value]

    def people_clauses(self) -> list[str]:
        """The conditions on the owner of a fact."""
        return [f"{_PEOPLE_VALUES[dimension]} = ANY(%({name})s::bigint[])" for dimension, name in self.people]

    def _clauses(self, origin: Origin) -> list[str]:
        columns = origin.columns
        found = [f"{columns['pipeline']} = %(pipeline)s::bigint", *self.people_clauses()]
        if self.visible is not None:
            found.append(f"{columns['viewer']} = ANY(%(visible)s::bigint[])")
        if self.filters.basis is Basis.OPENED:
            found += self._within(origin, columns["opened"])
        for name in ("product", "region", "source", "reason"):
            if f"{name}s" in self.parameters:
                found.append(f"{columns[name]} = ANY(%({name}s)s::bigint[])")
        if self.filters.months:
            unclosed = f" OR {columns['closed']} IS NULL" if None in self.filters.months else ""
            found.append(f"({columns['month']} = ANY(%(months)s::date[]){unclosed})")
        return found

    def _within(self, origin: Origin, column: str) -> list[str]:
        found = []
        if self.filters.start:
            found.append(origin.since.format(column))
        if self.filters.end:
            found.append(origin.until.format(column))
        return found

    def _people(self, owner: str, dimension: Dimension | None) -> str:
        if not self.people and dimension not in OF_PEOPLE:
            return ""
        return f"LEFT JOIN people_user u ON u.id = {owner} LEFT JOIN people_team t ON t.id = u.team_id"


def facts_for(user: User, filters: FunnelFilter) -> Facts:
    """The facts of the deals `user` may see and `filters` leave."""
    visible = visible_owner_ids(user, Entity.DEAL)
    parameters: dict[str, Any] = {
        "pipeline": filters.pipeline_id,
        "tz": timezone.get_current_timezone_name(),
        "visible": visible,
        "months": [month for month in filters.months if month],
    }
    if filters.start:
        parameters.update(start=_midnight(filters.start), start_day=filters.start)
    if filters.end:
        parameters.update(end=_midnight(filters.end + timedelta(days=1)), end_day=filters.end)
    for name, ids in (
        ("products", filters.products),
        ("regions", filters.regions),
        ("sources", filters.sources),
        ("reasons", filters.reasons),
    ):
        if ids:
            parameters[name] = list(ids)
    facts = Facts(filters, visible, parameters)
    for dimension, name, ids in (
        (Dimension.REP, "reps", filters.reps),
        (Dimension.MANAGER, "managers", filters.managers),
        (Dimension.TEAM, "teams", filters.teams),
        (Dimension.BRANCH, "branches", filters.branches),
    ):
        if ids:
            facts.parameters[name] = list(ids)
            facts.people.append((dimension, name))
    return facts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())
