"""Funnel figures by the fastest way that has them: the projection's sums, else a count of facts."""

from __future__ import annotations

from decimal import Decimal

from kniga.insights.funnel import counting
from kniga.insights.funnel.counting import Value
from kniga.insights.funnel.facts import Facts
from kniga.insights.funnel.filters import Dimension
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.insights.funnel.sums import sums_for

Standing = dict[int, tuple[int, Decimal]]


def stage_counts(
    facts: Facts, dimension: Dimension | None = None, *, with_medians: bool = True
) -> dict[tuple[Value, int], StageCounts]:
    """Counts by (value of the dimension, stage); without a dimension the value is 0.

    Medians are most of the work of a split; without `with_medians` they may be None.
    """
    sums = sums_for(facts, dimension)
    return sums.stage_counts(with_medians=with_medians) if sums else counting.stage_counts(facts, dimension)


def totals(facts: Facts, dimension: Dimension | None = None, *, with_medians: bool = True) -> dict[Value, Totals]:
    """Totals by value of the dimension; without a dimension the value is 0.

    Without `with_medians` the cycle of lost deals may be None.
    """
    sums = sums_for(facts, dimension)
    return sums.totals(with_medians=with_medians)[0] if sums else counting.totals(facts, dimension)


def totals_and_standing(facts: Facts) -> tuple[Totals, Standing]:
    """The totals, and the open deals with their worth by the stage they stand in now."""
    sums = sums_for(facts)
    if sums:
        by_value, standing = sums.totals()
    else:
        by_value, standing = counting.totals(facts), counting.standing(facts)
    return by_value.get(0, Totals()), standing


def losses(facts: Facts) -> list[tuple[int, int, int, Decimal]]:
    """Lost deals and their worth by reason and stage: (reason, stage, deals, amount); 0 stands for none."""
    sums = sums_for(facts)
    return sums.losses() if sums else counting.losses(facts)
