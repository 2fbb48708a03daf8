"""Control points of open steps are looked at when their time comes, and again when deal or client change.

What is watched is rows (`ControlWatch`), written with the step that opens; any number of workers may sweep them, each
is looked at once. A deviation closes by itself when its step is done, its condition is true no longer, or its deadline
was moved.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from kniga.engine import ControlPoint
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import organisation_calendar
from kniga.processes.control.deviations import Found, close_cured, close_over, escalate_due, raise_found
from kniga.processes.models import Task
from kniga.processes.models.control import ControlWatch, WatchState
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW, local_moment, look_at
from kniga.processes.running.reading import InstanceSnapshot, fields_of_deals, read_instances
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import BadValue, Value, comparisons, fields_of, holds, is_relative

BATCH: Final = 200
LOG = logging.getLogger(__name__)
OFTEN: Final = timedelta(minutes=15)
"""How often a condition is looked at that may change while neither deal nor client does."""
_UNSEEN_FIELDS: Final = frozenset({"client.is_customer", "client.contacts"})
_ANYTHING: Final = """
SELECT EXISTS (SELECT FROM processes_controlwatch)
    OR EXISTS (SELECT FROM processes_deviation WHERE state <> 'closed')
"""
_SEEN: Final = "d.revision::bigint + coalesce(c.revision, 0) + i.revision"
_AROUND: Final = """
FROM processes_controlwatch w JOIN processes_instance i ON i.id = w.instance_id AND i.status <> 'suspended'
JOIN deals_deal d ON d.id = i.deal_id LEFT JOIN clients_client c ON c.id = d.client_id
"""
_DUE: Final = f"""
SELECT w.id, {_SEEN} {_AROUND} WHERE w.look_at <= %s ORDER BY w.look_at, w.id LIMIT %s FOR UPDATE OF w SKIP LOCKED
"""
_CHANGED: Final = f"""
SELECT w.id, {_SEEN} {_AROUND} WHERE w.seen IS NOT NULL AND w.seen <> {_SEEN} AND (w.look_at IS NULL OR w.look_at > %s)
ORDER BY w.id LIMIT %s FOR UPDATE OF w SKIP LOCKED
"""
_AT_STEP: Final = f"""
SELECT w.id, {_SEEN} {_AROUND} WHERE w.instance_id = %s AND w.token = %s ORDER BY w.id FOR UPDATE OF w SKIP LOCKED
"""
_AMOUNTS: Final = """
UPDATE processes_deviation v SET at_risk = d.amount FROM deals_deal d
WHERE d.id = v.deal_id AND v.state <> 'closed' AND v.at_risk <> d.amount
"""
_ANEW: Final = """
INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
SELECT t.instance_id, t.token, '', %s, 'scheduled' FROM processes_task t
WHERE t.instance_id = ANY(%s::bigint[]) AND t.status = 'open' ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class _Seen:
    """What is known of the rows of one batch, read in a constant number of statements (and one per version that asks
    for more of the deal than is at hand)."""

    tasks: dict[tuple[int, int], Task]
    snapshots: dict[int, InstanceSnapshot]
    fields: dict[int, dict[str, Value]]
    now: datetime

    def point(self, watch: ControlWatch) -> ControlPoint | None:
        """The control point a row watches, None if the book the deal goes by now has none of that key there."""
        task = self.tasks[watch.instance_id, watch.token]
        step = runnable_version(self.snapshots[watch.instance_id].version_id).definition.user_task(task.element)
        return next((one for one in step.controls if one.key == watch.point), None) if step else None

    def moment(self, watch: ControlWatch, point: ControlPoint) -> datetime:
        """When the point is to be looked at, by the calendar as it is now; later, if that calendar has no answer."""
        task = self.tasks[watch.instance_id, watch.token]
        calendar = organisation_calendar().in_zone(self.snapshots[watch.instance_id].deal.time_zone)
        try:
            return look_at(point, task.created_at, task.due_at, calendar)
        except ValueError as error:  # one calendar without working days must not hold up all other deals
            LOG.warning("the control point %s of instance %s has to wait: %s", point.key, watch.instance_id, error)
            return self.now + OFTEN

    def is_wanting(self, watch: ControlWatch, point: ControlPoint) -> bool:
        """Whether the point is a deviation: its step is open, and its condition, if it has one, surely true."""
        if point.condition is None:
            return True
        snapshot = self.snapshots[watch.instance_id]
        answers = {f"answer.{key}": value for key, value in snapshot.state.data.items()}
        values = {**self.fields[snapshot.deal.id], **answers}
        try:
            return holds(point.condition, values, now=local_moment(snapshot.deal, self.now))
        except BadValue as error:
            LOG.warning(
                "the control point %s of instance %s cannot be judged: %s", point.key, snapshot.instance_id, error
            )
            return False


def look_at_controls(*, now: datetime, batch: int = BATCH) -> int:
    """Do all that control points ask for by `now`, one batch of each: close deviations whose step is over, look at
    what is due or has changed, climb ladders; how much was done."""
    if not rows_of(_ANYTHING, [])[0][0]:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_AMOUNTS)  # the queue begins with the most money at risk now
    return close_over(now=now, batch=batch) + _look(now, batch) + escalate_due(now=now, batch=batch)


def watch_anew(instance_ids: Sequence[int], *, now: datetime) -> None:
    """Let the workers derive anew what is watched at the open steps of these instances."""
    with connection.cursor() as cursor:
        cursor.execute(_ANEW, [now, list(instance_ids)])


