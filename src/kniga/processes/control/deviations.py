"""Deviations: raised, told to whom the control point says, escalated, and closed when they are cured.

Called by the sweep of control points (`control_points`), inside its transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from kniga.engine import ControlPoint
from kniga.people.notices import tell
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import organisation_calendar
from kniga.processes.control.deviation_news import escalation_news, people_for, raised_news
from kniga.processes.control.judging import OFTEN
from kniga.processes.models import ProcessVersion, Task
from kniga.processes.models.control import ControlWatch, Deviation, DeviationEnd, DeviationState, WatchState
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW, moment_of
from kniga.processes.running.reading import DealFacts, InstanceSnapshot, read_instances
from kniga.processes.versions.definitions import runnable_version

LOG = logging.getLogger(__name__)
Place = tuple[int, int, str]
"""Instance, token, key of the control point."""
JUST_NOW: Final = UNDO_WINDOW + UNDO_GRACE + timedelta(minutes=1)
"""A deviation that was cured so shortly ago goes on: the completion was taken back, and workers looked late."""
_MAY_GO_ON: Final = (DeviationEnd.CURED, DeviationEnd.UNDONE)
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


@dataclass(frozen=True, slots=True)
class Ended:
    """A place whose deviation, if there is one, is over: how, and since when."""

    place: Place
    how: DeviationEnd
    at: datetime


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


def close_ended(ended: Collection[Ended], *, now: datetime) -> None:
    """Close the deviations at these places, where there are any."""
    if not ended:
        return
    ends = {one.place: one for one in ended}
    rows = Deviation.objects.select_for_update().filter(instance__in={place[0] for place in ends})
    rows = rows.exclude(state=DeviationState.CLOSED).order_by("pk")
    _close([(row, ends[place_of(row)].how, ends[place_of(row)].at) for row in rows if place_of(row) in ends], now)


def closed_by_hand(instance_ids: Collection[int]) -> set[Place]:
    """The places of these instances whose deviation somebody has closed."""
    rows = Deviation.objects.filter(instance__in=instance_ids, state=DeviationState.CLOSED, how=DeviationEnd.BY_HAND)
    return set(rows.values_list("instance_id", "token", "point"))


def restore_before_move(moved_at: Mapping[int, datetime], *, now: datetime) -> None:
    """Let the deviations of these instances, {id: when it was moved}, stand as before a move that was undone just now:
    what was raised since is closed, what the move closed is open again. Must run inside the transaction of the undo.

    What was raised since and is a deviation by the version left, too, the workers open again; nobody is told twice."""
    rows = list(Deviation.objects.filter(instance__in=moved_at).order_by("pk"))
    before = [row for row in rows if row.raised_at <= moved_at[row.instance_id]]
    live = [row for row in rows if row.state != DeviationState.CLOSED]
    _take_back([row for row in live if row not in before], now)
    tasks = Task.objects.filter(instance__in=moved_at, status="open").values_list("instance_id", "token")
    present, standing = set(tasks), {place_of(row) for row in live if row in before}
    closed = {
        place_of(row): row
        for row in before
        if row.how in (DeviationEnd.MOVED, DeviationEnd.OVER)
        and row.closed_at is not None
        and row.closed_at >= moved_at[row.instance_id]
    }
    _reopen([row for place, row in closed.items() if place not in standing and place[:2] in present], now)


def _take_back(raised: Sequence[Deviation], now: datetime) -> None:
    """Close what was raised after a move that is undone; its control points are looked at once more."""
    if not raised:
        return
    places = Q()
    for row in raised:
        places |= Q(instance=row.instance_id, token=row.token, point=row.point)
    watches = ControlWatch.objects.filter(places, state=WatchState.RAISED)  # before the deviations, as workers do
    watches.update(state=WatchState.SCHEDULED, look_at=now)
    held = Deviation.objects.select_for_update().filter(pk__in=[row.pk for row in raised]).order_by("pk")
    _close([(row, DeviationEnd.UNDONE, now) for row in held if row.state != DeviationState.CLOSED], now)


@transaction.atomic
def escalate_due(*, now: datetime, batch: int) -> int:
    """Climb the next rung of every ladder that is due and that nobody has stopped by taking the deviation up; how
    many."""
    ids = [row[0] for row in rows_of(_ESCALATING, [now, batch])]
    broken = each_alone(ids, lambda some: _climb(some, now))
    Deviation.objects.filter(pk__in=broken).update(next_at=now + OFTEN)
    return len(ids)


def each_alone(ids: Sequence[int], work: Callable[[Sequence[int]], object]) -> list[int]:
    """Do the work for all rows with these ids together, and, if that breaks, for each by itself; those it breaks
    for. Must run inside a transaction."""
    if not ids:
        return []
    try:
        with transaction.atomic():
            work(ids)
        return []
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(ids) == 1:
            LOG.exception("row %s of the control points (%s) is put off", ids[0], work.__qualname__)
            return [ids[0]]
    return [broken for id in ids for broken in each_alone([id], work)]


def _climb(ids: Sequence[int], now: datetime) -> None:
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


def point_of(row: Deviation, snapshot: InstanceSnapshot) -> ControlPoint | None:
    """The control point of a deviation in the book its deal goes by now."""
    token = snapshot.state.token(row.token)
    step = runnable_version(snapshot.version_id).definition.user_task(token.element if token else row.element)
    return next((one for one in step.controls if one.key == row.point), None) if step else None


def _present(places: Sequence[Place], now: datetime) -> tuple[set[Place], dict[Place, Deviation]]:
    """Where there is a live deviation, and those that were cured just now."""
    rows = Deviation.objects.filter(instance__in={place[0] for place in places}).filter(
        ~Q(state=DeviationState.CLOSED) | Q(how__in=_MAY_GO_ON, closed_at__gt=now - JUST_NOW)
    )
    live = {place_of(row) for row in rows if row.state != DeviationState.CLOSED}
    return live, {place_of(row): row for row in rows if row.state == DeviationState.CLOSED}


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


def next_rung(row: Deviation, *, now: datetime) -> datetime | None:
    """When the next rung of a deviation's ladder comes, counted from now; None behind the last."""
    snapshot = read_instances(instance_ids=[row.instance_id])[row.instance_id]
    point = point_of(row, snapshot)
    return None if point is None else _rung_at(point, row.rung, now, snapshot.deal)


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
    if not ends:
        return
    for row, how, at in ends:
        row.state, row.how, row.closed_at, row.next_at = DeviationState.CLOSED, how, max(at, row.raised_at), None
    rows = [row for row, _how, _at in ends]
    Deviation.objects.bulk_update(rows, ["state", "how", "closed_at", "next_at"])
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows])
    record(_event("closed", row, now, snapshots[row.instance_id].deal, None, how=str(how)) for row, how, _at in ends)


def place_of(row: Deviation | ControlWatch) -> Place:
    """Which control point of which open step a row is about."""
    return row.instance_id, row.token, row.point


def _event(what: str, row: Deviation, now: datetime, deal: DealFacts, task_id: int | None, **told: Any) -> LedgerEvent:
    payload = {"deviation": row.pk, "token": row.token, "element": row.element, "point": row.point, "name": row.name}
    return LedgerEvent(
        f"processes.deviation.{what}", now, client_id=deal.client_id, deal_id=deal.id, instance_id=row.instance_id,
        task_id=task_id, payload=payload | told,
    )  # fmt: skip
