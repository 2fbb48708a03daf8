"""A funnel split by rep, manager, team, branch, product, region, source or month of closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kniga.insights.funnel import figures
from kniga.insights.funnel.facts import facts_for
from kniga.insights.funnel.filters import Dimension, FunnelFilter
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.insights.funnel.names import name_of_none, names_of
from kniga.people.models import User

Value = int | date | None


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One value of a dimension. `value` is an id (0: none), for months the first day (None: not closed yet);
    `name` of a month is `YYYY-MM`. `stages` holds the counts of every stage that has some, by its id."""

    value: Value
    name: str
    totals: Totals
    stages: dict[int, StageCounts]


def breakdown_for(*, user: User, filters: FunnelFilter, by: Dimension, with_medians: bool = True) -> list[BreakdownRow]:
    """One row per value that has deals or stays, most won amount first (months in time's order).

    A fixed number of statements. Rows of a dimension of owners count a deal under each owner who had it in a
    stage, so their stage counts may add up to more than the funnel's; their totals add up exactly.
    Without `with_medians` the stages' median days and the cycle of lost deals may be left out: much faster.
    """
    facts = facts_for(user, filters)
    counts = figures.stage_counts(facts, by, with_medians=with_medians)
    totals = figures.totals(facts, by, with_medians=with_medians)
    stages: dict[Value, dict[int, StageCounts]] = {value: {} for value in totals}
    for (value, stage_id), found in counts.items():
        stages.setdefault(value, {})[stage_id] = found
    names = _names(by, list(stages))
    rows = [BreakdownRow(value, names[value], totals.get(value, Totals()), stages[value]) for value in stages]
    if by is Dimension.MONTH:
        return sorted(rows, key=lambda row: (row.value is None, str(row.value)))
    return sorted(rows, key=lambda row: (-row.totals.won_amount, row.name.casefold(), str(row.value)))


def _names(by: Dimension, values: list[Value]) -> dict[Value, str]:
    if by is Dimension.MONTH:
        return {value: value.strftime("%Y-%m") if isinstance(value, date) else name_of_none(by) for value in values}
    found = names_of(by, [value for value in values if isinstance(value, int)])
    return {value: found.get(value, name_of_none(by)) if isinstance(value, int) else "" for value in values}
