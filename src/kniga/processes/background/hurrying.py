"""Timers that are due as soon as the one before has set them: how many came in a row is counted, so that a deal that
runs round and round by itself is stopped for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.processes.running.effects import FiredTimer
from kniga.processes.running.stepping import Plan

MOST_IN_A_ROW: Final = 100

# A timer that comes again after its interval is no circle: what was missed comes one after the other, and then it ends.
_COUNT: Final = """
UPDATE processes_timer w SET in_a_row = n.count
FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::integer[]) AS n (instance_id, token, element, count)
WHERE w.instance_id = n.instance_id AND w.token = n.token AND w.element = n.element AND w.status = 'scheduled'
"""
_NEWEST: Final = "SELECT coalesce(max(id), 0) FROM processes_timer"
# What follows a step may set timers in other processes of the deal.
_COUNT_OF_DEAL: Final = """
UPDATE processes_timer w SET in_a_row = %s FROM processes_instance i
WHERE i.deal_id = %s AND i.status = 'running' AND w.instance_id = i.id AND w.status = 'scheduled' AND w.due_at <= %s
  AND w.id > %s AND (w.instance_id, w.token, w.element) <> (%s, %s, %s)
"""


def refuse_hurry(timer: FiredTimer) -> None:
    """Raises Refused `endless_timers` for a timer that has come too often without anything between."""
    if timer.in_a_row >= MOST_IN_A_ROW:
        text = _("%(count)d timers came one after the other, each due at once: the process goes round by itself.")
        raise Refused("endless_timers", text % {"count": timer.in_a_row})


def newest_timer() -> int:
    """The id of the timer that was set last."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        newest: int = cursor.fetchone()[0]
    return newest


def count_hurry(fired: Sequence[tuple[Plan, FiredTimer]], *, now: datetime) -> None:
    """Count on at the timers that these steps have set and that are due already; no statement if there are none."""
    found = [
        (plan.snapshot.instance_id, token, element, timer.in_a_row + 1)
        for plan, timer in fired
        for token, element, due_at in plan.effects.timers
        if due_at <= now and (token, element) != (timer.token, timer.element)
    ]
    if found:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [list(column) for column in zip(*found, strict=True)])


def count_hurry_of_deal(plan: Plan, timer: FiredTimer, *, newest: int, now: datetime) -> None:
    """The same for a step with all that followed it: of the timers after the `newest` one before."""
    snapshot = plan.snapshot
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT_OF_DEAL,
            [timer.in_a_row + 1, snapshot.deal.id, now, newest, snapshot.instance_id, timer.token, timer.element],
        )
