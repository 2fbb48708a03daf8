"""A funnel as a document of plain values: what `kniga funnel --json` prints and the REST API sends.

Amounts are strings with two decimals, shares are fractions of one, days and months are ISO 8601.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from kniga.insights.funnel.breakdown import BreakdownRow
from kniga.insights.funnel.filters import Dimension
from kniga.insights.funnel.losses import LossRow
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.insights.funnel.names import PipelineChoice
from kniga.insights.funnel.report import Funnel, conversion_of

Document = dict[str, Any]


def funnel_document(
    pipeline: PipelineChoice,
    funnel: Funnel,
    losses: list[LossRow],
    by: Dimension | None = None,
    rows: list[BreakdownRow] | None = None,
) -> Document:
    """The whole funnel; with `by` also its split, whose stage counts are named by stage keys."""
    keys = {stage.stage_id: stage.key for stage in funnel.stages}
    filters = funnel.filters
    document: Document = {
        "pipeline": {"key": pipeline.key, "name": pipeline.name},
        "basis": filters.basis.value,
        "from": filters.start.isoformat() if filters.start else None,
        "to": filters.end.isoformat() if filters.end else None,
        "totals": _totals(funnel.totals),
        "stages": [
            {
                "key": stage.key,
                "name": stage.name,
                "position": stage.position,
                **_counts(stage.counts),
                "conversion": _share(stage.conversion),
                "from_first": _share(stage.from_first),
                "open_now": stage.open_now,
                "open_amount": _money(stage.open_amount),
            }
            for stage in funnel.stages
        ],
        "losses": [
            {
                "reason": row.name if row.reason_id else None,
                "deals": row.deals,
                "amount": _money(row.amount),
                "stages": {keys.get(stage_id, "none"): deals for stage_id, deals in row.by_stage.items()},
            }
            for row in losses
        ],
    }
    if by is not None:
        document["by"] = by.value
        document["rows"] = [_row(row, keys) for row in rows or []]
    return document


def _row(row: BreakdownRow, keys: dict[int, str]) -> Document:
    return {
        "value": row.value.isoformat() if isinstance(row.value, date) else row.value or None,
        "name": row.name,
        **_totals(row.totals),
        "stages": {
            keys[stage_id]: {**_counts(counts), "conversion": _share(conversion_of(counts))}
            for stage_id, counts in row.stages.items()
            if stage_id in keys
        },
    }


def _totals(totals: Totals) -> Document:
    return {
        **_plain(asdict(totals)),
        "win_rate": _share(totals.win_rate),
        "average_won": None if totals.average_won is None else _money(totals.average_won),
    }


def _counts(counts: StageCounts) -> Document:
    return _plain(asdict(counts))


def _plain(values: Document) -> Document:
    return {name: _money(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
