"""Why deals are lost, and in which stage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kniga.insights.funnel import figures
from kniga.insights.funnel.facts import facts_for
from kniga.insights.funnel.filters import FunnelFilter
from kniga.insights.funnel.names import reason_names
from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class LossRow:
    """A reason (0: none given) with its lost deals, their amount, and their number by the stage they left."""

    reason_id: int
    name: str
    deals: int
    amount: Decimal
    by_stage: dict[int, int]


def loss_reasons_for(*, user: User, filters: FunnelFilter) -> list[LossRow]:
    """The reasons of the lost deals that the totals of the same funnel count, most frequent first.

    Two statements. A stage id of 0 stands for deals that were lost outside any stage.
    """
    counted = figures.losses(facts_for(user, filters))
    names = reason_names([reason_id for reason_id, *_rest in counted])
    found: dict[int, LossRow] = {}
    for reason_id, stage_id, deals, amount in counted:
        row = found.get(reason_id) or LossRow(reason_id, names[reason_id], 0, Decimal(0), {})
        found[reason_id] = LossRow(
            reason_id, row.name, row.deals + deals, row.amount + amount, {**row.by_stage, stage_id: deals}
        )
    return sorted(found.values(), key=lambda row: (-row.deals, row.name))
