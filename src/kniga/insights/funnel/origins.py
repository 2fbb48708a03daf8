"""Where funnel facts are read from: the tables of deals, or the facts the projection has stored of them.

Both give the same rows (see `facts`); they differ in the names of columns, and the projection counts in local days
what the tables hold as moments. Statements use the aliases d (deal or stored fact), v (visit), c (client), u and t
(the owner of the fact and their team).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Who owned the deal when it closed; the last visit's owner where no ownership covers that moment.
_HOLDER_JOINS: Final = """
LEFT JOIN LATERAL (
    SELECT o.owner_id FROM deals_dealownership o
    WHERE o.deal_id = d.id AND o.started_at <= d.closed_at AND (o.ended_at IS NULL OR o.ended_at > d.closed_at)
    ORDER BY o.started_at DESC, o.id DESC LIMIT 1
) closing ON d.status <> 'open'
LEFT JOIN LATERAL (
    SELECT v.owner_id FROM deals_stagevisit v WHERE v.deal_id = d.id
    ORDER BY v.entered_at DESC, v.id DESC LIMIT 1
) visited ON d.status <> 'open' AND closing.owner_id IS NULL
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.status = 'open' THEN d.owner_id
                ELSE coalesce(closing.owner_id, visited.owner_id, d.owner_id) END AS holder_id
) h"""


def _days_between(start: str, end: str) -> str:
    zone = "%(tz)s::text"
    return f"((({end}) AT TIME ZONE {zone})::date - (({start}) AT TIME ZONE {zone})::date)"


@dataclass(frozen=True, slots=True)
class Origin:
    """The SQL of one place facts are read from.

    `since` and `until` compare a moment (or day) with the bounds of the period; `ordered` puts a deal's last visit
    first, `last` is the column that says so already.
    """

    stays: str
    results: str
    client: str
    columns: Mapping[str, str]
    since: str
    until: str
    ordered: str
    last: str

    def among(self, deals: str) -> str:
        """The condition that keeps the deals of a subquery."""
        return f"{self.columns['deal']} = ANY(ARRAY({deals}))"

    def beyond(self, deals: str) -> str:
        """The condition that leaves the deals of a subquery out."""
        return f"NOT EXISTS (SELECT FROM ({deals}) noted WHERE noted.deal_id = {self.columns['deal']})"


CHANGED: Final = "SELECT deal_id FROM insights_dirty"
"""Deals that have changed since the last fold (or were never folded)."""
APART: Final = f"{CHANGED} UNION SELECT deal_id FROM insights_apart"
"""These, and the deals that had several owners in one stage: where owners matter both are counted from the tables."""

TABLES: Final = Origin(
    stays="deals_stagevisit v JOIN deals_deal d ON d.id = v.deal_id",
    results=f"deals_deal d {_HOLDER_JOINS}",
    client="LEFT JOIN clients_client c ON c.id = d.client_id",
    columns={
        "deal": "d.id",
        "pipeline": "d.pipeline_id",
        "viewer": "d.owner_id",
        "stay_stage": "v.stage_id",
        "stage": "d.stage_id",
        "exit": "v.exit",
        "stay_amount": "v.amount",
        "amount": "d.amount",
        "stay_owner": "v.owner_id",
        "holder": "h.holder_id",
        "product": "coalesce(d.product_id, 0)",
        "region": "coalesce(d.region_id, c.region_id, 0)",
        "source": "coalesce(d.source_id, c.source_id, 0)",
        "reason": "CASE WHEN d.status = 'lost' THEN coalesce(d.loss_reason_id, 0) END",
        "status": "d.status",
        "month": "date_trunc('month', d.closed_at AT TIME ZONE %(tz)s::text)::date",
        "opened": "d.opened_at",
        "closed": "d.closed_at",
        "entered": "v.entered_at",
        "left": "v.left_at",
        "stay_days": f"CASE WHEN NOT v.is_inferred THEN {_days_between('v.entered_at', 'v.left_at')} END",
        "days": _days_between("d.opened_at", "d.closed_at"),
    },
    since="{} >= %(start)s::timestamptz",
    until="{} < %(end)s::timestamptz",
    ordered="v.entered_at DESC, v.id DESC",
    last="",
)

STORED: Final = Origin(
    stays="insights_stay d",
    results="insights_result d",
    client="",
    columns={
        "deal": "d.deal_id",
        "pipeline": "d.pipeline_id",
        "viewer": "d.viewer_id",
        "stay_stage": "d.stage_id",
        "stage": "d.stage_id",
        "exit": "d.exit",
        "stay_amount": "d.amount",
        "amount": "d.amount",
        "stay_owner": "d.owner_id",
        "holder": "d.holder_id",
        "product": "d.product_id",
        "region": "d.region_id",
        "source": "d.source_id",
        "reason": "d.reason_id",
        "status": "d.status",
        "month": "date_trunc('month', d.closed_on::timestamp)::date",
        "opened": "d.opened_on",
        "closed": "d.closed_on",
        "entered": "d.entered_on",
        "left": "d.left_on",
        "stay_days": "d.days",
        "days": "d.days",
    },
    since="{} >= %(start_day)s::date",
    until="{} <= %(end_day)s::date",
    ordered="d.turn DESC",
    # Narrowing to owners does not change which visit is the last: deals with several in a stage are left out.
    last="d.is_last",
)
