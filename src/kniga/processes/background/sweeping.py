"""Due timers, fired in batches by any number of workers, each once, those of an instance in the order they are due."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connection, transaction

from kniga.engine import FireTimer, Rejection
from kniga.platform.errors import Conflict, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.background.hurrying import count_hurry, count_hurry_of_deal, newest_timer, refuse_hurry
from kniga.processes.models import Timer
from kniga.processes.running.applying import apply_steps
from kniga.processes.running.effects import OUTSIDE_ACTIONS, FiredTimer
from kniga.processes.running.event_incidents import TIMER, raise_for_event
from kniga.processes.running.reading import InstanceSnapshot, fields_of_deals, read_instances
from kniga.processes.running.refusals import refusal_of
from kniga.processes.running.stepping import Plan, Wanted, plan_step
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import Value

BATCH: Final = 200
LOG = logging.getLogger(__name__)

# The instance's row is locked, as every step does it first. The first timer of each instance only: what it does may
# end the others.
_DUE_OF = """
SELECT w.id, w.instance_id, w.token, w.element, w.due_at, w.in_a_row
FROM processes_timer w JOIN processes_instance i ON i.id = w.instance_id AND i.status = 'running'
WHERE w.status = 'scheduled' AND w.due_at <= %s {only} AND NOT EXISTS (
    SELECT FROM processes_timer e WHERE e.instance_id = w.instance_id AND e.status = 'scheduled'
      AND (e.due_at, e.id) < (w.due_at, w.id))
ORDER BY w.due_at, w.id LIMIT %s FOR UPDATE OF i SKIP LOCKED
"""
_DUE = _DUE_OF.format(only="")
_DUE_ALONE = _DUE_OF.format(only="AND w.id = %s").replace("LIMIT %s", "")
_STILL = "SELECT id FROM processes_timer WHERE id = ANY(%s::bigint[]) AND status = 'scheduled'"
_NEXT = """
SELECT min(at) FROM (
    (SELECT w.due_at AS at FROM processes_timer w JOIN processes_instance i ON i.id = w.instance_id
       AND i.status = 'running' WHERE w.status = 'scheduled' ORDER BY w.due_at LIMIT 1)
    UNION ALL
    (SELECT c.next_at FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id AND i.status = 'running'
       WHERE c.status IN ('queued', 'running') AND NOT (c.action = 'call' AND c.status = 'running')
       AND c.action <> ALL(%s) ORDER BY c.next_at LIMIT 1)
    UNION ALL
    (SELECT min(due_at) FROM processes_scheduledstart)
    UNION ALL
    (SELECT w.look_at FROM processes_controlwatch w JOIN processes_instance i ON i.id = w.instance_id
       AND i.status = 'running' WHERE w.look_at IS NOT NULL ORDER BY w.look_at LIMIT 1)
    UNION ALL
    (SELECT min(v.next_at) FROM processes_deviation v JOIN processes_instance i ON i.id = v.instance_id
       AND i.status = 'running' WHERE v.next_at IS NOT NULL)
    UNION ALL
    (SELECT min(publish_at) FROM processes_processversion WHERE publish_at IS NOT NULL)
) AS nearest
"""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many timers were found due, how many of them fired, and how many are left for another time."""

    found: int
    fired: int
    left: int = 0


def sweep_timers(*, now: datetime, batch: int = BATCH) -> int:
    """Fire every timer that is due by `now`, in batches; returns how many were found.

    Safe to run in many workers: instances at which another one works are passed over. A timer that the engine
    refuses, or that is one too many in a row, is left to a person: it neither comes again nor holds up the others.
    """
    found = 0
    while True:
        swept = sweep_batch(now=now, batch=batch)
        found += swept.found - swept.left
        if swept.left == swept.found:  # nothing is due, or nothing that can be fired now
            return found


def sweep_batch(*, now: datetime, batch: int = BATCH) -> Swept:
    """Fire the first due timer of up to `batch` instances: together those that bring about no more than their own
    step, the others one by one, so that nobody holds many instances for long."""
    timers: list[tuple[int, FiredTimer]] = []
    try:
        with transaction.atomic():
            timers = _claimed(now, _DUE, batch)
            fired, alone = _fire(timers, now, together=True)
    except (DatabaseError, Refused) as error:
        # One of them spoils the whole batch, or somebody else waits for one of its instances: each for itself.
        LOG.warning("a batch of %s timers could not be written at once: %s", len(timers), error)
        fired, alone = 0, timers
    left = 0
    for instance_id, timer in alone:
        done = _fire_alone(instance_id, timer, now)
        fired, left = fired + (done or 0), left + (done is None)
    return Swept(len(timers), fired, left)


