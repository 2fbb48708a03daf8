"""Funnel figures from the projection's sums: milliseconds, whatever the number of deals.

The projection sums facts by one dimension at a time. A question it has no sums for (two dimensions at once, a
period that cuts months, events of a period) is answered by `counting` from the stored facts. Either way deals that
have changed since the last fold are counted as they are now, so both are exact at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kniga.insights.funnel.facts import OF_PEOPLE, Facts
from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.insights.funnel.origins import CHANGED, STORED, TABLES
from kniga.platform.sqlparts import rows_of

Value = int | date | None

_PEOPLE = "LEFT JOIN people_user u ON u.id = s.value LEFT JOIN people_team t ON t.id = u.team_id"
_MONTH = """CASE WHEN s.value >= 0
     THEN make_date(div(s.value, 12)::integer, mod(s.value, 12)::integer + 1, 1) END"""
_UNCLOSED = -1
# The middle value, or the two around the middle: percentile_cont(0.5) over counted days.
_MEDIAN = """
SELECT value, place, avg(days)::float8 FROM (
    SELECT value, place, days, visits, sum(visits) OVER before AS upto, sum(visits) OVER whole AS total
    FROM (SELECT value, place, days, sum(visits::integer)::integer AS visits FROM ({spans}) spans
          GROUP BY 1, 2, 3 HAVING sum(visits::integer) > 0) counted
    WINDOW whole AS (PARTITION BY value, place), before AS (PARTITION BY value, place ORDER BY days)
) ranked
WHERE upto >= (total + 1) / 2 AND upto - visits < total / 2 + 1 GROUP BY 1, 2"""


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums that answer a question: their axis, the condition on them, and the value to group by."""

    facts: Facts
    dimension: Dimension | None
    axis: str
    clauses: tuple[str, ...]
    value: str

    def stage_counts(self, *, with_medians: bool) -> dict[tuple[Value, int], StageCounts]:
        """Counts by (value of the dimension, stage), as `counting.stage_counts`."""
        stored, live = self._stays_of_tail()
        amounts: dict[tuple[Value, int], dict[str, tuple[int, Decimal]]] = {}
        sql = f"""
SELECT value, stage_id, outcome, sum(deals)::bigint, sum(amount) FROM (
    {self._summed("insights_sum", "stay", "s.stage_id, s.outcome, s.deals, s.amount")}
    UNION ALL SELECT value, stage_id, coalesce(exit, 'still'), -1, -amount FROM ({stored}) o WHERE is_counted
    UNION ALL SELECT value, stage_id, coalesce(exit, 'still'), 1, amount FROM ({live}) n WHERE is_counted
) f GROUP BY 1, 2, 3 HAVING sum(deals) > 0"""
        for value, stage_id, outcome, deals, amount in rows_of(sql, self.facts.parameters):
            amounts.setdefault((value, stage_id), {})[outcome] = (deals, amount)
        medians = self._stage_medians(stored, live) if with_medians else {}
        return {place: _counts(found, medians.get(place)) for place, found in amounts.items()}

    def _stage_medians(self, stored: str, live: str) -> dict[tuple[Value, Any], float]:
        return self._medians(f"""
    {self._summed("insights_span", "stay", "s.stage_id AS place, s.days, s.visits")}
    UNION ALL SELECT value, stage_id, days, -1 FROM ({stored}) o WHERE days IS NOT NULL
    UNION ALL SELECT value, stage_id, days, 1 FROM ({live}) n WHERE days IS NOT NULL""")

    def totals(self, *, with_medians: bool = True) -> tuple[dict[Value, Totals], dict[int, tuple[int, Decimal]]]:
        """Totals by value of the dimension, and open deals with their worth by stage.

        Without `with_medians` only the cycle of won deals is there.
        """
        stored, live = self._results_of_tail()
        sql = f"""
SELECT value, stage_id, outcome, sum(deals)::bigint, sum(amount) FROM (
    {self._summed("insights_sum", "result", "s.stage_id, s.outcome, s.deals, s.amount")}
    UNION ALL SELECT value, coalesce(stage_id, 0), status, -1, -amount FROM ({stored}) o
    UNION ALL SELECT value, coalesce(stage_id, 0), status, 1, amount FROM ({live}) n
) f GROUP BY 1, 2, 3 HAVING sum(deals) > 0"""
        by_status: dict[Value, dict[str, tuple[int, Decimal]]] = {}
        standing: dict[int, tuple[int, Decimal]] = {}
        for value, stage_id, status, deals, amount in rows_of(sql, self.facts.parameters):
            found = by_status.setdefault(value, {})
            before = found.get(status, (0, Decimal(0)))
            found[status] = (before[0] + deals, before[1] + amount)
            if status == "open" and stage_id:
                here = standing.get(stage_id, (0, Decimal(0)))
                standing[stage_id] = (here[0] + deals, here[1] + amount)
        cycles = self._cycles(stored, live, () if with_medians else ("s.outcome = 'won'",))
        return {value: _totals(value, found, cycles) for value, found in by_status.items()}, standing

    def _cycles(self, stored: str, live: str, clauses: tuple[str, ...]) -> dict[tuple[Value, Any], float]:
        wanted = " AND status = 'won'" if clauses else ""
        return self._medians(f"""
    {self._summed("insights_span", "result", "s.outcome AS place, s.days, s.visits", *clauses)}
    UNION ALL SELECT value, status, days, -1 FROM ({stored}) o WHERE days IS NOT NULL{wanted}
    UNION ALL SELECT value, status, days, 1 FROM ({live}) n WHERE days IS NOT NULL{wanted}""")

    def losses(self) -> list[tuple[int, int, int, Decimal]]:
        """Lost deals and their worth by reason and stage: (reason, stage, deals, amount)."""
        stored, live = self._results_of_tail()
        sql = f"""
SELECT reason_id, stage_id, sum(deals)::bigint, sum(amount) FROM (
    {self._summed("insights_sum", "result", "s.reason_id, s.stage_id, s.deals, s.amount", "s.outcome = 'lost'")}
    UNION ALL SELECT value, reason_id, coalesce(stage_id, 0), -1, -amount FROM ({stored}) o WHERE status = 'lost'
    UNION ALL SELECT value, reason_id, coalesce(stage_id, 0), 1, amount FROM ({live}) n WHERE status = 'lost'
) f GROUP BY 1, 2 HAVING sum(deals) > 0"""
        return [(row[0], row[1], row[2], row[3]) for row in rows_of(sql, self.facts.parameters)]

    def _medians(self, spans: str) -> dict[tuple[Value, Any], float]:
        sql = _MEDIAN.format(spans=spans)
        return {(value, place): days for value, place, days in rows_of(sql, self.facts.parameters)}

    def _summed(self, table: str, fact: str, columns: str, *more: str) -> str:
        where = [
            "s.pipeline_id = %(pipeline)s::bigint",
            f"s.axis = '{self.axis}'",
            f"s.fact = '{fact}'",
            *self.clauses,
            *more,
        ]
        people = _PEOPLE if self.axis in ("rep", "viewed") else ""
        return f"SELECT {self.value} AS value, {columns} FROM {table} s {people} WHERE {' AND '.join(where)}"

    def _stays_of_tail(self) -> tuple[str, str]:
        """Stays of the deals whose sums are not to be trusted: as they were folded last, and as they are now."""
        tail, build = self.facts.tail(self.dimension), self.facts.stays_from
        return build(STORED, STORED.among(tail), self.dimension), build(TABLES, TABLES.among(tail), self.dimension)

    def _results_of_tail(self) -> tuple[str, str]:
        """Results of the deals that changed: as they were folded last, and as they are now."""
        build = self.facts.results_from
        return (
            build(STORED, STORED.among(CHANGED), self.dimension),
            build(TABLES, TABLES.among(CHANGED), self.dimension),
        )


