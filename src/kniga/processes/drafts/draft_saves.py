"""How long the saves of drafts are kept: the designer saves every few seconds, and each save is a whole file.

All of the last hour stay, so that whoever was away for a while is compared with what they had; of what is older, the
last of every ten minutes, and after a week of every day. Of a closed draft nobody saves into, the last hour is no
exception. The newest save always stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kniga.processes.models import Draft

THINNED_EVERY: Final = 20
"""Saves of one draft between two thinnings."""
_ALL: Final = timedelta(hours=1)
_TEN_MINUTES: Final = timedelta(days=7)


def thin_saves(*, draft: Draft, now: datetime) -> int:
    """Delete the saves of a draft that are kept no longer; how many."""
    kept: set[object] = set()
    gone: list[int] = []
    for id, revision, at in draft.saves.order_by("-revision").values_list("pk", "revision", "saved_at"):
        span = _span(at, now, is_closed=draft.closed_at is not None)
        if span is not None and span in kept and revision != draft.revision:
            gone.append(id)
        kept.add(span)
    draft.saves.filter(pk__in=gone).delete()
    return len(gone)


def _span(at: datetime, now: datetime, *, is_closed: bool) -> tuple[int, int] | None:
    """The span of time that one save is kept of; None where all are."""
    if now - at < _ALL and not is_closed:
        return None
    seconds = 600 if now - at < _TEN_MINUTES else 86400
    return seconds, int(at.timestamp()) // seconds
