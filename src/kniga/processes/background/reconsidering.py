"""Conditional events of running processes are looked at again: when deal or client changed, and as the clock goes on.

A condition on days ("expected before today") is looked at when the day begins where the deal is, one on moments every
quarter of an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connection, transaction

from kniga.engine import Reconsider, Rejection
from kniga.platform.errors import Conflict, Refused
from kniga.processes.background.sweeping import with_fields, write_plans
from kniga.processes.models import Instance
from kniga.processes.running.effects import local_moment
from kniga.processes.running.event_incidents import close_met, condition_of, raise_for_condition
from kniga.processes.running.reading import DealFacts, InstanceSnapshot, read_instances
from kniga.processes.running.refusals import refusal_of
from kniga.processes.running.stepping import Plan, Wanted, plan_step
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import Rule, Value, comparisons, fields_of, is_relative

LOG = logging.getLogger(__name__)
BATCH: Final = 200
OFTEN: Final = timedelta(minutes=15)

# What deal and client are like, as one number: their revisions, and what changes without them.
_SEEN: Final = """
d.revision + coalesce(c.revision, 0)
+ CASE WHEN i.version_id = ANY(%(customers)s::bigint[])
            AND EXISTS (SELECT FROM deals_deal w WHERE w.client_id = d.client_id AND w.status = 'won')
       THEN 1000003 ELSE 0 END
+ CASE WHEN i.version_id = ANY(%(contacts)s::bigint[]) THEN coalesce((
      SELECT sum(hashtext(p.id || ':' || p.is_primary || ':' || p.name)::bigint)
      FROM clients_contact p WHERE p.client_id = d.client_id), 0)::bigint ELSE 0 END
"""
_CHANGED: Final = f"""
SELECT i.id, {_SEEN} FROM processes_instance i JOIN deals_deal d ON d.id = i.deal_id
LEFT JOIN clients_client c ON c.id = d.client_id
WHERE i.status = 'running' AND i.watched IS NOT NULL AND (%(only)s::bigint IS NULL OR i.id = %(only)s)
  AND (i.watched <> {_SEEN}
       OR i.version_id = ANY(%(clock)s::bigint[]) AND (i.look_at IS NULL OR i.look_at <= %(now)s))
