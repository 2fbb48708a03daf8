"""One step of an instance: read without a lock, computed by the engine, written by one database function.

The function locks the instance's row and lets the step through only if nobody moved the instance since it was read,
else everything is done again from a fresh reading. What a step brings about elsewhere (a called process, a thrown
message, a message kept for whoever begins to wait) follows in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import OperationalError, transaction

from kniga.engine import NEW_STATE, Command, Rejection, Start, Step, advance
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible
from kniga.platform.said import said as _
from kniga.processes.models import Instance, Work
from kniga.processes.running.applying import apply_step, step_document
from kniga.processes.running.effects import CALL, Effects, FiredTimer, local_moment, resolve
from kniga.processes.running.locking import may_be_done_again
from kniga.processes.running.reading import (
    DealFacts,
    InstanceSnapshot,
    TaskSnapshot,
    fields_for,
    read_instances,
    read_task,
)
from kniga.processes.running.refusals import refusal_of
from kniga.processes.versions.definitions import RunnableVersion, runnable_version
from kniga.rules import Value

ATTEMPTS: Final = 8


class Advanced(msgspec.Struct, frozen=True):
    """What a step did: the ids of the tasks it set (in order), and how the instance stands now.

    `result` is won, lost or other when the step ended the instance, else None."""

    deal_id: int
    instance_id: int
    created: tuple[int, ...]
    status: str
    result: str | None


class Wanted(msgspec.Struct, frozen=True):
    """A command with the rows it consumes (`marks` as in `step_document`), or the timer it comes from."""

    command: Command
    marks: Mapping[str, Any] = {}
    fired: FiredTimer | None = None


class Plan(msgspec.Struct, frozen=True):
    """A step that is computed but not written yet."""

    snapshot: InstanceSnapshot
    version: RunnableVersion
    step: Step
    effects: Effects
    document: Mapping[str, Any]

    @property
    def ends_a_call(self) -> bool:
        """Whether a called process is over with this step, so that its caller goes on."""
        return self.snapshot.parent_token is not None and self.step.state.status != "running"

    @property
    def has_followers(self) -> bool:
        """Whether more than this step is to be done in its transaction."""
        return self.effects.has_followers or self.ends_a_call


Commanding = Callable[[InstanceSnapshot, RunnableVersion], Wanted]
TaskCommanding = Callable[[TaskSnapshot, RunnableVersion], Wanted]
Check = Callable[[Plan], None]


def act_on_task(
    *, task_id: int, by: User | None, now: datetime, command_for: TaskCommanding, check: Check | None = None
) -> Advanced:
    """Carry out a command at a task. Raises NotVisible, Conflict `busy`, Refused as the engine says."""
    visible = None if by is None else visible_owner_ids(by, Entity.DEAL)
    actor_id = None if by is None else by.pk
    for _attempt in range(ATTEMPTS):
        snapshot = read_task(task_id=task_id, visible_to=visible, user_id=actor_id)
        if snapshot is None:
            raise NotVisible
        version = runnable_version(snapshot.version_id)
        wanted = command_for(snapshot, version)
        refuse_paused(snapshot.instance)
        advanced = _carried_out(snapshot.instance, version, wanted, actor_id, now, check)
        if advanced is not None:
            return advanced
    raise Conflict("busy", _("Somebody else is working on this deal right now. Try again."))


def act_on_instance(
    *, instance_id: int, by: User | None, now: datetime, command_for: Commanding, check: Check | None = None
) -> Advanced:
    """Carry out a command at an instance, as `act_on_task`; `by` None is the system."""
    visible = None if by is None else visible_owner_ids(by, Entity.DEAL)
    for _attempt in range(ATTEMPTS):
        snapshot = read_instances(instance_ids=[instance_id], visible_to=visible).get(instance_id)
        if snapshot is None:
            raise NotVisible
        version = runnable_version(snapshot.version_id)
        wanted = command_for(snapshot, version)
        refuse_paused(snapshot)
        advanced = _carried_out(snapshot, version, wanted, None if by is None else by.pk, now, check)
        if advanced is not None:
            return advanced
    raise Conflict("busy", _("Somebody else is working on this deal right now. Try again."))


def begin_instance(
    *,
    version: RunnableVersion,
    deal: DealFacts,
    by: User | None,
    now: datetime,
    element: str | None = None,
    data: Mapping[str, Value] | None = None,
    stage: str | None = None,
    parent_id: int | None = None,
    parent_token: int | None = None,
) -> Advanced:
    """Start a version for a deal. Must run inside a transaction; the caller has looked whether it may be started.

    `stage` is where the deal stands before; `parent_token` is that of the call which waits for it. Raises Refused as
    the engine says."""
    instance = Instance.objects.create(
        version_id=version.id, deal_id=deal.id, started_at=now, parent_id=parent_id, parent_token=parent_token,
        watched=0 if version.definition.conditionals else None,
    )  # fmt: skip
    if parent_id is not None and parent_token is not None:  # told at once: it may be over with its very first step
        call = Work.objects.filter(instance_id=parent_id, token=parent_token, action=CALL, status="running")
        call.update(called_id=instance.pk)
    snapshot = InstanceSnapshot(
        instance.pk, version.id, 1, "running", replace(NEW_STATE, stage=stage), deal, parent_id, parent_token
    )
    command = Start(element, data or {}, fields_for(deal, version.definition.needs))
    advanced = _carry_out(snapshot, version, Wanted(command), None if by is None else by.pk, now, None)
    assert advanced is not None, "nobody else can know of an instance before it is committed"
    return advanced


def plan_step(
    snapshot: InstanceSnapshot, version: RunnableVersion, wanted: Wanted, *, actor_id: int | None, now: datetime
) -> Plan | Rejection:
    """Compute a step; nothing is written. Reads one row per task that goes to a role."""
    is_start = isinstance(wanted.command, Start)
    state = NEW_STATE if is_start else snapshot.state
    result = advance(version.definition, state, wanted.command, now=local_moment(snapshot.deal, now))
    if isinstance(result, Rejection):
        return result
    is_top = snapshot.parent_id is None
    effects = resolve(
        version, snapshot.state, result, snapshot.deal, now, instance_id=snapshot.instance_id, is_top=is_top,
        by_person=actor_id is not None, fired=wanted.fired,
    )  # fmt: skip
    marks = dict(wanted.marks)
    if wanted.fired is not None:
        marks["fired"] = wanted.fired.id
    document = step_document(
        instance_id=snapshot.instance_id, revision=snapshot.revision, version=version, before=state, step=result,
        effects=effects, actor_id=actor_id, now=now, is_top=is_top, marks=marks,
    )  # fmt: skip
    return Plan(snapshot, version, result, effects, document)


def advanced_by(plan: Plan, created: list[int]) -> Advanced:
    """What a written step did."""
    state = plan.step.state
    return Advanced(plan.snapshot.deal.id, plan.snapshot.instance_id, tuple(created), state.status, state.result)


def refuse_paused(snapshot: InstanceSnapshot) -> None:
    """Raises Conflict `suspended` for a process that somebody has paused."""
    if snapshot.status == "suspended":
        raise Conflict("suspended", _("This process is paused. A manager can resume it on the deal's card."))


def _carried_out(
    snapshot: InstanceSnapshot, version: RunnableVersion, wanted: Wanted, actor_id: int | None, now: datetime,
    check: Check | None,
) -> Advanced | None:  # fmt: skip
    """As `_carry_out`; None too for a deadlock that may be tried again."""
    try:
        return _carry_out(snapshot, version, wanted, actor_id, now, check)
    except OperationalError as error:
        if not may_be_done_again(error):
            raise
        return None


def _carry_out(
    snapshot: InstanceSnapshot,
    version: RunnableVersion,
    wanted: Wanted,
    actor_id: int | None,
    now: datetime,
    check: Check | None,
) -> Advanced | None:
    plan = plan_step(snapshot, version, wanted, actor_id=actor_id, now=now)
    if isinstance(plan, Rejection):
        raise refusal_of(plan)
    if check is not None:
        check(plan)
    if not plan.has_followers:
        created = apply_step(plan.document, snapshot.state)
        return None if created is None else advanced_by(plan, created)
    # A cycle by nature: what follows a step are steps.
    from kniga.processes.running.following import follow

    with transaction.atomic():
        created = apply_step(plan.document, snapshot.state)
        if created is None:
            return None
        follow(plan, actor_id=actor_id, now=now)
    return advanced_by(plan, created)
