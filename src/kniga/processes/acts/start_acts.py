"""Starting a process for many deals as an act: each deal tried, started and, where nothing has followed, taken back."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from kniga.deals.models import Deal, StageVisit
from kniga.engine import NEW_STATE, Cancel, Rejection, Start, advance
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
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
from kniga.processes.running.effects import local_moment
from kniga.processes.running.reading import fields_for
from kniga.processes.running.starting import deal_facts
from kniga.processes.running.stepping import Wanted, act_on_instance
from kniga.processes.services import start_process
from kniga.processes.versions.definitions import runnable_version

LOG = logging.getLogger(__name__)
_IDLE: Final = """
INSERT INTO processes_bulkactrow (act_id, deal_id, status)
SELECT %s, d.id, 'untried' FROM deals_deal d LEFT JOIN people_user o ON o.id = d.owner_id {where}
AND NOT EXISTS (SELECT FROM processes_instance i
                WHERE i.deal_id = d.id AND i.parent_id IS NULL AND i.status IN ('running', 'suspended'))
ORDER BY d.id LIMIT {limit}
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
    for row in rows:
        assert row.deal_id is not None, "a start is for a deal"
        row.status, row.why = ActRowStatus.CANNOT, {"code": "already_running"}
        facts = None if row.deal_id in busy else deal_facts(row.deal_id, visible_to=None)
        if facts is None:
            continue
        command = Start(act.element or None, fields=fields_for(facts, version.definition.needs))
        result = advance(version.definition, NEW_STATE, command, now=local_moment(facts, now))
        if isinstance(result, Rejection):
            row.why = {"code": result.code, "params": dict(result.params), "text": result.message}
        else:
            row.status, row.why = ActRowStatus.FITS, None


def carry_out_starts(act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime) -> None:
    """Start the process for the deals of these rows, each in a transaction of its own."""
    for row in rows:
        why = _tried(lambda row=row: _start(act, row.pk, by, now), row)
        if why is not None:
            _refuse(row, ActRowStatus.FITS, ActRowStatus.REFUSED, why)


def undo_starts(act: BulkAct, rows: Sequence[BulkActRow], by: User | None, now: datetime) -> None:
    """Stop what the act has started where nothing has followed, and give the deals their stages back; the others are
    kept, and their rows say why."""
    for row in rows:
        why = _tried(lambda row=row: _stop(act, row.pk, by, now), row)
        if why is not None:
            _refuse(row, ActRowStatus.DONE, ActRowStatus.KEPT, why)


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
