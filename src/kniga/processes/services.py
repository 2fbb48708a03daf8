"""Moving deals: start a process, complete a task, fire a timer, cancel, take a completion back.

Each act is one engine step written by one database function, so it is one transaction of its own or part of
the caller's. The step is computed from a snapshot read without a lock; the function locks the instance's row and
lets the step through only if nobody moved the instance since, else the act reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from kniga.deals.models import Deal
from kniga.engine import (
    NEW_STATE,
    Cancel,
    Command,
    CompleteTask,
    FireTimer,
    Rejection,
    Start,
    State,
    Step,
    UserTask,
    advance,
)
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.applying import Effects, apply_step, local_moment, resolve
from kniga.processes.definitions import RunnableVersion, runnable_version
from kniga.processes.facts import check_facts
from kniga.processes.models import Instance, ProcessVersion, Task, Timer, VersionStatus
from kniga.processes.reading import TaskSnapshot, fields_for, read_task
from kniga.processes.refusals import refusal_of
from kniga.processes.starting import deal_facts, join_pipeline

UNDO_WINDOW: Final = timedelta(seconds=10)
_GRACE: Final = timedelta(seconds=5)
_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class Advanced:
    """What a step did: the ids of the tasks it set (in order), and how the instance stands now.

    `result` is won, lost or other when the step ended the instance, else None."""

    deal_id: int
    instance_id: int
    created: tuple[int, ...]
    status: str
    result: str | None


def start_process(
    *, deal_id: int, process_key: str, by: User | None, now: datetime, element: str | None = None
) -> Advanced:
    """Start the published version of a process for a deal; its first task comes at once.

    `element`: enter at this user task instead of the start. `by` None is the system. A deal that has been in no
    stage yet joins the process's pipeline. Raises NotVisible for a deal `by` may not see, Refused when the process is
    unknown or of another pipeline, the deal is closed or already runs a process, or `by` may not work deals.
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
        if Instance.objects.filter(deal_id=deal_id, status="running").exists():
            raise Refused("already_running", _("A process is already running for this deal."))
        before = replace(NEW_STATE, stage=join_pipeline(deal_id, version.id))
        instance = Instance.objects.create(version_id=version.id, deal_id=deal_id, started_at=now)
        command = Start(element, fields=fields_for(deal, version.definition.needs))
        step = _advance(version, NEW_STATE, command, local_moment(deal, now))
        effects = resolve(version, before, step, deal, now)
        created = apply_step(
            instance_id=instance.pk,
            revision=1,
            step=step,
            effects=effects,
            actor_id=None if by is None else by.pk,
            now=now,
        )
    assert created is not None, "nobody else can know of an instance before it is committed"
    return Advanced(deal_id, instance.pk, tuple(created), step.state.status, step.state.result)


def complete_task(
    *,
    task_id: int,
    outcome: str,
    answers: Mapping[str, object],
    by: User,
    now: datetime,
    confirmed: Collection[str] = (),
) -> Advanced:
    """Finish a task with an outcome; the next task comes in the same transaction.

    `answers`: question key → value (text as typed, or JSON values); `confirmed`: keys of questions whose unusual
    answer the person confirms (see `check_facts`). Raises NotVisible; Conflict when somebody
    finished it first (the message says who and when); Refused with `field` = the question's key when the book
    demands an answer that is missing or wrong, or when the task is somebody else's.
    """

    def command(snapshot: TaskSnapshot, version: RunnableVersion) -> Command:
        if snapshot.status != "open":
            raise _too_late(snapshot)
        if snapshot.assignee_id not in (by.pk, None) and not may(by, Act.COMPLETE_FOR_OTHERS):
            raise Refused("not_yours", _("This task is assigned to somebody else."))
        step = version.definition.elements.get(snapshot.element)
        if isinstance(step, UserTask):
            here = local_moment(snapshot.deal, now)
            check_facts(step, answers, amount=snapshot.deal.amount, confirmed=confirmed, now=here)
        return CompleteTask(snapshot.token, outcome, answers, fields_for(snapshot.deal, version.definition.needs))

    return _act(task_id, by, now, command)


def fire_timer(*, task_id: int, timer: str, now: datetime) -> Advanced | None:
    """Fire a due boundary timer of a task. Returns None when the task is gone (undone).

    Raises Conflict when it has fired already, its task is over, or others are busy with the deal; Refused when the
    book leads nowhere from here."""

    def command(snapshot: TaskSnapshot, version: RunnableVersion) -> Command:
        fields = fields_for(snapshot.deal, version.definition.needs)
        return FireTimer(snapshot.token, timer, fields)

    try:
        return _act(task_id, None, now, command)
    except NotVisible:
        return None


def fail_timer(*, task_id: int, timer: str, reason: str, now: datetime) -> None:
    """Mark a timer that cannot fire, and tell the ledger why; one that another worker has fired stays as it is."""
    with transaction.atomic():
        waiting = Timer.objects.filter(task_id=task_id, element=timer, status="scheduled")
        if not waiting.update(status="failed"):
            return
        task = Task.objects.get(pk=task_id)
        event = LedgerEvent(
            "processes.timer.failed", now, client_id=task.client_id, deal_id=task.deal_id,
            instance_id=task.instance_id, task_id=task_id, payload={"timer": timer, "reason": reason},
        )  # fmt: skip
        record([event])


