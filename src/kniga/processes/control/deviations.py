"""Deviations: raised, told to whom the control point says, escalated, and closed when they are cured.

Called by the sweep of control points (`control_points`), inside its transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from kniga.engine import ControlPoint
from kniga.people.notices import tell
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import organisation_calendar
from kniga.processes.control.deviation_news import escalation_news, people_for, raised_news
from kniga.processes.models import ProcessVersion, Task
from kniga.processes.models.control import ControlWatch, Deviation, DeviationEnd, DeviationState, WatchState
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW, moment_of
from kniga.processes.running.reading import DealFacts, InstanceSnapshot, read_instances
from kniga.processes.versions.definitions import runnable_version

Place = tuple[int, int, str]
"""Instance, token, key of the control point."""
JUST_NOW: Final = UNDO_WINDOW + UNDO_GRACE + timedelta(minutes=1)
"""A deviation that was cured so shortly ago goes on: the completion was taken back, and workers looked late."""
_OVER: Final = """
SELECT v.id, t.status, coalesce(t.completed_at, %(now)s) FROM processes_deviation v
LEFT JOIN processes_task t ON t.instance_id = v.instance_id AND t.token = v.token
WHERE v.state <> 'closed' AND (t.id IS NULL OR t.status <> 'open')
ORDER BY v.id LIMIT %(batch)s FOR UPDATE OF v SKIP LOCKED
"""
_ESCALATING: Final = """
SELECT v.id FROM processes_deviation v JOIN processes_instance i ON i.id = v.instance_id AND i.status = 'running'
WHERE v.next_at <= %s AND v.state = 'open' ORDER BY v.next_at, v.id LIMIT %s FOR UPDATE OF v SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A control point that was found wanting at an open step."""

    task: Task
    snapshot: InstanceSnapshot
    point: ControlPoint

    @property
    def place(self) -> Place:
        return self.snapshot.instance_id, self.task.token, self.point.key


def raise_found(found: Sequence[Found], *, now: datetime) -> None:
    """Raise a deviation for each of these that has none, and tell whom its point says; a constant number of
    statements, besides one per point that names a role."""
    if not found:
        return
    live, recent = _present([one.place for one in found], now)
    again = [recent[one.place] for one in found if one.place in recent and one.place not in live]
    _reopen(again, now)
    fresh = [one for one in found if one.place not in live and one.place not in recent]
    if not fresh:
        return
    versions = {one.snapshot.version_id for one in fresh}
    processes = dict(ProcessVersion.objects.filter(pk__in=versions).values_list("pk", "process_id"))
    made = [_new(one, processes[one.snapshot.version_id], now) for one in fresh]
    Deviation.objects.bulk_create(made)
    tell(raised_news(list(zip(made, (one.point for one in fresh), strict=True))), now=now)
    record(
        _event("raised", row, now, one.snapshot.deal, one.task.pk, at_risk=str(row.at_risk), told=row.told)
        for row, one in zip(made, fresh, strict=True)
    )


def close_cured(places: Collection[Place], *, now: datetime) -> None:
    """Close the deviations at these places: what they were raised for is so no longer."""
    if not places:
        return
    wanted = set(places)
    rows = Deviation.objects.select_for_update().filter(instance__in={place[0] for place in wanted})
    rows = rows.exclude(state=DeviationState.CLOSED).order_by("pk")
    _close([(row, DeviationEnd.CURED, now) for row in rows if _place(row) in wanted], now)


@transaction.atomic
def close_over(*, now: datetime, batch: int) -> int:
    """Close the deviations whose step is over: cured if it was done, else over otherwise; how many."""
    over = {row[0]: (row[1], row[2]) for row in rows_of(_OVER, {"now": now, "batch": batch})}
    if not over:
        return 0
    rows = Deviation.objects.filter(pk__in=over).order_by("pk")
    ends = []
    for row in rows:
        status, at = over[row.pk]
        ends.append((row, DeviationEnd.CURED if status == "done" else DeviationEnd.OVER, max(at, row.raised_at)))
    _close(ends, now)
    return len(over)


@transaction.atomic
def escalate_due(*, now: datetime, batch: int) -> int:
    """Climb the next rung of every ladder that is due and that nobody has stopped by taking the deviation up; how
    many."""
    ids = [row[0] for row in rows_of(_ESCALATING, [now, batch])]
    if not ids:
        return 0
    rows = list(Deviation.objects.filter(pk__in=ids).order_by("next_at", "pk"))
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows])
    climbed = []
    for row in rows:
        snapshot = snapshots[row.instance_id]
        point = point_of(row, snapshot)
        rungs = point.ladder[row.rung :] if point else ()
        if point is None or not rungs:  # the book the deal was moved to has no such rung
            row.next_at = None
            continue
        people = people_for(rungs[0].whom, snapshot.deal)
        row.rung += 1
        row.told = list(dict.fromkeys([*row.told, *people]))
        row.next_at = _rung_at(point, row.rung, now, snapshot.deal)
        climbed.append((row, point, people, snapshot))
    Deviation.objects.bulk_update(rows, ["rung", "told", "next_at"])
    tell(escalation_news([(row, point, people) for row, point, people, _snapshot in climbed]), now=now)
    record(
        _event("escalated", row, now, snapshot.deal, None, rung=row.rung, told=people)
        for row, _point, people, snapshot in climbed
    )
    return len(ids)


def point_of(row: Deviation, snapshot: InstanceSnapshot) -> ControlPoint | None:
    """The control point of a deviation in the book its deal goes by now."""
    token = snapshot.state.token(row.token)
    step = runnable_version(snapshot.version_id).definition.user_task(token.element if token else row.element)
    return next((one for one in step.controls if one.key == row.point), None) if step else None


def _present(places: Sequence[Place], now: datetime) -> tuple[set[Place], dict[Place, Deviation]]:
    """Where there is a live deviation, and those that were cured just now."""
    rows = Deviation.objects.filter(instance__in={place[0] for place in places}).filter(
        ~Q(state=DeviationState.CLOSED) | Q(how=DeviationEnd.CURED, closed_at__gt=now - JUST_NOW)
    )
    live = {_place(row) for row in rows if row.state != DeviationState.CLOSED}
    return live, {_place(row): row for row in rows if row.state == DeviationState.CLOSED}


def _new(found: Found, process_id: int, now: datetime) -> Deviation:
    task, point, deal = found.task, found.point, found.snapshot.deal
    return Deviation(
        instance_id=found.snapshot.instance_id, token=task.token, process_id=process_id, deal_id=deal.id,
        element=task.element, step=task.name, point=point.key, name=point.name[:300], raised_at=now,
        at_risk=deal.amount, told=people_for(point.whom, deal), next_at=_rung_at(point, 0, now, deal),
    )  # fmt: skip


def _rung_at(point: ControlPoint, rung: int, start: datetime, deal: DealFacts) -> datetime | None:
    """When a rung comes, counted from the one before it."""
    if rung >= len(point.ladder):
        return None
    return moment_of(point.ladder[rung].after, start, organisation_calendar().in_zone(deal.time_zone))


def _reopen(rows: Sequence[Deviation], now: datetime) -> None:
    if not rows:
        return
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows])
    for row in rows:
        deal = snapshots[row.instance_id].deal
        point = point_of(row, snapshots[row.instance_id])
        row.state = DeviationState.OPEN if row.acknowledged_at is None else DeviationState.ACKNOWLEDGED
        row.closed_at, row.how = None, ""
        is_climbing = point is not None and row.state == DeviationState.OPEN
        row.next_at = _rung_at(point, row.rung, now, deal) if point is not None and is_climbing else None
    Deviation.objects.bulk_update(rows, ["state", "closed_at", "how", "next_at"])
    record(_event("reopened", row, now, snapshots[row.instance_id].deal, None) for row in rows)


def _close(ends: Sequence[tuple[Deviation, DeviationEnd, datetime]], now: datetime) -> None:
    """Close these; their control points are looked at again, should the step come back."""
    if not ends:
        return
    for row, how, at in ends:
        row.state, row.how, row.closed_at, row.next_at = DeviationState.CLOSED, how, at, None
    rows = [row for row, _how, _at in ends]
    Deviation.objects.bulk_update(rows, ["state", "how", "closed_at", "next_at"])
    over = ControlWatch.objects.filter(instance__in={row.instance_id for row in rows}, state=WatchState.RAISED)
    places = {_place(row) for row in rows}
    again = [one.pk for one in over if (one.instance_id, one.token, one.point) in places]
    ControlWatch.objects.filter(pk__in=again).update(state=WatchState.SCHEDULED, look_at=now, seen=None)
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows])
    record(_event("closed", row, now, snapshots[row.instance_id].deal, None, how=str(how)) for row, how, _at in ends)


def _place(row: Deviation) -> Place:
    return row.instance_id, row.token, row.point


def _event(what: str, row: Deviation, now: datetime, deal: DealFacts, task_id: int | None, **told: Any) -> LedgerEvent:
    payload = {"deviation": row.pk, "token": row.token, "element": row.element, "point": row.point, "name": row.name}
    return LedgerEvent(
        f"processes.deviation.{what}", now, client_id=deal.client_id, deal_id=deal.id, instance_id=row.instance_id,
        task_id=task_id, payload=payload | told,
    )  # fmt: skip
