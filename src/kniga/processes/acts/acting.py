"""Acts on many running instances, carried out and undone: batch by batch, each instance whole or not at all.

A move is one transaction per instance; the other acts write a batch in a few round trips. An act can be taken up
again at any moment: what is done is marked in the same transaction, and done twice by nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.waking import wake_workers
from kniga.processes.acts.act_planning import RIGHTS, planned_act, prepare_batch
from kniga.processes.acts.act_queries import act_counts, visible_acts
from kniga.processes.acts.act_steps import SWITCHES, verdicts
from kniga.processes.acts.start_acts import carry_out_starts, undo_starts
from kniga.processes.control.control_points import watch_anew
from kniga.processes.control.deviations import restore_before_move
from kniga.processes.models import ActKind, ActRowStatus, ActStatus, BulkAct, BulkActRow
from kniga.processes.running.deadlines import follow_moved_deadlines
from kniga.processes.running.reading import read_instances
from kniga.processes.running.stepping import ATTEMPTS, Plan

LOG = logging.getLogger(__name__)
BATCH: Final = 200
FORSAKEN_AFTER: Final = timedelta(minutes=2)
"""An act nobody has worked on for this long is taken up by another worker."""

Progress = Callable[[int, int], None]


@transaction.atomic
def begin_act(*, act_id: int, by: User | None, now: datetime) -> BulkAct:
    """Let a prepared act be carried out; instances that need a choice or cannot are left as they are.

    A worker does it (see `jobs`), or the caller by `carry_out`. Raises NotVisible, Conflict (as `planned_act`), Refused
    `not_allowed`, `reason_missing`, `nothing_to_do`."""
    act = planned_act(act_id, by)
    _require(by, act)
    if not act.reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    if not act.rows.filter(status=ActRowStatus.FITS).exists():
        raise Refused("nothing_to_do", _("Nothing fits yet: choose where the deals that need it go."))
    act.status, act.touched_at, act.begun_by = ActStatus.RUNNING, now, by
    act.save(update_fields=["status", "touched_at", "begun_by"])
    return act


@transaction.atomic
def begin_undo(*, act_id: int, reason: str, by: User | None, now: datetime) -> BulkAct:
    """Let an act that was carried out be undone as a whole: each instance that nothing has followed is restored
    exactly, the others are kept, and their rows say why.

    Raises NotVisible, Conflict `act_moved_on`, Refused `not_allowed`, `reason_missing`."""
    act = visible_acts(by).select_for_update(of=("self",)).filter(pk=act_id).first()
    if act is None:
        raise NotVisible
    _require(by, act)
    if act.status != ActStatus.DONE:
        raise Conflict("act_moved_on", _("Only what was carried out, and not undone yet, can be undone."))
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    act.status, act.touched_at, act.undone_by, act.undo_reason = ActStatus.UNDOING, now, by, reason
    act.save(update_fields=["status", "touched_at", "undone_by", "undo_reason"])
    return act


@transaction.atomic
def drop_act(*, act_id: int, by: User | None) -> None:
    """Forget a prepared act. Raises NotVisible, Refused `not_allowed`, Conflict `act_moved_on` once it is carried
    out."""
    act = planned_act(act_id, by, or_preparing=True)
    _require(by, act)
    act.delete()


def carry_out(
    *, act_id: int, clock: Callable[[], datetime], progress: Progress | None = None, batch: int = BATCH
) -> BulkAct:
    """Do what an act waits for that was begun, begun to be undone, or is being prepared, until nothing is left;
    `progress` is told how many are done of how many. Run twice at once, nothing is done twice."""
    while True:
        act = visible_acts(None).get(pk=act_id)
        if act.status == ActStatus.PREPARING:
            prepare_batch(act_id=act_id, now=clock())
            _tell(progress, act, ActRowStatus.UNTRIED)
            continue
        if act.status not in (ActStatus.RUNNING, ActStatus.UNDOING):
            return act
        now = clock()
        waiting = ActRowStatus.FITS if act.status == ActStatus.RUNNING else ActRowStatus.DONE
        rows = list(act.rows.filter(status=waiting).order_by("pk")[:batch])
        BulkAct.objects.filter(pk=act_id).update(touched_at=now)
        is_over = not rows
        rows = _still_seen(act, rows)
        if is_over:
            _end(act, now)
        elif not rows:
            pass  # nobody is left of this batch
        elif act.kind == ActKind.START:
            step = carry_out_starts if act.status == ActStatus.RUNNING else undo_starts
            step(act, rows, _actor(act), now)
        elif act.status == ActStatus.UNDOING:
            _undo(act, rows, now)
        elif act.kind in SWITCHES:
            _switch(act, rows, now)
        else:
            _do(act, rows, now)
        _tell(progress, act, waiting)


def _tell(progress: Progress | None, act: BulkAct, waiting: ActRowStatus) -> None:
    if progress is not None:
        counts = act_counts(act)
        progress(sum(counts.values()) - counts[waiting], sum(counts.values()))


def forsaken_acts(*, now: datetime) -> list[int]:
    """Acts that are being prepared, carried out or undone, and that nobody works on any more."""
    at_work = BulkAct.objects.filter(status__in=(ActStatus.PREPARING, ActStatus.RUNNING, ActStatus.UNDOING))
    return list(at_work.filter(touched_at__lt=now - FORSAKEN_AFTER).values_list("pk", flat=True))


def _still_seen(act: BulkAct, rows: Sequence[BulkActRow]) -> list[BulkActRow]:
    """The rows whose deals the person who acts sees now: a deal may have gone to somebody else since. The others are
    left as they are and say so."""
    is_undo = act.status == ActStatus.UNDOING
    by = _actor(act)
    owners = None if by is None else visible_owner_ids(by, Entity.DEAL)
    if owners is None:
        return list(rows)
    whose = "deal__owner__in" if act.kind == ActKind.START else "instance__deal__owner__in"
    found = BulkActRow.objects.filter(pk__in=[row.pk for row in rows], **{whose: owners})
    seen = set(found.values_list("pk", flat=True))
    gone = [row for row in rows if row.pk not in seen]
    was, becomes = (ActRowStatus.DONE, ActRowStatus.KEPT) if is_undo else (ActRowStatus.FITS, ActRowStatus.REFUSED)
    _note(gone, [{"code": "not_seen"}] * len(gone), was=was, becomes=becomes)
    return [row for row in rows if row.pk in seen]


def _actor(act: BulkAct) -> User | None:
    """Who carries it out, or undoes it."""
    return act.undone_by if act.status == ActStatus.UNDOING else act.begun_by or act.created_by


def _actor_id(act: BulkAct) -> int | None:
    """Who carries it out: who let it be done, else who prepared it."""
    return act.begun_by_id or act.created_by_id


def _do(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> None:
    """Carry out the act at these rows; one that somebody else moves at this moment is tried again."""
    for _attempt in range(ATTEMPTS):
        late = _try(act, rows, now)
        if not late:
            return
        rows = list(act.rows.filter(pk__in=[row.pk for row in late], status=ActRowStatus.FITS))
    _note(rows, [{"code": "busy"}] * len(rows))


def _try(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> list[BulkActRow]:
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows if row.instance_id is not None])
    present = [(row, snapshots[row.instance_id]) for row in rows if row.instance_id in snapshots]
    members = [(snapshot, row.choices) for row, snapshot in present]
    seen = [row for row, _snapshot in present]
    found = list(zip(seen, verdicts(act, members, actor_id=_actor_id(act), now=now), strict=True))
    refused = [(row, verdict) for row, verdict in found if verdict.plan is None]
    _note([row for row, _verdict in refused], [dict(verdict.why or {}) for _row, verdict in refused])
    planned = [(row, verdict.plan) for row, verdict in found if verdict.plan is not None]
    if act.kind == ActKind.MOVE:
        late = [row for row, plan in planned if not _write_one(act, row, plan, now)]
        _keep_deadlines(rows)  # one may have been moved since its step was computed
        return late
    alone = [(row, plan) for row, plan in planned if plan.has_followers]
    together = [(row, plan) for row, plan in planned if not plan.has_followers]
    late = [row for row, plan in alone if not _write_one(act, row, plan, now)]
    try:
        return late + _write_many(together)
    except DatabaseError:
        # One of them spoils the whole call: each for itself tells which.
        LOG.exception("a batch of the act %s could not be written at once", act.pk)
        return late + [row for row, plan in together if not _write_one(act, row, plan, now)]


def _write_one(act: BulkAct, row: BulkActRow, plan: Plan, now: datetime) -> bool:
    """Write one instance's step with all that follows, in a transaction of its own; False if it came too late, or
    met somebody else at work, and is to be tried again."""
    # A cycle by nature: what follows a step are steps.
    from kniga.processes.running.following import follow

    try:
        with transaction.atomic():
            created = _call("SELECT to_jsonb(processes_bulk_step(%s, %s::jsonb))::text", [row.pk, _json(plan.document)])
            if created is None:
                return False
            if plan.has_followers:
                follow(plan, actor_id=_actor_id(act), now=now)
    except (OperationalError, Conflict) as error:
        LOG.warning("the act %s has to wait at instance %s: %s", act.pk, row.instance_id, error)
        return False
    except (DatabaseError, Refused, NotVisible) as error:
        LOG.exception("the act %s cannot be carried out at instance %s", act.pk, row.instance_id)
        _note([row], [{"code": "broken", "text": str(getattr(error, "message", error))[:500]}])
    return True


def _write_many(planned: Sequence[tuple[BulkActRow, Plan]]) -> list[BulkActRow]:
    """Write steps that nothing follows in one round trip; the rows of those that came too late."""
    if not planned:
        return []
    steps = _json([plan.document for _row, plan in planned])
    with transaction.atomic():
        created = _call(
            "SELECT processes_bulk_steps(%s::bigint[], %s::jsonb)::text", [[row.pk for row, _plan in planned], steps]
        )
    return [row for (row, _plan), ids in zip(planned, created, strict=True) if ids is None]


def _switch(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> None:
    before, after, kind = SWITCHES[act.kind]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT processes_bulk_switch(%s::bigint[], %s, %s, %s, %s, %s, %s)",
            [[row.pk for row in rows], before, after, kind, act.reason, now, _actor_id(act)],
        )


def _undo(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> None:
    # In the order of the instances, as every step locks them; the last done first would matter only within one.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(processes_undo_bulk_step(r.id, %s, %s)) FROM"
            " (SELECT id FROM processes_bulkactrow WHERE id = ANY(%s::bigint[]) ORDER BY instance_id) r",
            [now, act.undone_by_id, [row.pk for row in rows]],
        )
        if act.kind not in SWITCHES:
            # Steps are open again whose control points nobody watches any more.
            watch_anew([row.instance_id for row in rows if row.instance_id is not None], now=now)
            wake_workers()
        if act.kind == ActKind.MOVE:
            _keep_deadlines(rows)
            back = act.rows.filter(pk__in=[row.pk for row in rows], status=ActRowStatus.UNDONE)
            moved_at = {row.instance_id: row.acted_at for row in back if row.instance_id and row.acted_at}
            restore_before_move(moved_at, now=now)


def _keep_deadlines(rows: Sequence[BulkActRow]) -> None:
    with transaction.atomic():
        follow_moved_deadlines([row.instance_id for row in rows if row.instance_id is not None])


def _end(act: BulkAct, now: datetime) -> None:
    counts = act_counts(act)
    is_undo = act.status == ActStatus.UNDOING
    with transaction.atomic():
        ended = BulkAct.objects.filter(pk=act.pk, status=act.status)
        changed = (
            ended.update(status=ActStatus.UNDONE, undone_at=now)
            if is_undo
            else ended.update(status=ActStatus.DONE, done_at=now)
        )
        if changed:
            kind = "processes.act.taken_back" if is_undo else "processes.act.carried_out"
            payload: dict[str, Any] = {
                "act": act.pk, "kind": act.kind, "process": act.process.key, "scope": act.scope,
                "reason": act.undo_reason if is_undo else act.reason,
                "counts": {key: number for key, number in counts.items() if number},
            }  # fmt: skip
            if act.version is not None and act.target is not None:
                payload |= {"from": act.version.number, "to": act.target.number}
            by = act.undone_by_id if is_undo else _actor_id(act)
            record([LedgerEvent(kind, now, actor_id=by, payload=payload)])


def _note(
    rows: Sequence[BulkActRow], reasons: Sequence[Mapping[str, Any]], *, was: ActRowStatus = ActRowStatus.FITS,
    becomes: ActRowStatus = ActRowStatus.REFUSED,
) -> None:  # fmt: skip
    for row, why in zip(rows, reasons, strict=True):
        row.status, row.why = becomes, dict(why)
    if rows:
        # Only as long as nobody else has done them: then they are no longer as this worker saw them.
        BulkActRow.objects.filter(status=was).bulk_update(list(rows), ["status", "why"])


def _require(by: User | None, act: BulkAct) -> None:
    if by is not None:
        require(by, RIGHTS[act.kind])


def _call(sql: str, parameters: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        text = cursor.fetchone()[0]
    return None if text is None else msgspec.json.decode(text)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