def undo_completion(*, task_id: int, by: User, now: datetime) -> int:
    """Take back one's own completion within ten seconds, while nothing has followed it.

    Returns the task's id. Raises NotVisible, or Refused when it is too late or the deal has moved on."""
    snapshot = read_task(task_id=task_id, visible_to=visible_owner_ids(by, Entity.DEAL), user_id=by.pk)
    if snapshot is None:
        raise NotVisible
    done_at = snapshot.completed_at
    if snapshot.status != "done" or done_at is None or now - done_at > UNDO_WINDOW + _GRACE:
        raise Refused("undo_too_late", _("It is too late to undo this."))
    try:
        row = _undo(task_id, by, now)
    except IntegrityError:  # meanwhile the deal has started another process
        row = (False,)
    if row is None:
        raise Refused("undo_not_yours", _("Only the person who completed the task can undo it."))
    if not row[0]:
        raise Refused("undo_moved_on", _("The deal has moved on since; this can no longer be undone."))
    return task_id


def _undo(task_id: int, by: User, now: datetime) -> tuple[bool] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT processes_undo_completion(%s::bigint, %s::timestamptz, %s::bigint)"
            " FROM processes_task WHERE id = %s AND completed_by_id = %s",
            [task_id, now, by.pk, task_id, by.pk],
        )
        row: tuple[bool] | None = cursor.fetchone()
    return row


def cancel_instance(*, instance_id: int, reason: str, by: User, now: datetime) -> Advanced:
    """Stop a running process; its open tasks go away, the deal stays open. Raises NotVisible, Refused."""
    task_id = Instance.objects.filter(pk=instance_id).values_list("tasks__id", flat=True).first()
    if task_id is None:
        raise NotVisible
    if not may(by, Act.REASSIGN):
        raise Refused("not_allowed", _("Only a manager may stop a process."))
    return _act(task_id, by, now, lambda snapshot, version: Cancel(reason))


def _act(
    task_id: int,
    by: User | None,
    now: datetime,
    command_for: Callable[[TaskSnapshot, RunnableVersion], Command],
) -> Advanced:
    visible = None if by is None else visible_owner_ids(by, Entity.DEAL)
    actor_id = None if by is None else by.pk
    for _attempt in range(_ATTEMPTS):
        snapshot = read_task(task_id=task_id, visible_to=visible, user_id=actor_id)
        if snapshot is None:
            raise NotVisible
        version = runnable_version(snapshot.version_id)
        command = command_for(snapshot, version)
        step = _advance(version, snapshot.state, command, local_moment(snapshot.deal, now))
        effects = resolve(version, snapshot.state, step, snapshot.deal, now)
        _check_amount(version, snapshot, effects)
        created = apply_step(
            instance_id=snapshot.instance_id,
            revision=snapshot.revision,
            step=step,
            effects=effects,
            actor_id=actor_id,
            now=now,
            answers=accepted_answers(step),
            fired=(command.token, command.timer) if isinstance(command, FireTimer) else None,
        )
        if created is not None:
            return Advanced(
                snapshot.deal.id, snapshot.instance_id, tuple(created), step.state.status, step.state.result
            )
    raise Conflict("busy", _("Somebody else is working on this deal right now. Try again."))


def _check_amount(version: RunnableVersion, snapshot: TaskSnapshot, effects: Effects) -> None:
    """A deal with products is worth their sum: an answer that says otherwise is refused at its question."""
    total = snapshot.deal.lines_total
    if effects.amount is None or total is None or effects.amount == total:
        return
    task = version.definition.user_task(snapshot.element)
    asked = (
        next((question.key for question in task.questions if question.field == "deal.amount"), None) if task else None
    )
    message = _("The products of this deal add up to %(total)s. Correct them on the deal, or answer with their sum.")
    raise Refused("amount_from_lines", message % {"total": f"{total:,.2f}".replace(",", " ")}, field=asked)


def accepted_answers(step: Step) -> Mapping[str, object] | None:
    """The answers as the engine accepted them, ready for JSON; None when the step completed no task."""
    for event in step.events:
        if event.kind == "processes.task.completed":
            answers = event.payload()["answers"]
            assert isinstance(answers, dict)
            return answers
    return None


def _advance(version: RunnableVersion, state: State, command: Command, now: datetime) -> Step:
    result = advance(version.definition, state, command, now=now)
    if isinstance(result, Rejection):
        raise refusal_of(result)
    return result


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
    when = snapshot.completed_at.isoformat() if snapshot.completed_at else ""
    return TaskAlreadyDone(snapshot.completed_by or "", when, snapshot.outcome or "", snapshot.completed_at)


class TaskAlreadyDone(Conflict):
    """Somebody was faster: says who, when and with which outcome."""

    def __init__(self, who: str, when: str, outcome: str, at: datetime | None) -> None:
        message = _("%(who)s has already completed this task (%(when)s).") % {"who": who, "when": when}
        super().__init__("task_done", message)
        self.who, self.at, self.outcome = who, at, outcome