def sums_for(facts: Facts, dimension: Dimension | None = None) -> Sums | None:
    """The sums that answer for these facts split by `dimension`; None if there are none of that kind."""
    asked = _asked(facts, dimension)
    if asked is None or len(asked) > 1:
        return None
    axis = asked.pop() if asked else "all"
    clauses: list[str] = []
    if axis == "viewed":
        clauses = [*facts.people_clauses(), "s.viewer_id = ANY(%(visible)s::bigint[])"]
    elif axis == "rep":
        clauses = facts.people_clauses()
    elif axis == "closed":
        if facts.filters.months:
            facts.parameters["closed_months"] = [_number(month) for month in facts.filters.months]
            clauses = ["s.value = ANY(%(closed_months)s::bigint[])"]
    elif axis == "opened":
        clauses = _opened(facts)
    elif f"{axis}s" in facts.parameters:
        clauses = [f"s.value = ANY(%({axis}s)s::bigint[])"]
    return Sums(facts, dimension, axis, tuple(clauses), _value(facts, dimension))


def _asked(facts: Facts, dimension: Dimension | None) -> set[str] | None:
    """The axes a question needs; None when it asks for something no axis has."""
    filters = facts.filters
    if filters.reasons or not _has_whole_months(filters):
        return None
    asked = {name for name in ("product", "region", "source") if f"{name}s" in facts.parameters}
    if filters.start or filters.end:
        asked.add("opened")
    if filters.months or dimension is Dimension.MONTH:
        asked.add("closed")
    if facts.visible is not None:
        asked.add("viewed")
    elif facts.people or dimension in OF_PEOPLE:
        asked.add("rep")
    if dimension in (Dimension.PRODUCT, Dimension.REGION, Dimension.SOURCE):
        asked.add(dimension.value)
    return asked