ORDER BY i.id LIMIT %(batch)s FOR UPDATE OF i SKIP LOCKED
"""
_WATCHING: Final = "SELECT DISTINCT version_id FROM processes_instance WHERE watched IS NOT NULL AND status = 'running'"


@dataclass(frozen=True, slots=True)
class _Watch:
    """What the conditional events of a version look at besides the revisions of deal and client."""

    customers: bool
    contacts: bool
    clock: bool
    is_daily: bool


def reconsider_changed(*, now: datetime, batch: int = BATCH) -> int:
    """Look again at the conditional events of processes whose deal or client was changed, or whose time has come; how
    many were looked at. Those that bring about more than their own step are done one by one, each on its own."""
    alone: list[int] = []
    looked = 0
    try:
        with transaction.atomic():
            changed = _changed(now, batch, None)
            looked, alone = _look(changed, now, together=True)
    except (DatabaseError, Refused) as error:
        LOG.warning("%s processes could not be looked at together: %s", len(changed), error)
        looked, alone = 0, list(changed)
    return looked + sum(_look_alone(id, now) for id in alone)


def _look_alone(instance_id: int, now: datetime) -> int:
    changed: dict[int, int] = {}
    try:
        with transaction.atomic():
            changed = _changed(now, 1, instance_id)
            return _look(changed, now, together=False)[0]
    except (OperationalError, Conflict) as error:
        LOG.warning("the conditions of instance %s have to wait: %s", instance_id, error)
    except (DatabaseError, Refused) as error:
        # Nothing that trying again would cure: they are looked at when something has changed.
        LOG.exception("the conditions of instance %s cannot be looked at", instance_id)
        _leave_to_a_person(changed, error, now)
    return 0


def _leave_to_a_person(changed: Mapping[int, int], error: DatabaseError | Refused, now: datetime) -> None:
    said, code = (error.said, error.code) if isinstance(error, Refused) else (str(error)[:500], "broken")
    with transaction.atomic():
        for snapshot, fields in with_fields(list(read_instances(instance_ids=list(changed)).values())):
            id = snapshot.instance_id
            Instance.objects.filter(pk=id).update(watched=changed[id], look_at=now + OFTEN)
            plan = _plan(snapshot, fields, now)
            came = plan.condition if isinstance(plan, Rejection) else condition_of(plan.step.events)
            raise_for_condition(snapshot=snapshot, condition=came, error=said, code=code, now=now)


def _changed(now: datetime, batch: int, only: int | None) -> dict[int, int]:
    """The instances to look at, locked, with what deal and client are like."""
    with connection.cursor() as cursor:
        cursor.execute(_WATCHING)
        watches = {row[0]: _watch_of(row[0]) for row in cursor.fetchall()}
        if not watches:
            return {}
        parameters: dict[str, Any] = {
            name: [id for id, watch in watches.items() if getattr(watch, name)]
            for name in ("customers", "contacts", "clock")
        }
        cursor.execute(_CHANGED, parameters | {"now": now, "batch": batch, "only": only})
        return dict(cursor.fetchall())


def _look(changed: Mapping[int, int], now: datetime, *, together: bool) -> tuple[int, list[int]]:
    """Look at these; how many were, and which are to be looked at alone."""
    if not changed:
        return 0, []
    plans: list[Plan] = []
    alone: list[int] = []
    looked: list[Instance] = []
    whole: list[int] = []
    for snapshot, fields in with_fields(list(read_instances(instance_ids=list(changed)).values())):
        plan = _plan(snapshot, fields, now)
        if isinstance(plan, Rejection):
            refusal = refusal_of(plan)
            LOG.warning("the conditions of instance %s cannot act: %s", snapshot.instance_id, refusal.message)
            raise_for_condition(
                snapshot=snapshot, condition=plan.condition, error=refusal.said, code=refusal.code, now=now
            )
        elif together and plan.has_followers:
            alone.append(snapshot.instance_id)
            continue
        else:
            whole.append(snapshot.instance_id)
            plans += [plan] if plan.step.events else []
        look_at = _next_look(_watch_of(snapshot.version_id), snapshot.deal, now)
        looked.append(Instance(pk=snapshot.instance_id, watched=changed[snapshot.instance_id], look_at=look_at))
    write_plans(plans, now)
    close_met(instance_ids=whole)
    Instance.objects.bulk_update(looked, ["watched", "look_at"])
    return len(looked), alone


def _plan(snapshot: InstanceSnapshot, fields: Mapping[str, Value], now: datetime) -> Plan | Rejection:
    version = runnable_version(snapshot.version_id)
    return plan_step(snapshot, version, Wanted(Reconsider(fields)), actor_id=None, now=now)


def _next_look(watch: _Watch, deal: DealFacts, now: datetime) -> datetime | None:
    if not watch.clock:
        return None
    if not watch.is_daily:
        return now + OFTEN
    here = local_moment(deal, now)
    return datetime.combine(here.date() + timedelta(days=1), time.min, here.tzinfo)


def _watch_of(version_id: int) -> _Watch:
    definition = runnable_version(version_id).definition
    rules = list(_rules(definition.elements[id] for id in definition.conditionals))
    fields = {field for rule in rules for field in fields_of(rule)}
    moving = [one for rule in rules for one in comparisons(rule) if is_relative(one)]
    is_daily = all(one.type == "date" for one in moving)
    return _Watch("client.is_customer" in fields, "client.contacts" in fields, bool(moving), is_daily)


def _rules(elements: Iterable[object]) -> Iterable[Rule]:
    for element in elements:
        rule: Rule | None = getattr(element, "condition", None)
        if rule is not None:
            yield rule
