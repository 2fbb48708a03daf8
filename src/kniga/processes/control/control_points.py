"""Control points of open steps are looked at when their time comes, and again when deal or client change.

What is watched is rows (`ControlWatch`), written with the step that opens; any number of workers may sweep them, each
is looked at once. A deviation closes by itself when its step is done, its condition is true no longer, or its deadline
was moved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from kniga.engine import ControlPoint
from kniga.platform.sqlparts import rows_of
from kniga.processes.control.deviations import (
    Ended,
    Found,
    close_ended,
    closed_by_hand,
    each_alone,
    escalate_due,
    place_of,
    raise_found,
)
from kniga.processes.control.judging import OFTEN, control_needs, is_wanting, moment_of_look, moves_by_itself
from kniga.processes.models import Task
from kniga.processes.models.control import ControlWatch, DeviationEnd, WatchState
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW
from kniga.processes.running.reading import InstanceSnapshot, fields_of_deals, read_instances
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import Value

BATCH: Final = 200
_ANYTHING: Final = """
SELECT EXISTS (SELECT FROM processes_controlmark)
    OR coalesce((SELECT min(look_at) FROM processes_controlwatch WHERE look_at IS NOT NULL) <= %(now)s, false)
    OR coalesce((SELECT min(next_at) FROM processes_deviation WHERE next_at IS NOT NULL) <= %(now)s, false)