def nearest_due() -> datetime | None:
    """When the next timer or control point is due, or the next work but that of outside actions may begin; None when
    nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [list(OUTSIDE_ACTIONS)])
        moment: datetime | None = cursor.fetchone()[0]
    return moment


def fail_timer(
    *, timer: FiredTimer, snapshot: InstanceSnapshot, reason: str, now: datetime, code: str = "broken"
) -> None:
    """Leave a timer that cannot fire to a person, and tell the ledger why; one that is over stays as it is."""
    with transaction.atomic():
        if not Timer.objects.filter(pk=timer.id, status="scheduled").update(status="failed"):
            return
        raise_for_event(
            action=TIMER, snapshot=snapshot, token=timer.token, element=timer.element, error=reason, code=code, now=now
        )
        deal = snapshot.deal
        payload = {"timer": timer.element, "token": timer.token, "reason": str(reason)}
        event = LedgerEvent(
            "processes.timer.failed", now, client_id=deal.client_id, deal_id=deal.id,
            instance_id=snapshot.instance_id, payload=payload,
        )  # fmt: skip
        record([event])


def _claimed(now: datetime, sql: str, number: int) -> list[tuple[int, FiredTimer]]:
    """The timers to fire with their instances; the instances are locked, and read again only after that."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, number])
        due = cursor.fetchall()
        cursor.execute(_STILL, [[row[0] for row in due]])
        still = {row[0] for row in cursor.fetchall()}
    return [(row[1], FiredTimer(row[0], row[2], row[3], row[4], row[5])) for row in due if row[0] in still]


def _fire(
    timers: Sequence[tuple[int, FiredTimer]], now: datetime, *, together: bool
) -> tuple[int, list[tuple[int, FiredTimer]]]:
    """Fire these; how many fired, and which are to be fired alone."""
    if not timers:
        return 0, []
    snapshots = read_instances(instance_ids=[instance_id for instance_id, _timer in timers])
    fields = {snapshot.instance_id: values for snapshot, values in with_fields(list(snapshots.values()))}
    fired: list[tuple[Plan, FiredTimer]] = []
    alone: list[tuple[int, FiredTimer]] = []
    for instance_id, timer in timers:
        plan = _plan(snapshots[instance_id], timer, fields[instance_id], now)
        if plan is not None and together and plan.has_followers:
            alone.append((instance_id, timer))
        elif plan is not None:
            fired.append((plan, timer))
    newest = 0 if together else newest_timer()
    write_plans([plan for plan, _timer in fired], now)
    if together:
        count_hurry(fired, now=now)
    else:
        for plan, timer in fired:
            count_hurry_of_deal(plan, timer, newest=newest, now=now)
    return len(fired), alone


def _plan(snapshot: InstanceSnapshot, timer: FiredTimer, fields: Mapping[str, Value], now: datetime) -> Plan | None:
    version = runnable_version(snapshot.version_id)
    wanted = Wanted(FireTimer(timer.token, timer.element, fields), fired=timer)
    try:
        refuse_hurry(timer)
        plan = plan_step(snapshot, version, wanted, actor_id=None, now=now)
        if not isinstance(plan, Rejection):
            return plan
        refusal = refusal_of(plan)
    except Refused as refused:
        refusal = refused
    LOG.warning("the timer %s of instance %s cannot fire: %s", timer.element, snapshot.instance_id, refusal.message)
    fail_timer(timer=timer, snapshot=snapshot, reason=refusal.said, code=refusal.code, now=now)
    return None


def write_plans(plans: Sequence[Plan], now: datetime) -> None:
    """Write steps of instances that are locked since they were read, with all that follows them."""
    # A cycle by nature: what follows a step are steps.
    from kniga.processes.running.following import follow

    created = apply_steps([plan.document for plan in plans])
    for plan, ids in zip(plans, created, strict=True):
        assert ids is not None, "the instance has been locked since it was read"
        if plan.has_followers:
            follow(plan, actor_id=None, now=now)


def _fire_alone(instance_id: int, timer: FiredTimer, now: datetime) -> int | None:
    """Fire one timer in a transaction of its own; how many fired, None if it has to be tried again."""
    try:
        with transaction.atomic():
            return _fire(_claimed(now, _DUE_ALONE, timer.id), now, together=False)[0]
    except (OperationalError, Conflict) as error:
        # A deadlock, a lost connection, somebody at work: nothing the timer can help. It stays due.
        LOG.warning("the timer %s of instance %s has to wait: %s", timer.element, instance_id, error)
        return None
    except (DatabaseError, Refused) as error:
        LOG.exception("the timer %s of instance %s cannot be written", timer.element, instance_id)
        snapshot = read_instances(instance_ids=[instance_id])[instance_id]
        reason, code = (error.said, error.code) if isinstance(error, Refused) else (str(error)[:500], "broken")
        fail_timer(timer=timer, snapshot=snapshot, reason=reason, code=code, now=now)
        return 0


def with_fields(snapshots: Sequence[InstanceSnapshot]) -> list[tuple[InstanceSnapshot, Mapping[str, Value]]]:
    """Each instance with the fields its version looks at; a constant number of statements per version."""
    found: list[tuple[InstanceSnapshot, Mapping[str, Value]]] = []
    by_version: dict[int, list[InstanceSnapshot]] = {}
    for snapshot in snapshots:
        by_version.setdefault(snapshot.version_id, []).append(snapshot)
    for version_id, members in by_version.items():
        needs = runnable_version(version_id).definition.needs
        values: dict[int, dict[str, Any]] = fields_of_deals([member.deal for member in members], needs)
        found += [(member, values[member.deal.id]) for member in members]
    return found
