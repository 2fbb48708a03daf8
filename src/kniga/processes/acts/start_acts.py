"""Starting a process for many deals as an act: each deal tried, started and, where nothing has followed, taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from kniga.deals.models import Deal, StageVisit
from kniga.engine import NEW_STATE, Cancel, Rejection, Start, advance
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.sqlparts import Conditions
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import (
    ActRowStatus,
    BulkAct,
    BulkActRow,
    Instance,
    ProcessVersion,
    VersionStatus,
    Work,
)
from kniga.processes.running.applying import apply_steps
from kniga.processes.running.bulk import start_each_path
from kniga.processes.running.effects import local_moment
from kniga.processes.running.reading import fields_of_deals, read_instances
from kniga.processes.running.starting import facts_of_deals
from kniga.processes.running.stepping import Plan, Wanted, act_on_instance, plan_step
from kniga.processes.services import start_process
from kniga.processes.versions.definitions import RunnableVersion, runnable_version

LOG = logging.getLogger(__name__)
_IDLE: Final = """
INSERT INTO processes_bulkactrow (act_id, deal_id, status)
SELECT %s, d.id, 'untried' FROM deals_deal d LEFT JOIN people_user o ON o.id = d.owner_id {where}
AND NOT EXISTS (SELECT FROM processes_instance i
                WHERE i.deal_id = d.id AND i.parent_id IS NULL AND i.status IN ('running', 'suspended'))
ORDER BY d.id LIMIT {limit}
"""

# How each deal stands before, for `_LEAVE`, `_OPEN_AGAIN` and `_STAND_AGAIN`.
_REMEMBER: Final = """
UPDATE processes_bulkactrow r SET before = jsonb_build_object(
    'stage', d.stage_id, 'since', d.stage_since,
    'visit', (SELECT jsonb_build_array(v.id, v.amount::text) FROM deals_stagevisit v
              WHERE v.deal_id = d.id AND v.left_at IS NULL),
    'last_visit', coalesce((SELECT max(v.id) FROM deals_stagevisit v WHERE v.deal_id = d.id), 0))
FROM deals_deal d WHERE d.id = r.deal_id AND r.id = ANY(%s::bigint[])
"""
_STARTED: Final = """
UPDATE processes_bulkactrow r SET status = 'done', why = NULL, acted_at = %s, instance_id = i.id, revision = i.revision
FROM unnest(%s::bigint[], %s::bigint[]) AS s (deal_id, instance_id) JOIN processes_instance i ON i.id = s.instance_id
WHERE r.deal_id = s.deal_id AND r.id = ANY(%s::bigint[])
"""
_LEAVE: Final = """
WITH gone AS (
    DELETE FROM deals_stagevisit v USING processes_bulkactrow r
    WHERE r.id = ANY(%s::bigint[]) AND v.deal_id = r.deal_id AND v.id > (r.before ->> 'last_visit')::bigint
    RETURNING r.id
) SELECT DISTINCT id FROM gone
"""
_OPEN_AGAIN: Final = """
UPDATE deals_stagevisit v SET left_at = NULL, exit = NULL, amount = (r.before -> 'visit' ->> 1)::numeric
FROM processes_bulkactrow r
WHERE r.id = ANY(%s::bigint[]) AND v.id = (r.before -> 'visit' ->> 0)::bigint AND v.left_at IS NOT NULL
"""
_STAND_AGAIN: Final = """
UPDATE deals_deal d SET stage_id = (r.before ->> 'stage')::bigint, stage_since = (r.before ->> 'since')::timestamptz,
       updated_at = %s, revision = d.revision + 1