def _has_whole_months(filters: FunnelFilter) -> bool:
    if not (filters.start or filters.end):
        return True
    if filters.basis is not Basis.OPENED:
        return False
    starts_well = filters.start is None or filters.start.day == 1
    return starts_well and (filters.end is None or (filters.end + timedelta(days=1)).day == 1)


def _opened(facts: Facts) -> list[str]:
    clauses = []
    if facts.filters.start:
        facts.parameters["first_month"] = _number(facts.filters.start)
        clauses.append("s.value >= %(first_month)s::bigint")
    if facts.filters.end:
        facts.parameters["last_month"] = _number(facts.filters.end)
        clauses.append("s.value <= %(last_month)s::bigint")
    return clauses


def _number(month: date | None) -> int:
    return _UNCLOSED if month is None else month.year * 12 + month.month - 1


def _value(facts: Facts, dimension: Dimension | None) -> str:
    if dimension is None:
        return "0::bigint"
    if dimension is Dimension.MONTH:
        return _MONTH
    return facts.value(STORED, dimension) if dimension in OF_PEOPLE else "s.value"


def _counts(found: dict[str, tuple[int, Decimal]], median: float | None) -> StageCounts:
    def deals(outcome: str) -> int:
        return found.get(outcome, (0, Decimal(0)))[0]

    return StageCounts(
        entered=sum(number for number, _amount in found.values()),
        passed=deals("passed"),
        back=deals("back"),
        won=deals("won"),
        lost=deals("lost"),
        cancelled=deals("cancelled"),
        still=deals("still"),
        amount=sum((amount for _number_of, amount in found.values()), Decimal(0)),
        median_days=median,
    )


def _totals(value: Value, found: dict[str, tuple[int, Decimal]], cycles: dict[tuple[Value, Any], float]) -> Totals:
    nothing = (0, Decimal(0))
    won, lost, still = (found.get(status, nothing) for status in ("won", "lost", "open"))
    return Totals(
        deals=sum(number for number, _amount in found.values()),
        won=won[0],
        lost=lost[0],
        cancelled=found.get("cancelled", nothing)[0],
        open=still[0],
        won_amount=won[1],
        lost_amount=lost[1],
        open_amount=still[1],
        cycle_won=cycles.get((value, "won")),
        cycle_lost=cycles.get((value, "lost")),
    )