"""
"""The least moments, not EXISTS: for that, a planner that does not know the moment reads the whole table."""
_DUE: Final = """
SELECT id FROM processes_controlwatch WHERE look_at <= %s ORDER BY look_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_MARKS: Final = "SELECT id, instance_id FROM processes_controlmark ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
_OF_MARKED: Final = """
SELECT id, state <> 'scheduled' OR look_at IS NULL FROM processes_controlwatch
WHERE instance_id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED
"""
_ALL_OF_MARKED: Final = "SELECT id, instance_id FROM processes_controlwatch WHERE instance_id = ANY(%s::bigint[])"
_UNMARK: Final = "DELETE FROM processes_controlmark WHERE id = ANY(%s::bigint[])"
_AMOUNTS: Final = """
UPDATE processes_deviation v SET at_risk = d.amount FROM deals_deal d
WHERE v.instance_id = ANY(%s::bigint[]) AND d.id = v.deal_id AND v.state <> 'closed' AND v.at_risk <> d.amount
"""
_AT_STEP: Final = """
SELECT id FROM processes_controlwatch WHERE instance_id = %s AND token = %s ORDER BY id FOR UPDATE SKIP LOCKED
"""
_ANEW: Final = """
INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
SELECT t.instance_id, t.token, '', %s, 'scheduled' FROM processes_task t
WHERE t.instance_id = ANY(%s::bigint[]) AND t.status = 'open' ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class _Seen:
    """What is known of the rows of one batch, read in a constant number of statements (and one per version that asks
    for more of the deal than is at hand). `fields` are by instance: two of one deal may go by versions that ask for
    different things."""

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
        """When the point is to be looked at."""
        task = self.tasks[watch.instance_id, watch.token]
        return moment_of_look(point, task, self.snapshots[watch.instance_id].deal, self.now)

    def is_wanting(self, watch: ControlWatch, point: ControlPoint) -> bool:
        """Whether the point is a deviation."""
        task, snapshot = self.tasks[watch.instance_id, watch.token], self.snapshots[watch.instance_id]
        fields = self.fields[watch.instance_id]
        return is_wanting(point, task, snapshot.deal, data=snapshot.state.data, fields=fields, now=self.now)


def look_at_controls(*, now: datetime, batch: int = BATCH) -> int:
    """Do all that control points ask for by `now`, one batch of each: look at what is due and at what has changed,
    climb ladders; how much was done. What is neither due nor changed costs nothing, however much there is of it."""
    if not rows_of(_ANYTHING, {"now": now})[0][0]:
        return 0
    return _look(now, batch) + escalate_due(now=now, batch=batch)


def watch_anew(instance_ids: Sequence[int], *, now: datetime) -> None:
    """Let the workers derive anew what is watched at the open steps of these instances."""
    with connection.cursor() as cursor:
        cursor.execute(_ANEW, [now, list(instance_ids)])


@transaction.atomic
def look_again(*, instance_id: int, token: int, now: datetime) -> None:
    """Look at the control points of one open step at once: what they count from is another now. Those a worker looks
    at in this very moment are left to the workers."""
    watch_anew([instance_id], now=now)
    _look_at({row[0] for row in rows_of(_AT_STEP, [instance_id, token])}, now)


@transaction.atomic
def _look(now: datetime, batch: int) -> int:
    due = {row[0] for row in rows_of(_DUE, [now, batch])}
    changed, marks = _changed(batch)
    return _look_at(due | changed, now) + marks


def _changed(batch: int) -> tuple[set[int], int]:
    """What has to be looked at because its deal, client or process has changed; and how many marks are done with.

    A mark goes when all that its instance watches is locked here: what another worker looks at in this very moment, it
    may have read before the change."""
    marks = rows_of(_MARKS, [batch])
    if not marks:
        return set(), 0
    marked = sorted({instance_id for _id, instance_id in marks})
    held = dict(rows_of(_OF_MARKED, [marked]))
    elsewhere = {instance_id for id, instance_id in rows_of(_ALL_OF_MARKED, [marked]) if id not in held}
    done = [id for id, instance_id in marks if instance_id not in elsewhere]
    with connection.cursor() as cursor:
        cursor.execute(_UNMARK, [done])
        cursor.execute(_AMOUNTS, [[id for id in marked if id not in elsewhere]])
    return {id for id, has_been_due in held.items() if has_been_due}, len(done)


def _look_at(found: Collection[int], now: datetime) -> int:
    """Look at the rows with these ids; how many they are. One that cannot be looked at is put off and holds up no
    other."""
    broken = each_alone(sorted(found), lambda ids: _look_at_these(ids, now))
    ControlWatch.objects.filter(pk__in=broken).update(look_at=now + OFTEN)
    return len(found)


def _look_at_these(found: Collection[int], now: datetime) -> None:
    watches = sorted(ControlWatch.objects.filter(pk__in=found), key=lambda one: (one.look_at or now, one.pk))
    seen = _read(watches, now)
    gone: list[int] = []
    kept: list[ControlWatch] = []
    made: list[ControlWatch] = []
    raised: list[Found] = []
    ended: list[Ended] = []
    for watch in watches:
        task = seen.tasks.get((watch.instance_id, watch.token))
        if task is None or task.status != "open":
            _leave(watch, task, now, gone, kept)
            ended.append(_end_of(watch, task, now))
        elif seen.snapshots[watch.instance_id].status == "suspended":
            watch.look_at = None  # the mark of its going on brings it back
            kept.append(watch)
        elif not watch.point:
            gone.append(watch.pk)
            made += _derived(watch, seen)
        elif (point := seen.point(watch)) is None:
            gone.append(watch.pk)
            ended.append(Ended(place_of(watch), DeviationEnd.MOVED, now))
        else:
            kept.append(watch)
            _judge(watch, point, seen, raised, ended)
    _silence(made)
    ControlWatch.objects.filter(pk__in=gone).delete()
    ControlWatch.objects.bulk_update(kept, ["look_at", "state"])
    ControlWatch.objects.bulk_create(made, ignore_conflicts=True)
    close_ended([one for one in ended if one.place[2]], now=now)
    raise_found(raised, now=now)


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
        fields = fields_of_deals([snapshots[id].deal for id in members], control_needs(version_id))
        seen.fields |= {id: fields[snapshots[id].deal.id] for id in members}
    return seen


def _leave(watch: ControlWatch, task: Task | None, now: datetime, gone: list[int], kept: list[ControlWatch]) -> None:
    """Its step is over: the row goes as soon as that can be taken back no longer."""
    until = None if task is None or task.completed_at is None else task.completed_at + UNDO_WINDOW + UNDO_GRACE
    if until is None or until <= now:
        gone.append(watch.pk)
    else:
        watch.look_at, watch.state = until, WatchState.WATCHING
        kept.append(watch)


def _end_of(watch: ControlWatch, task: Task | None, now: datetime) -> Ended:
    """How the deviation of a row ended whose step is over: cured if it was done, else over otherwise."""
    is_done = task is not None and task.status == "done"
    at = task.completed_at if task is not None and task.completed_at is not None else now
    return Ended(place_of(watch), DeviationEnd.CURED if is_done else DeviationEnd.OVER, at)


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


def _silence(made: Sequence[ControlWatch]) -> None:
    """A point whose deviation somebody closed by hand stays silent at that step, whatever came between."""
    if not made:
        return
    closed = closed_by_hand({watch.instance_id for watch in made})
    for watch in made:
        if place_of(watch) in closed:
            watch.state = WatchState.RAISED


def _judge(watch: ControlWatch, point: ControlPoint, seen: _Seen, raised: list[Found], ended: list[Ended]) -> None:
    """Look at one control point, and note on its row what comes of it."""
    moment = seen.moment(watch, point)
    was_raised = watch.state == WatchState.RAISED
    if moment > seen.now:
        if was_raised:
            ended.append(Ended(place_of(watch), DeviationEnd.CURED, seen.now))
        watch.look_at, watch.state = moment, WatchState.SCHEDULED
        return
    is_wanting = seen.is_wanting(watch, point)
    if is_wanting and not was_raised:  # else it is one already, or was closed by hand
        raised.append(Found(seen.tasks[watch.instance_id, watch.token], seen.snapshots[watch.instance_id], point))
    elif was_raised and not is_wanting:
        ended.append(Ended(place_of(watch), DeviationEnd.CURED, seen.now))
    watch.state = WatchState.RAISED if is_wanting else WatchState.WATCHING
    watch.look_at = seen.now + OFTEN if moves_by_itself(point) else None