FROM processes_bulkactrow r WHERE r.id = ANY(%s::bigint[]) AND d.id = r.deal_id
"""


def add_idle_deals(act: BulkAct, scope: Scope, by: User | None, limit: int) -> int:
    """Rows for the open deals of the process's funnel for which nothing runs, of a branch, team or person if the
    scope says so, as far as `by` sees them; how many."""
    conditions = Conditions()
    conditions.add("d.status = 'open'")
    conditions.add("d.pipeline_id = %s", act.process.pipeline_id)
    for column, value in (
        ("o.branch_id", scope.branch_id),
        ("o.team_id", scope.team_id),
        ("d.owner_id", scope.owner_id),
    ):
        if value is not None:
            conditions.add(f"{column} = %s", value)
    if by is not None:
        conditions.among("d.owner_id", visible_owner_ids(by, Entity.DEAL))
    with connection.cursor() as cursor:
        cursor.execute(_IDLE.format(where=conditions.where, limit=limit), [act.pk, *conditions.parameters])
        return int(cursor.rowcount)


def try_starts(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> None:
    """Ask the engine what starting would do for the deals of these rows; nothing is saved."""
    assert act.version_id is not None, "a start is of a version"
    version = runnable_version(act.version_id)
    ids = [row.deal_id for row in rows if row.deal_id is not None]
    busy = set(
        Instance.objects.filter(deal__in=ids, parent=None, status__in=("running", "suspended")).values_list(
            "deal_id", flat=True
        )
    )
    found = _verdicts(version, act.element or None, [id for id in ids if id not in busy], now)
    for row in rows:
        row.status, row.why = found.get(row.deal_id or 0, (ActRowStatus.CANNOT, {"code": "already_running"}))


def _verdicts(
    version: RunnableVersion, element: str | None, deal_ids: Sequence[int], now: datetime
) -> dict[int, tuple[str, dict[str, Any] | None]]:
    """Status and reason by deal; the engine runs once for the deals of one time zone whose fields are alike."""
    needs = version.definition.needs
    facts = facts_of_deals(deal_ids)
    fields = fields_of_deals(list(facts.values()), needs)
    verdicts: dict[Any, tuple[str, dict[str, Any] | None]] = {}
    found = {}
    for id, deal in facts.items():
        seen = {key: value for key, value in fields[id].items() if key in needs}
        alike = (deal.time_zone, tuple(sorted(seen.items())))
        if alike not in verdicts:
            result = advance(
                version.definition, NEW_STATE, Start(element, fields=seen), now=local_moment(deal, now)
            )  # fmt: skip
            verdicts[alike] = (ActRowStatus.FITS, None) if not isinstance(result, Rejection) else (
                ActRowStatus.CANNOT, {"code": result.code, "params": dict(result.params), "text": result.message}
            )  # fmt: skip
        found[id] = verdicts[alike]
    return found


def carry_out_starts(act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime) -> None:
    """Start the process for the deals of these rows, in one transaction and a constant number of statements for each
    path they take; what a set cannot start, each in a transaction of its own."""
    for row in _together(_start_together, act, rows, by, now):
        why = _tried(lambda row=row: _start(act, row.pk, by, now), row)
        if why is not None:
            _refuse(row, ActRowStatus.FITS, ActRowStatus.REFUSED, why)


def undo_starts(act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime) -> None:
    """Stop what the act has started where nothing has followed, and give the deals their stages back, in one
    transaction and a constant number of statements; the others are kept, and their rows say why."""
    for row in _together(_stop_together, act, rows, by, now):
        why = _tried(lambda row=row: _stop(act, row.pk, by, now), row)
        if why is not None:
            _refuse(row, ActRowStatus.DONE, ActRowStatus.KEPT, why)


def _together(
    change: Callable[..., Sequence[BulkActRow]], act: BulkAct, rows: Sequence[BulkActRow], by: User | None,
    now: datetime,
) -> Sequence[BulkActRow]:  # fmt: skip
    """The rows that are left to be changed one by one."""
    try:
        with transaction.atomic():
            return change(act, rows, by, now)
    except (Refused, DatabaseError) as error:  # one of them spoils the whole batch: each for itself tells which
        LOG.warning("a batch of the act %s is changed deal by deal: %s", act.pk, error)
        return rows


def _start_together(
    act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime
) -> Sequence[BulkActRow]:  # fmt: skip
    assert act.version_id is not None, "a start is of a version"
    if by is not None:
        require(by, Act.WORK_DEALS)
    waiting = BulkActRow.objects.select_for_update().filter(pk__in=[row.pk for row in rows], status=ActRowStatus.FITS)
    by_deal = {row.deal_id: row for row in waiting.order_by("pk") if row.deal_id is not None}
    ids = [row.pk for row in by_deal.values()]
    locked = Deal.objects.select_for_update().filter(pk__in=by_deal).order_by("pk").values_list("pk", "owner_id")
    owners = None if by is None else visible_owner_ids(by, Entity.DEAL)
    seen = {deal for deal, owner in locked if owners is None or owner in owners}
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [ids])
        found = start_each_path(
            version_id=act.version_id, deal_ids=sorted(seen), element=act.element or None,
            actor_id=None if by is None else by.pk, now=now,
        )  # fmt: skip
        cursor.execute(_STARTED, [now, list(found.begun), list(found.begun.values()), ids])
    for deals, why in found.refused:
        refused = BulkActRow.objects.filter(pk__in=[by_deal[deal].pk for deal in deals])
        refused.update(status=ActRowStatus.REFUSED, why={"code": why.code, "text": why.message})
    # What has gone to somebody `by` does not see is refused where it is started alone.
    return [by_deal[deal] for deal in (*found.alone, *(deal for deal in by_deal if deal not in seen))]


def _stop_together(
    act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime
) -> Sequence[BulkActRow]:  # fmt: skip
    """Stop what can be stopped at once; the rows that were looked at here and are to be looked at each for itself:
    what has gone on, and what another process hangs on."""
    waiting = BulkActRow.objects.filter(pk__in=[row.pk for row in rows], status=ActRowStatus.DONE)
    started = {row.instance_id: row for row in waiting.order_by("pk") if row.instance_id is not None}
    list(Instance.objects.select_for_update().filter(pk__in=started).order_by("pk").values_list("pk"))
    begun = Work.objects.select_for_update().filter(instance__in=started)
    at_work = {work.instance_id for work in begun if work.status != "queued"}
    plans, actor_id = [], None if by is None else by.pk
    owners = None if by is None else visible_owner_ids(by, Entity.DEAL)
    for id, snapshot in sorted(read_instances(instance_ids=list(started), visible_to=owners).items()):
        if snapshot.revision != started[id].revision or snapshot.status != "running" or id in at_work:
            continue
        version, wanted = runnable_version(snapshot.version_id), Wanted(Cancel(act.undo_reason))
        plan = plan_step(snapshot, version, wanted, actor_id=actor_id, now=now)
        if isinstance(plan, Plan) and not plan.has_followers:
            plans.append(plan)
    created = apply_steps([plan.document for plan in plans])
    stopped = [plan.snapshot.instance_id for plan, ids in zip(plans, created, strict=True) if ids is not None]
    done = [started[id].pk for id in stopped]
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, [done])
        back = [row[0] for row in cursor.fetchall()]
        cursor.execute(_OPEN_AGAIN, [back])
        cursor.execute(_STAND_AGAIN, [now, back])
    BulkActRow.objects.filter(pk__in=done).update(status=ActRowStatus.UNDONE, why=None)
    return [row for id, row in started.items() if id not in stopped]


def _tried(change: Any, row: BulkActRow) -> Mapping[str, Any] | None:
    try:
        with transaction.atomic():
            found: Mapping[str, Any] | None = change()
            return found
    except NotVisible:
        return {"code": "not_seen"}
    except (OperationalError, Conflict) as error:
        LOG.warning("the deal of row %s is at work elsewhere: %s", row.pk, error)
        return {"code": "busy"}
    except Refused as refused:
        return {"code": refused.code, "text": refused.message}
    except DatabaseError as error:
        LOG.exception("the act cannot be carried out at row %s", row.pk)
        return {"code": "broken", "text": str(error)[:500]}


def _refuse(row: BulkActRow, was: ActRowStatus, becomes: ActRowStatus, why: Mapping[str, Any]) -> None:
    BulkActRow.objects.filter(pk=row.pk, status=was).update(status=becomes, why=dict(why))


def _start(act: BulkAct, row_id: int, by: User | None, now: datetime) -> Mapping[str, Any] | None:
    row = BulkActRow.objects.select_for_update().filter(pk=row_id, status=ActRowStatus.FITS).first()
    if row is None:  # another worker has been here
        return None
    assert act.version_id is not None, "a start is of a version"
    if not ProcessVersion.objects.filter(pk=act.version_id, status=VersionStatus.PUBLISHED).exists():
        raise Refused("not_published", _("New deals start on the published version only, and this one is not."))
    assert row.deal_id is not None, "a start is for a deal"
    deal = Deal.objects.select_for_update().get(pk=row.deal_id)
    visit = StageVisit.objects.filter(deal=deal, left_at=None).values_list("pk", "amount").first()
    last = StageVisit.objects.filter(deal=deal).order_by("-pk").values_list("pk", flat=True).first()
    row.before = {
        "stage": deal.stage_id, "since": deal.stage_since.isoformat() if deal.stage_since else None,
        "visit": None if visit is None else [visit[0], str(visit[1])], "last_visit": last or 0,
    }  # fmt: skip
    started = start_process(
        deal_id=row.deal_id, process_key=act.process.key, by=by, now=now, element=act.element or None
    )
    row.instance_id = started.instance_id
    row.revision = Instance.objects.values_list("revision", flat=True).get(pk=started.instance_id)
    row.status, row.why, row.acted_at = ActRowStatus.DONE, None, now
    row.save()
    return None


def _stop(act: BulkAct, row_id: int, by: User | None, now: datetime) -> Mapping[str, Any] | None:
    row = BulkActRow.objects.filter(pk=row_id, status=ActRowStatus.DONE).first()
    if row is None:
        return None
    assert row.instance_id is not None and row.before is not None, "what is done has been started"
    instance = Instance.objects.select_for_update().get(pk=row.instance_id)
    if instance.revision != row.revision or instance.status != "running":
        return {"code": "moved_on"}
    # What the machine has begun cannot be unsent; the rows are locked, so that it does not begin just now.
    if [work for work in Work.objects.select_for_update().filter(instance=instance) if work.status != "queued"]:
        return {"code": "work_done"}
    act_on_instance(
        instance_id=instance.pk, by=by, now=now, command_for=lambda _snapshot, _version: Wanted(Cancel(act.undo_reason))
    )
    _give_stage_back(instance.deal_id, row.before, now)
    BulkActRow.objects.filter(pk=row_id).update(status=ActRowStatus.UNDONE, why=None)
    return None


def _give_stage_back(deal_id: int, before: Mapping[str, Any], now: datetime) -> None:
    deal = Deal.objects.select_for_update().get(pk=deal_id)
    if not StageVisit.objects.filter(deal=deal, pk__gt=before["last_visit"]).delete()[0]:
        return
    if before["visit"] is not None:
        id, amount = before["visit"]
        StageVisit.objects.filter(pk=id, left_at__isnull=False).update(left_at=None, exit=None, amount=amount)
    since = None if before["since"] is None else datetime.fromisoformat(before["since"])
    Deal.objects.filter(pk=deal_id).update(
        stage=before["stage"], stage_since=since, updated_at=now, revision=deal.revision + 1
    )
