"""What a process needs to know of a deal before it starts."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from kniga.deals.models import Deal, StageVisit
from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.processes.models import Process
from kniga.processes.running.reading import SUPERIORS, DealFacts

_FACTS = f"""
SELECT d.id, d.owner_id, d.amount, d.expected_date, d.client_id, o.branch_id, coalesce(b.time_zone, ''),
       coalesce(o.is_active, false), {SUPERIORS}
FROM deals_deal d
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN people_team team ON team.id = o.team_id
WHERE d.id = ANY(%s::bigint[]) AND (%s::bigint[] IS NULL OR d.owner_id = ANY(%s::bigint[]))
"""


def deal_facts(deal_id: int, *, visible_to: list[int] | None) -> DealFacts | None:
    """The deal's facts; None when there is no such deal or its owner is not among `visible_to`."""
    return facts_of_deals([deal_id], visible_to=visible_to).get(deal_id)


def facts_of_deals(deal_ids: Collection[int], *, visible_to: list[int] | None = None) -> dict[int, DealFacts]:
    """As `deal_facts` for many deals, by deal id, in one statement; those that are not visible are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [list(deal_ids), visible_to, visible_to])
        return {row[0]: DealFacts(*row) for row in cursor.fetchall()}


def join_pipeline(deal_id: int, version_id: int) -> str | None:
    """See that the deal stands in the version's pipeline; returns the key of the stage it stands in, if any.

    A deal that has been in no stage yet is moved there. Raises Refused when it has its place in another one.
    """
    process = Process.objects.get(versions=version_id)
    deal = Deal.objects.select_related("stage").get(pk=deal_id)
    if deal.pipeline_id != process.pipeline_id:
        if StageVisit.objects.filter(deal_id=deal_id).exists():
            raise Refused("other_pipeline", _("This deal has its place in another funnel."), field="process")
        Deal.objects.filter(pk=deal_id).update(pipeline_id=process.pipeline_id)
    return deal.stage.key if deal.stage is not None else None
