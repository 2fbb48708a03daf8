"""Moving deals: start a process, complete a task, cancel, pause, resume, send to another step, take a completion back.

Each act is one engine step written by one database function (see `stepping`), one transaction of its own or part of
the caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format

from kniga.deals.models import Deal
from kniga.engine import Cancel, CompleteTask, GoTo, UserTask
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said as _
from kniga.platform.waking import wake_workers
from kniga.platform.working_time import organisation_calendar
from kniga.processes.control.control_points import watch_anew
from kniga.processes.models import Instance, ProcessVersion, Task, VersionStatus
from kniga.processes.queries import visible_instance
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW, local_moment
from kniga.processes.running.facts import check_facts
from kniga.processes.running.reading import InstanceSnapshot, TaskSnapshot, fields_for, lines_total, read_task
from kniga.processes.running.starting import deal_facts, join_pipeline
from kniga.processes.running.stepping import Advanced, Plan, Wanted, act_on_instance, act_on_task, begin_instance
from kniga.processes.versions.branches import require_branch
from kniga.processes.versions.definitions import RunnableVersion, runnable_version


def start_process(
    *, deal_id: int, process_key: str, by: User | None, now: datetime, element: str | None = None
) -> Advanced:
    """Start the published version of a process for a deal; its first task comes at once.

    `element`: enter at this user task instead of the start. `by` None is the system. A deal that has been in no
    stage yet joins the process's pipeline. Raises NotVisible for a deal `by` may not see, Refused when the process is
    unknown, of another branch or pipeline, the deal is closed or already runs a process, or `by` may not work deals.
    """
    if by is not None:
        require(by, Act.WORK_DEALS)
    version = _published(process_key)
    with transaction.atomic():
        deal = deal_facts(deal_id, visible_to=None if by is None else visible_owner_ids(by, Entity.DEAL))
        if deal is None:
            raise NotVisible
        # The deal's row is locked before anything is looked at: of two starts at once the second must see the first.
        if not Deal.objects.select_for_update().filter(pk=deal_id, status="open").exists():
            raise Refused("deal_closed", _("The deal is closed. Open a new one to start a process."))
        if Instance.objects.filter(deal_id=deal_id, parent=None, status__in=("running", "suspended")).exists():
            raise Refused("already_running", _("A process is already running for this deal."))
        require_branch(version_id=version.id, deal_ids=[deal_id])
        stage = join_pipeline(deal_id, version.id)
        return begin_instance(version=version, deal=deal, by=by, now=now, element=element, stage=stage)


def complete_task(
    *,
    task_id: int,
    outcome: str,
    answers: Mapping[str, object],
    by: User,
    now: datetime,
    confirmed: Collection[str] = (),
    asks: bool = False,
) -> Advanced:
    """Finish a task with an outcome; the next task comes in the same transaction.

    `answers`: question key → value (text as typed, or JSON values); `confirmed`: keys of questions whose unusual
    answer the person confirms (see `check_facts`); `asks`: a person is there to be asked about a deadline on a day
    off. Raises NotVisible; Conflict when somebody finished it first (the
    message says who and when) or the process is paused; Refused with `field` = the question's key when the book
    demands an answer that is missing or wrong, or when the task is somebody else's.
    """
    element = ""

    def command(snapshot: TaskSnapshot, version: RunnableVersion) -> Wanted:
        nonlocal element
        element = snapshot.element
        if snapshot.status != "open":
            raise _too_late(snapshot)
        if snapshot.assignee_id not in (by.pk, None) and not may(by, Act.COMPLETE_FOR_OTHERS):
            raise Refused("not_yours", _("This task is assigned to somebody else."))
        step = version.definition.elements.get(element)
        if isinstance(step, UserTask) and step.questions:
            here = local_moment(snapshot.deal, now)
            check_facts(
                step, answers, outcome=outcome, amount=snapshot.deal.amount, confirmed=confirmed,
                waits=version.promises, now=here, calendar=organisation_calendar() if asks else None,
            )  # fmt: skip
        fields = fields_for(snapshot.deal, version.definition.needs)
        return Wanted(CompleteTask(snapshot.token, outcome, answers, fields))

    return act_on_task(
        task_id=task_id, by=by, now=now, command_for=command, check=lambda plan: _check_amount(plan, element)
    )


def undo_completion(*, task_id: int, by: User, now: datetime) -> int:
    """Take back one's own completion within ten seconds, while nothing has followed it.

    Returns the task's id. Raises NotVisible, or Refused when it is too late or the deal has moved on."""
    snapshot = read_task(task_id=task_id, visible_to=visible_owner_ids(by, Entity.DEAL), user_id=by.pk)
    if snapshot is None:
        raise NotVisible
    done_at = snapshot.completed_at
    if snapshot.status != "done" or done_at is None or now - done_at > UNDO_WINDOW + UNDO_GRACE:
        raise Refused("undo_too_late", _("It is too late to undo this."))
    try:
        row = _undo(task_id, snapshot.instance_id, snapshot.instance.version_id, by, now)
    except IntegrityError:  # meanwhile the deal has started another process
        row = (False,)
    if row is None:
        raise Refused("undo_not_yours", _("Only the person who completed the task can undo it."))
    if not row[0]:
        raise Refused("undo_moved_on", _why_not(snapshot))
    return task_id


