"""Keeping the funnel's projection: stored facts and their sums (see sql/funnel_projection.sql)."""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction


def fold_funnel() -> int:
    """Bring the projection up to the deals that changed since the last fold; returns how many there were.

    One transaction. Figures never wait for it: readers count the noted deals live. Safe to call at any time and
    by several callers at once; the first call of a database folds all its deals.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT insights_fold_funnel(%s::text)", [settings.TIME_ZONE])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def rebuild_funnel() -> int:
    """Forget the projection and fold every deal anew; returns how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM insights_fold_state")
        return fold_funnel()