@transaction.atomic
def look_again(*, instance_id: int, token: int, now: datetime) -> None:
    """Look at the control points of one open step at once: what they count from is another now. Those a worker looks
    at in this very moment are left to the workers."""
    watch_anew([instance_id], now=now)
    _look_at({row[0]: row[1] for row in rows_of(_AT_STEP, [instance_id, token])}, now)


@transaction.atomic
def _look(now: datetime, batch: int) -> int:
    return _look_at(dict(_claimed(_DUE, now, batch)) | dict(_claimed(_CHANGED, now, batch)), now)


def _look_at(found: dict[int, int], now: datetime) -> int:
    """Look at these: ids of rows, each with what its deal is like."""
    if not found:
        return 0
    watches = sorted(ControlWatch.objects.filter(pk__in=found), key=lambda one: (one.look_at or now, one.pk))
    seen = _read(watches, now)
    gone: list[int] = []
    kept: list[ControlWatch] = []
    made: list[ControlWatch] = []
    raised: list[Found] = []
    cured: list[ControlWatch] = []
    for watch in watches:
        task = seen.tasks.get((watch.instance_id, watch.token))
        if task is None or task.status != "open":
            _leave(watch, task, now, gone, kept)
        elif not watch.point:
            gone.append(watch.pk)
            made += _derived(watch, seen)
        elif (point := seen.point(watch)) is None:
            gone.append(watch.pk)
            cured.append(watch)
        else:
            kept.append(watch)
            _judge(watch, point, found[watch.pk], seen, raised, cured)
    ControlWatch.objects.filter(pk__in=gone).delete()
    ControlWatch.objects.bulk_update(kept, ["look_at", "state", "seen"])
    ControlWatch.objects.bulk_create(made, ignore_conflicts=True)
    close_cured([(one.instance_id, one.token, one.point) for one in cured], now=now)
    raise_found(raised, now=now)
    return len(watches)


def _claimed(sql: str, now: datetime, batch: int) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in rows_of(sql, [now, batch])]


def _read(watches: Sequence[ControlWatch], now: datetime) -> _Seen:
    ids = sorted({one.instance_id for one in watches})
    snapshots = read_instances(instance_ids=ids)
    tokens = {one.token for one in watches}
    tasks = {
        (task.instance_id, task.token): task for task in Task.objects.filter(instance_id__in=ids, token__in=tokens)
    }
    seen = _Seen(tasks, snapshots, {}, now)
    by_version: dict[int, set[int]] = {}
    for watch in watches:
        if (watch.instance_id, watch.token) in tasks and watch.point:
            by_version.setdefault(snapshots[watch.instance_id].version_id, set()).add(watch.instance_id)
    for version_id, members in by_version.items():
        needs = frozenset(
            field
            for task in runnable_version(version_id).definition.user_tasks()
            for point in task.controls
            if point.condition is not None
            for field in fields_of(point.condition)
            if field.startswith(("deal.", "client."))
        )
        seen.fields |= fields_of_deals([snapshots[id].deal for id in members], needs)
    return seen


def _leave(watch: ControlWatch, task: Task | None, now: datetime, gone: list[int], kept: list[ControlWatch]) -> None:
    """Its step is over: the row goes as soon as that can be taken back no longer."""
    ended = None if task is None or task.completed_at is None else task.completed_at + UNDO_WINDOW + UNDO_GRACE
    if ended is None or ended <= now:
        gone.append(watch.pk)
    else:
        watch.look_at, watch.state, watch.seen = ended, WatchState.SCHEDULED, None
        kept.append(watch)


def _derived(marker: ControlWatch, seen: _Seen) -> list[ControlWatch]:
    """What the step of a marker watches; what it watches already is looked at at once."""
    task = seen.tasks[marker.instance_id, marker.token]
    present = ControlWatch.objects.filter(instance_id=marker.instance_id, token=marker.token).exclude(point="")
    present.update(look_at=seen.now)
    step = runnable_version(seen.snapshots[marker.instance_id].version_id).definition.user_task(task.element)
    made = []
    for point in step.controls if step else ():
        watch = ControlWatch(instance_id=marker.instance_id, token=marker.token, point=point.key)
        watch.look_at = seen.moment(watch, point)
        made.append(watch)
    return made


def _judge(
    watch: ControlWatch, point: ControlPoint, now_seen: int, seen: _Seen, raised: list[Found], cured: list[ControlWatch]
) -> None:
    """Look at one control point, and note on its row what comes of it."""
    moment = seen.moment(watch, point)
    if moment > seen.now:
        if watch.state == WatchState.RAISED:
            cured.append(watch)
        watch.look_at, watch.state, watch.seen = moment, WatchState.SCHEDULED, None
        return
    is_wanting = seen.is_wanting(watch, point)
    was_raised = watch.state == WatchState.RAISED
    if is_wanting and not was_raised:  # else it is one already, or was closed by hand
        raised.append(Found(seen.tasks[watch.instance_id, watch.token], seen.snapshots[watch.instance_id], point))
    elif was_raised and not is_wanting:
        cured.append(watch)
    watch.state = WatchState.RAISED if is_wanting else WatchState.WATCHING
    watch.seen = None if point.condition is None else now_seen
    watch.look_at = seen.now + OFTEN if _moves_by_itself(point) else None


def _moves_by_itself(point: ControlPoint) -> bool:
    """Whether a condition may become true or false without deal, client and process changing."""
    if point.condition is None:
        return False
    return bool(_UNSEEN_FIELDS & fields_of(point.condition)) or any(
        is_relative(one) for one in comparisons(point.condition)
    )
