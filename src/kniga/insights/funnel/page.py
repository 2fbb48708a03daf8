"""Everything the funnel's page shows, in one call."""

from __future__ import annotations

from dataclasses import dataclass

from kniga.insights.funnel.breakdown import BreakdownRow, breakdown_for
from kniga.insights.funnel.filters import Dimension, FunnelFilter
from kniga.insights.funnel.losses import LossRow, loss_reasons_for
from kniga.insights.funnel.report import Funnel, funnel_for
from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class FunnelPage:
    """The funnel, why deals are lost, and its split by one dimension."""

    funnel: Funnel
    losses: list[LossRow]
    by: Dimension
    rows: list[BreakdownRow]


def funnel_page_for(*, user: User, filters: FunnelFilter, by: Dimension) -> FunnelPage:
    """The funnel with its losses and its split by `by`, for the deals `user` may see."""
    return FunnelPage(
        funnel_for(user=user, filters=filters),
        loss_reasons_for(user=user, filters=filters),
        by,
        breakdown_for(user=user, filters=filters, by=by, with_medians=False),
    )
