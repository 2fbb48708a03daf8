"""What one act did is told in one line of the timeline: the task done, with the stage and the task it led to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from kniga.processes.desk.timeline import TimelineRow

# What a line is about, the most telling first; and what is only told beside it.
_MAIN: Final = (
    "processes.task.completed", "processes.timer.fired", "processes.message.caught", "processes.signal.caught",
    "processes.condition.met", "processes.work.skipped", "processes.work.completed", "processes.work.failed",
    "processes.instance.sent", "processes.instance.migrated", "deals.deal.created", "processes.instance.started",
)  # fmt: skip
_BESIDE: Final = frozenset((
    "processes.stage.entered", "processes.task.created", "processes.task.cancelled", "processes.instance.started",
    "processes.instance.ended", "deals.deal.changed", "processes.condition.ceased", "processes.scope.entered",
    "processes.timer.skipped", "processes.condition.skipped",
    "processes.scope.left", "processes.loop.started", "processes.loop.ended", "processes.decision.made",
    "processes.work.started", "processes.error.thrown", "processes.escalation.thrown", "processes.message.thrown",
    "processes.signal.thrown", "processes.instance.moved",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A row that gets a line, and the rows of the same act that are told with it, in the order they happened."""

    row: TimelineRow
    beside: tuple[TimelineRow, ...]


def told_together(rows: Iterable[TimelineRow]) -> Iterator[Told]:
    """The lines for rows, newest first; rows of one act share their moment, deal and person."""
    for _act, found in groupby(rows, key=lambda row: (row.at, row.deal_id, row.actor)):
        yield from _lines(tuple(found))


def _lines(rows: tuple[TimelineRow, ...]) -> Iterator[Told]:
    main = min((row for row in rows if row.kind in _MAIN), key=lambda row: _MAIN.index(row.kind), default=None)
    if main is None or main.deal_id is None:
        yield from (Told(row, ()) for row in rows)
        return
    beside = tuple(row for row in reversed(rows) if _is_beside(row) and row is not main)
    for row in rows:
        if row is main:
            yield Told(row, beside)
        elif not _is_beside(row):
            yield Told(row, ())


def _is_beside(row: TimelineRow) -> bool:
    # The engine completes work that a person had left out, too: nobody has done it, so it gets no line of its own.
    return row.kind in _BESIDE or (row.kind == "processes.work.completed" and bool(row.payload.get("skipped")))