def _why_not(snapshot: TaskSnapshot) -> str:
    """Why the last thing done is not this completion any more, as far as it can be told."""
    after = Task.objects.filter(
        instance=snapshot.instance_id, status="done", completed_at__gte=snapshot.completed_at
    ).exclude(pk=snapshot.task_id)
    name = after.order_by("-completed_at", "-pk").values_list("name", flat=True).first()
    if name is not None:
        text = _("“%(task)s” of the same deal was finished after it; only the last completion can be undone.")
        return text % {"task": name}
    if snapshot.instance.status == "suspended":
        return _("The deal has been paused since; a manager has to resume it first.")
    return _("The deal has moved on since; this can no longer be undone.")


def _undo(task_id: int, instance_id: int, version_id: int, by: User, now: datetime) -> tuple[bool] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT processes_undo_completion_2(%s::bigint, %s::timestamptz, %s::bigint)"
            " FROM processes_task WHERE id = %s AND completed_by_id = %s",
            [task_id, now, by.pk, task_id, by.pk],
        )
        row: tuple[bool] | None = cursor.fetchone()
        if row is not None and row[0]:
            # What the completion had changed is as before: conditions and control points are looked at again.
            if runnable_version(version_id).watches:
                watch_anew([instance_id], now=now)
            wake_workers()
    return row


def cancel_instance(*, instance_id: int, reason: str, by: User, now: datetime) -> Advanced:
    """Stop a running or paused process with all it has called; its open tasks go away, the deal stays open.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, `not_running`."""
    _steered(instance_id, by, _("Only a manager may stop a process."))
    _check_reason(reason)
    with transaction.atomic():
        # A paused process is over, too: the engine knows nothing of pauses.
        Instance.objects.filter(pk=instance_id, status="suspended").update(status="running")
        return act_on_instance(
            instance_id=instance_id, by=by, now=now, command_for=lambda _snapshot, _version: Wanted(Cancel(reason))
        )


def suspend_instance(*, instance_id: int, reason: str, by: User, now: datetime) -> None:
    """Pause a process: its tasks cannot be completed, its timers, messages and work wait.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, Conflict `not_running`."""
    _steered(instance_id, by, _("Only a manager may pause a process."))
    _check_reason(reason)
    _switch(instance_id, "running", "suspended", "processes.instance.suspended", by, now, reason)


