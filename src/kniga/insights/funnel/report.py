"""The funnel itself: what happened in each stage, and the totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kniga.deals.models import Stage
from kniga.insights.funnel import figures
from kniga.insights.funnel.facts import facts_for
from kniga.insights.funnel.filters import FunnelFilter
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """A stage with its counts. `conversion` is the share that went on (passed on or won at once),
    `from_first` how many entered for each that entered the first stage; `open_now` counts the open deals that
    stand here now, by their present owner, `open_amount` what they are worth."""

    stage_id: int
    key: str
    name: str
    position: int
    counts: StageCounts
    conversion: float | None
    from_first: float | None
    open_now: int
    open_amount: Decimal


@dataclass(frozen=True, slots=True)
class Funnel:
    """A whole funnel: its stages in order, and the totals."""

    filters: FunnelFilter
    stages: tuple[FunnelStage, ...]
    totals: Totals


def funnel_for(*, user: User, filters: FunnelFilter) -> Funnel:
    """The funnel of the deals `user` may see and `filters` leave; a fixed number of statements.

    `filters.pipeline_id` is a pipeline's id (see `names.pipelines`); an unknown one has no stages.
    """
    facts = facts_for(user, filters)
    counts = {stage: found for (_value, stage), found in figures.stage_counts(facts).items()}
    totals, standing = figures.totals_and_standing(facts)
    return Funnel(filters, _stages(filters.pipeline_id, counts, standing), totals)


def conversion_of(counts: StageCounts) -> float | None:
    """The share of the deals that entered a stage which went on from it; None if none entered."""
    return (counts.passed + counts.won) / counts.entered if counts.entered else None


def _stages(
    pipeline_id: int, counts: dict[int, StageCounts], standing: dict[int, tuple[int, Decimal]]
) -> tuple[FunnelStage, ...]:
    """Active stages in order, and retired ones that still have figures."""
    found: list[FunnelStage] = []
    rows = Stage.objects.filter(pipeline_id=pipeline_id).order_by("position", "pk")
    for stage_id, key, name, position, is_active in rows.values_list("pk", "key", "name", "position", "is_active"):
        here = counts.get(stage_id, StageCounts())
        open_now, open_amount = standing.get(stage_id, (0, Decimal(0)))
        if not (is_active or here.entered or open_now):
            continue
        first = found[0].counts.entered if found else here.entered
        found.append(
            FunnelStage(
                stage_id,
                key,
                name,
                position,
                here,
                conversion_of(here),
                here.entered / first if first else None,
                open_now,
                open_amount,
            )
        )
    return tuple(found)
