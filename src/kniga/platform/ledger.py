"""The ledger: append-only events, from which every figure can be traced and recomputed.

An event is written in the transaction of the change it tells of. Kinds are stable dotted names
(`deals.deal.won`), past tense; docs/reference/events.md lists them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """What happened (`kind`), when (`at`, aware), by whom (`actor_id`), about which objects."""

    kind: str
    at: datetime
    actor_id: int | None = None
    client_id: int | None = None
    deal_id: int | None = None
    instance_id: int | None = None
    task_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


_INSERT = """
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                     %s::bigint[], %s::jsonb[])
"""


def record(events: Iterable[LedgerEvent]) -> None:
    """Write `events` in one statement. Must run inside the transaction of the change they tell of."""
    rows = list(events)
    if not rows:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a ledger event is written in the transaction of its change")
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                [row.at for row in rows],
                [row.kind for row in rows],
                [row.actor_id for row in rows],
                [row.client_id for row in rows],
                [row.deal_id for row in rows],
                [row.instance_id for row in rows],
                [row.task_id for row in rows],
                [msgspec.json.encode(row.payload).decode() for row in rows],
            ],
        )


def ensure_partitions(first_day: date, last_day: date) -> int:
    """Make the ledger's monthly partitions for the span of days; returns how many were made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT platform_ensure_partitions(%s, %s)", [first_day, last_day])
        return int(cursor.fetchone()[0])


def ensure_months(days: Collection[date]) -> int:
    """Make the ledger's partitions for the months of these days only; returns how many were made.

    Months between them get none: a span may reach over a century in which nothing happened."""
    months = sorted({day.replace(day=1) for day in days})
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(platform_ensure_partitions(m, m)), 0) FROM unnest(%s::date[]) m", [months])
        return int(cursor.fetchone()[0])