def resume_instance(*, instance_id: int, reason: str = "", by: User, now: datetime) -> None:
    """Let a paused process go on. What became due meanwhile happens now, in the order it was due.

    Raises NotVisible, Refused `not_allowed`, Conflict `not_running`."""
    _steered(instance_id, by, _("Only a manager may resume a process."))
    with transaction.atomic():
        _switch(instance_id, "suspended", "running", "processes.instance.resumed", by, now, reason)
        wake_workers()


def send_to_step(*, instance_id: int, element: str, reason: str, by: User, now: datetime) -> Advanced:
    """Send a running process back, or on, to a step: what is open goes away, the step's task comes.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, `unknown_element`, Conflict."""
    _steered(instance_id, by, _("Only a manager may send a deal to another step."))
    _check_reason(reason)

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        fields = fields_for(snapshot.deal, version.definition.needs)
        return Wanted(GoTo(element, reason, fields=fields))

    return act_on_instance(instance_id=instance_id, by=by, now=now, command_for=command)


def _steered(instance_id: int, by: User, refusal: str) -> None:
    visible_instance(user=by, instance_id=instance_id)
    if not may(by, Act.STEER):
        raise Refused("not_allowed", refusal)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")


def _switch(instance_id: int, before: str, after: str, kind: str, by: User, now: datetime, reason: str) -> None:
    with transaction.atomic():
        instance = Instance.objects.select_for_update(of=("self",)).select_related("deal").get(pk=instance_id)
        if instance.status != before:
            raise Conflict("not_running", _("This process is no longer as you saw it. Look again."))
        instance.status = after
        # The new revision makes a step that is being computed look again.
        instance.revision += 1
        instance.save(update_fields=["status", "revision"])
        event = LedgerEvent(
            kind, now, actor_id=by.pk, client_id=instance.deal.client_id, deal_id=instance.deal_id,
            instance_id=instance_id, payload={"reason": reason},
        )  # fmt: skip
        record([event])


def _check_amount(plan: Plan, element: str) -> None:
    """A deal with products is worth their sum: an answer that says otherwise is refused at its question."""
    amount = plan.effects.amount
    total = None if amount is None else lines_total(plan.snapshot.deal.id)
    if total is None or amount == total:
        return
    task = plan.version.definition.user_task(element)
    asked = (
        next((question.key for question in task.questions if question.field == "deal.amount"), None) if task else None
    )
    message = _("The products of this deal add up to %(total)s. Correct them on the deal, or answer with their sum.")
    raise Refused("amount_from_lines", message % {"total": f"{total:,.2f}".replace(",", " ")}, field=asked)


def _published(process_key: str) -> RunnableVersion:
    version_id = (
        ProcessVersion.objects.filter(process__key=process_key, status=VersionStatus.PUBLISHED)
        .values_list("pk", flat=True)
        .first()
    )
    if version_id is None:
        raise Refused("unknown_process", _("There is no published process “%s”.") % process_key, field="process")
    return runnable_version(version_id)


def _too_late(snapshot: TaskSnapshot) -> Conflict:
    if snapshot.status == "cancelled":
        return Conflict("task_cancelled", _("This task has been cancelled: the deal moved on without it."))
    at = snapshot.completed_at
    when = date_format(timezone.localtime(at), "j E Y, H:i") if at else ""
    who = User.objects.filter(pk=snapshot.completed_by_id or 0).values_list("name", flat=True).first()
    return TaskAlreadyDone(who or "", when, snapshot.outcome or "", at)


class TaskAlreadyDone(Conflict):
    """Somebody was faster: says who, when and with which outcome."""

    def __init__(self, who: str, when: str, outcome: str, at: datetime | None) -> None:
        message = _("%(who)s has already completed this task (%(when)s).") % {"who": who, "when": when}
        super().__init__("task_done", message)
        self.who, self.at, self.outcome = who, at, outcome


__all__ = [
    "Advanced", "TaskAlreadyDone", "cancel_instance", "complete_task", "resume_instance", "send_to_step",
    "start_process", "suspend_instance", "undo_completion",
]  # fmt: skip
