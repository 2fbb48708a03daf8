"""Why deals are lost, and in which stage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from kniga.insights.funnel.facts import facts_for
from kniga.insights.funnel.filters import FunnelFilter
from kniga.people.models import User
from kniga.platform.sqlparts import rows_of


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

    One statement. A stage id of 0 stands for deals that were lost outside any stage.
    """
    facts = facts_for(user, filters)
    sql = f"""
SELECT coalesce(r.reason_id, 0), l.name, coalesce(r.stage_id, 0), count(*), sum(r.amount)
FROM ({facts.results()}) r LEFT JOIN deals_lossreason l ON l.id = r.reason_id
WHERE r.status = 'lost' AND r.is_closed GROUP BY 1, 2, 3"""
    found: dict[int, LossRow] = {}
    for reason_id, name, stage_id, deals, amount in rows_of(sql, facts.parameters):
        row = found.get(reason_id) or LossRow(reason_id, name or _("No reason given"), 0, Decimal(0), {})
        found[reason_id] = LossRow(
            reason_id, row.name, row.deals + deals, row.amount + amount, {**row.by_stage, stage_id: deals}
        )
    return sorted(found.values(), key=lambda row: (-row.deals, row.name))
