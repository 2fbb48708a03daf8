"""Funnel figures counted fact by fact: right for every filter. `sums` gives the same ones faster where it can."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kniga.insights.funnel.facts import Facts
from kniga.insights.funnel.filters import Basis, Dimension
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.platform.sqlparts import rows_of

Value = int | date | None

_ENTERED = """
count(*) FILTER (WHERE is_counted),
coalesce(sum(amount) FILTER (WHERE is_counted), 0),
count(*) FILTER (WHERE is_counted AND exit IS NULL)
"""
_LEFT = """
count(*) FILTER (WHERE is_counted AND exit = 'passed'),
count(*) FILTER (WHERE is_counted AND exit = 'back'),
count(*) FILTER (WHERE is_counted AND exit = 'won'),
count(*) FILTER (WHERE is_counted AND exit = 'lost'),
count(*) FILTER (WHERE is_counted AND exit = 'cancelled'),
percentile_cont(0.5) WITHIN GROUP (ORDER BY days)
"""
_TOTALS = """
count(*) FILTER (WHERE is_opened),
count(*) FILTER (WHERE is_closed AND status = 'won'),
count(*) FILTER (WHERE is_closed AND status = 'lost'),
count(*) FILTER (WHERE is_closed AND status = 'cancelled'),
count(*) FILTER (WHERE status = 'open'),
coalesce(sum(amount) FILTER (WHERE is_closed AND status = 'won'), 0),
coalesce(sum(amount) FILTER (WHERE is_closed AND status = 'lost'), 0),
coalesce(sum(amount) FILTER (WHERE status = 'open'), 0),
percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE is_closed AND status = 'won'),
percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE is_closed AND status = 'lost')
"""


def stage_counts(facts: Facts, dimension: Dimension | None = None) -> dict[tuple[Value, int], StageCounts]:
    """Counts by (value of the dimension, stage); without a dimension the value is 0."""
    if facts.filters.basis is Basis.OPENED or not (facts.filters.start or facts.filters.end):
        found = _grouped(facts, f"{_ENTERED}, {_LEFT}", facts.stays(dimension))
        return {place: _counts(row[:3], row[3:]) for place, row in found.items()}
    entered = _grouped(facts, _ENTERED, facts.stays(dimension, "entered"))
    left = _grouped(facts, _LEFT, facts.stays(dimension, "left"))
    nothing: tuple[Any, ...] = (0, Decimal(0), 0)
    return {
        place: _counts(entered.get(place, nothing), left.get(place, (0, 0, 0, 0, 0, None)))
        for place in sorted({*entered, *left}, key=str)
    }


def totals(facts: Facts, dimension: Dimension | None = None) -> dict[Value, Totals]:
    """Totals by value of the dimension; without a dimension the value is 0."""
    sql = f"SELECT value, {_TOTALS} FROM ({facts.results(dimension)}) r GROUP BY 1"
    return {row[0]: Totals(*row[1:]) for row in rows_of(sql, facts.parameters)}


def standing(facts: Facts) -> dict[int, tuple[int, Decimal]]:
    """Open deals and what they are worth by the stage they stand in now."""
    sql = f"""
SELECT stage_id, count(*), sum(amount) FROM ({facts.results()}) r
WHERE status = 'open' AND stage_id IS NOT NULL GROUP BY 1"""
    return {stage: (deals, amount) for stage, deals, amount in rows_of(sql, facts.parameters)}


def losses(facts: Facts) -> list[tuple[int, int, int, Decimal]]:
    """Lost deals and their worth by reason and stage: (reason, stage, deals, amount); 0 stands for none."""
    sql = f"""
SELECT coalesce(reason_id, 0), coalesce(stage_id, 0), count(*), sum(amount)
FROM ({facts.results()}) r WHERE status = 'lost' AND is_closed GROUP BY 1, 2"""
    return [(row[0], row[1], row[2], row[3]) for row in rows_of(sql, facts.parameters)]


def _grouped(facts: Facts, measures: str, stays: str) -> dict[tuple[Value, int], tuple[Any, ...]]:
    sql = f"SELECT value, stage_id, {measures} FROM ({stays}) s GROUP BY 1, 2"
    return {(row[0], row[1]): row[2:] for row in rows_of(sql, facts.parameters)}


def _counts(entered: tuple[Any, ...], left: tuple[Any, ...]) -> StageCounts:
    deals, amount, still = entered
    passed, back, won, lost, cancelled, median = left
    return StageCounts(deals, passed, back, won, lost, cancelled, still, amount, median)
