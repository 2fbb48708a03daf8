"""Deadlines of open tasks that somebody moves, saying why; the timers and control points that count from them follow.

A deadline is the shell's: the engine's state holds none, so a replay of the ledger is none the wiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.engine import BoundaryEvent
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.notice_kinds import DEADLINE
from kniga.people.notices import notify
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said, said_moment
from kniga.platform.sqlparts import rows_of
from kniga.platform.waking import wake_workers
from kniga.platform.working_time import organisation_calendar
from kniga.processes.control.control_points import look_again
from kniga.processes.models import Instance, Task, TaskStatus, Timer, TimerStatus
from kniga.processes.running.effects import moment_of
from kniga.processes.running.reading import InstanceSnapshot, read_instances
from kniga.processes.versions.definitions import runnable_version

FURTHEST: Final = timedelta(days=366)
LONGEST_REASON: Final = 2000
MOVED: Final = "processes.task.deadline_moved"
_WITH_MOVED: Final = """
SELECT DISTINCT t.id FROM platform_event e JOIN processes_task t ON t.id = e.task_id AND t.status = 'open'
WHERE e.instance_id = ANY(%s::bigint[]) AND e.kind = %s
"""


@transaction.atomic
def move_deadline(*, task_id: int, to: datetime | None, reason: str, by: User, now: datetime) -> None:
    """Give an open task another deadline. Its timers that count from the deadline are due anew, its control points
    are looked at again; a timer that has fired does not fire again.

    Raises NotVisible; Refused `not_allowed`, `reason_missing`, `too_long`, `not_in_future` (no moment, one that is
    past, or more than a year ahead), `deadline_same`; Conflict `task_over`."""
    task = _visible(task_id, by)
    require(by, Act.STEER)
    reason = _checked(reason)
    _hold([task.instance_id])
    task.refresh_from_db()
    if task.status != TaskStatus.OPEN:
        raise Conflict("task_over", _("This task is over: its deadline cannot be moved any more."))
    if to is None or not now < to <= now + FURTHEST:
        raise Refused("not_in_future", _("Choose a moment that is to come, within a year."), field="to")
    if to == task.due_at:
        raise Refused("deadline_same", _("This is the deadline already. Choose another moment."), field="to")
    before, task.due_at = task.due_at, to
    task.save(update_fields=["due_at"])
    snapshot = read_instances(instance_ids=[task.instance_id])[task.instance_id]
    _follow(task, snapshot)
    _record(task, before, reason, by, now)
    _tell(task, before, reason, by, now)
    look_again(instance_id=task.instance_id, token=task.token, now=now)
    wake_workers()


def follow_moved_deadlines(instance_ids: Sequence[int]) -> None:
    """Let the timers of these instances count from deadlines that somebody has moved, where an act on many brought
    timers that count from another; one statement if there is none. Must run inside a transaction."""
    ids = [row[0] for row in rows_of(_WITH_MOVED, [list(instance_ids), MOVED])]
    tasks = list(Task.objects.filter(pk__in=ids).order_by("instance_id", "pk"))
    if not tasks:
        return
    found = sorted({task.instance_id for task in tasks})
    _hold(found)
    snapshots = read_instances(instance_ids=found)
    for task in Task.objects.filter(pk__in=ids, status=TaskStatus.OPEN):
        _follow(task, snapshots[task.instance_id])


def proposed_deadline(now: datetime) -> datetime:
    """The deadline that is offered first: the end of the next working day (of the next day, if none is in sight)."""
    calendar = organisation_calendar()
    today = now.astimezone(calendar.zone).date()
    days = [today + timedelta(days=number) for number in range(1, 31)]
    return calendar.end_of(next((day for day in days if calendar.is_working(day)), days[0]))


def _visible(task_id: int, by: User) -> Task:
    task = Task.objects.select_related("deal").filter(pk=task_id).first()
    owners = visible_owner_ids(by, Entity.DEAL)
    if task is None or not (owners is None or task.deal.owner_id in owners or task.assignee_id == by.pk):
        raise NotVisible
    return task


def _hold(instance_ids: Sequence[int]) -> None:
    """Lock instances as a step does: a worker may go on raising deviations of theirs meanwhile."""
    held = Instance.objects.select_for_update(no_key=True).filter(pk__in=instance_ids)
    list(held.order_by("pk").values_list("pk", flat=True))


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    if len(reason) > LONGEST_REASON:
        message = _("Shorten this to %(number)s characters.")
        raise Refused("too_long", message % {"number": LONGEST_REASON}, field="reason")
    return reason


def _follow(task: Task, snapshot: InstanceSnapshot) -> None:
    """Set anew the timers at a task that count from its deadline."""
    elements = runnable_version(snapshot.version_id).definition.elements
    waiting = Timer.objects.filter(instance=task.instance_id, token=task.token, status=TimerStatus.SCHEDULED)
    calendar = organisation_calendar().in_zone(snapshot.deal.time_zone)
    for timer in waiting:
        event = elements.get(timer.element)
        due = event.due if isinstance(event, BoundaryEvent) else None
        if due is not None and due.basis == "deadline" and task.due_at is not None:
            timer.due_at = moment_of(due, task.due_at, calendar)
            timer.save(update_fields=["due_at"])


def _tell(task: Task, before: datetime | None, reason: str, by: User, now: datetime) -> None:
    """Tell whose task it is, and who owns the deal: their day has changed, by whom and why."""
    assert task.due_at is not None, "a deadline is moved to a moment"
    people = [id for id in (task.assignee_id, task.deal.owner_id) if id is not None and id != by.pk]
    title = said("%(who)s moved a deadline: %(step)s, deal No. %(number)s") % {
        "who": by.name, "step": task.name, "number": task.deal.number,
    }  # fmt: skip
    moments = {"before": said_moment(before) if before else "—", "after": said_moment(task.due_at), "why": reason}
    body = said("%(before)s → %(after)s. Why: %(why)s") % moments
    notify(user_ids=people, kind=DEADLINE, title=title, body=body, url=f"/tasks/{task.pk}/", now=now)


def _record(task: Task, before: datetime | None, reason: str, by: User, now: datetime) -> None:
    assert task.due_at is not None, "a deadline is moved to a moment"
    payload = {
        "token": task.token, "element": task.element, "from": before.isoformat() if before else None,
        "to": task.due_at.isoformat(), "reason": reason,
    }  # fmt: skip
    event = LedgerEvent(
        MOVED, now, actor_id=by.pk, client_id=task.client_id, deal_id=task.deal_id, instance_id=task.instance_id,
        task_id=task.pk, payload=payload,
    )  # fmt: skip
    record([event])
