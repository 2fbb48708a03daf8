"""Acts on many running instances, prepared: what is to be done to which, and what would become of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.processes.acts.act_queries import visible_acts
from kniga.processes.acts.act_steps import verdicts
from kniga.processes.acts.mapping import fits_at, propose_mapping
from kniga.processes.acts.scopes import SOURCES, Scope
from kniga.processes.acts.splitting import SplitAsked, read_split
from kniga.processes.acts.start_acts import add_idle_deals, try_starts
from kniga.processes.control.foretelling import foretell
from kniga.processes.models import (
    ActKind,
    ActRowStatus,
    ActStatus,
    BulkAct,
    BulkActRow,
    Process,
    ProcessVersion,
    VersionStatus,
)
from kniga.processes.running.reading import InstanceSnapshot, read_instances
from kniga.processes.versions.definitions import runnable_version

MOST_INSTANCES: Final = 100_000
AT_ONCE: Final = 500
RIGHTS: Final[Mapping[str, Act]] = {
    ActKind.MOVE: Act.EDIT_BOOK,
    ActKind.CANCEL: Act.STEER,
    ActKind.SUSPEND: Act.STEER,
    ActKind.RESUME: Act.STEER,
    ActKind.SEND: Act.STEER,
    ActKind.START: Act.STEER,
}
"""Moving deals changes what the book says of them: an act of the head; the others a lead may do to a team's deals."""


@transaction.atomic
def plan_move(
    *, scope: Scope, target: int, reason: str = "", mapping: Mapping[str, str | None] | None = None, by: User | None,
    now: datetime,
) -> BulkAct:  # fmt: skip
    """Prepare to move the instances of `scope` (its version must be named) to the version `target`.

    `mapping`: {element: element of the target}; what it does not say is taken from the last move between the two
    versions, with the conditions that told deals apart there, else proposed by likeness (None where a person has to
    choose). Every instance is tried, many of them by
    a worker (the act is `preparing` until then); nothing is moved.
    Raises NotVisible, Refused `not_allowed`, `not_published` (the target), `same_version`, `bad_mapping`,
    `unknown_element`, `nothing_to_do`, `too_many`."""
    _require(by, ActKind.MOVE)
    process = _process(scope.process)
    version, new = _version(process, scope.version), _version(process, target)
    if version.pk == new.pk:
        raise Refused("same_version", _("Choose two different versions."), field="target")
    if new.status != VersionStatus.PUBLISHED:
        raise Refused("not_published", _("Deals can be moved to the published version only."), field="target")
    act = BulkAct.objects.create(
        kind=ActKind.MOVE, process=process, version=version, target=new, scope=scope.stored(), reason=reason,
        mapping=_first_mapping(version, new), splits=_last_move(version, new)[1], created_at=now, created_by=by,
    )  # fmt: skip
    if mapping:
        act.mapping = act.mapping | _valid(act, mapping)
        act.splits = {element: split for element, split in act.splits.items() if element not in mapping}
    return _with_rows(act, scope, by, now)


@transaction.atomic
def change_move(
    *, act_id: int, mapping: Mapping[str, str | None], choices: Mapping[int, Mapping[str, str]] | None = None,
    splits: Mapping[str, SplitAsked] | None = None, reason: str | None = None, by: User | None, now: datetime,
) -> BulkAct:  # fmt: skip
    """Edit the mapping of a prepared move and try what that changes anew. `choices`: {row id: {element: target}} for
    single instances; `splits`: by element, where those that meet a condition go instead. Raises NotVisible, Conflict
    `act_moved_on`, `act_in_preparation`, Refused `bad_mapping`, `unknown_element`, `bad_split`, `number_invalid`,
    `not_a_move`."""
    act = planned_act(act_id, by)
    _require(by, act.kind)
    if act.kind != ActKind.MOVE:
        raise Refused("not_a_move", _("Only a move to another version has a mapping."))
    decided = act.mapping | _valid(act, mapping)
    told_apart = _valid_splits(act, splits or {})
    changed = []
    for row in act.rows.filter(pk__in=choices or ()):
        chosen = {key: value for key, value in _valid(act, (choices or {})[row.pk]).items() if value} or None
        if chosen != row.choices:
            row.choices = chosen
            changed.append(row)
    BulkActRow.objects.bulk_update(changed, ["choices"])
    is_other = (decided, told_apart) != (act.mapping, act.splits)
    anew = act.rows.all() if is_other else act.rows.filter(pk__in=[row.pk for row in changed])
    act.mapping, act.splits = decided, told_apart
    if reason is not None:
        act.reason = reason
    act.save(update_fields=["mapping", "splits", "reason"])
    number = anew.update(status=ActRowStatus.UNTRIED, why=None)
    return _prepare(act, number, now) if number else act


@transaction.atomic
def plan_act(
    *, kind: str, scope: Scope, reason: str, element: str = "", instance_ids: Sequence[int] | None = None,
    by: User | None, now: datetime,
) -> BulkAct:  # fmt: skip
    """Prepare to stop, pause, resume, or send to `element` the instances of `scope`, of these only `instance_ids` if
    they are given. Every instance is tried, as by `plan_move`; nothing is done.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, `unknown_element`, `nothing_picked` (no ids among
    `instance_ids`), `nothing_to_do`, `too_many`."""
    if kind not in RIGHTS or kind in (ActKind.MOVE, ActKind.START):
        raise Refused("unknown_act", _("Choose what is to be done."), field="kind")
    _require(by, kind)
    process = _process(scope.process)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    if kind == ActKind.SEND and not element:
        raise Refused("unknown_element", _("Choose the step the deals are sent to."), field="element")
    if instance_ids is not None and not instance_ids:
        raise Refused("nothing_picked", _("No deal is ticked: tick some, or take all that meet the choice."))
    scope = replace(scope, is_picked=instance_ids is not None)
    act = BulkAct.objects.create(
        kind=kind, process=process, element=element if kind == ActKind.SEND else "", scope=scope.stored(),
        reason=reason, created_at=now, created_by=by,
    )  # fmt: skip
    return _with_rows(act, scope, by, now, instance_ids)


@transaction.atomic
def plan_start(*, scope: Scope, element: str = "", reason: str, by: User | None, now: datetime) -> BulkAct:
    """Prepare to start the published version of `scope`'s process for the open deals of its funnel that run nothing
    (of the scope only branch, team and owner count), at `element` if one is named. Every deal is tried, as by
    `plan_move`; nothing is started.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, `not_published`, `nothing_to_do`, `too_many`."""
    _require(by, ActKind.START)
    process = _process(scope.process)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    version = process.versions.filter(status=VersionStatus.PUBLISHED).first()
    if version is None:
        raise Refused("not_published", _("There is no published process “%s”.") % process.key)
    scope = Scope(scope.process, branch_id=scope.branch_id, team_id=scope.team_id, owner_id=scope.owner_id)
    act = BulkAct.objects.create(
        kind=ActKind.START, process=process, version=version, element=element, scope=scope.stored(), reason=reason,
        created_at=now, created_by=by,
    )  # fmt: skip
    return _with(act, add_idle_deals(act, scope, by, MOST_INSTANCES + 1), now)


def planned_act(act_id: int, by: User | None, *, or_preparing: bool = False) -> BulkAct:
    """A prepared act, locked. Raises NotVisible, Conflict `act_moved_on` once it is carried out, and
    `act_in_preparation` while a worker tries its instances (unless `or_preparing`)."""
    act = visible_acts(by).select_for_update(of=("self",)).filter(pk=act_id).first()
    if act is None:
        raise NotVisible
    if act.status == ActStatus.PREPARING:
        if or_preparing:
            return act
        raise Conflict("act_in_preparation", _("The deals are still being looked through. Wait until that is done."))
    if act.status != ActStatus.PLANNED:
        raise Conflict("act_moved_on", _("This is no longer being prepared: look at what became of it."))
    return act


def _first_mapping(version: ProcessVersion, target: ProcessVersion) -> dict[str, str | None]:
    old, new = runnable_version(version.pk).definition, runnable_version(target.pk).definition
    proposed = {one.element: one.target for one in propose_mapping(old, new)}
    decided, _splits = _last_move(version, target)
    return {element: decided.get(element) or guess for element, guess in proposed.items()}


def _last_move(version: ProcessVersion, target: ProcessVersion) -> tuple[dict[str, str | None], dict[str, Any]]:
    """What was decided for the last move between two versions: mapping and splits."""
    last = BulkAct.objects.filter(kind=ActKind.MOVE, version=version, target=target).exclude(status=ActStatus.PLANNED)
    return last.order_by("-pk").values_list("mapping", "splits").first() or ({}, {})


def _valid(act: BulkAct, mapping: Mapping[str, str | None]) -> dict[str, str | None]:
    assert act.version_id is not None and act.target_id is not None, "a move goes from a version to a version"
    old, new = runnable_version(act.version_id).definition, runnable_version(act.target_id).definition
    for element, target in mapping.items():
        if element not in old.elements:
            raise Refused("unknown_element", _("The version has no element “%s”.") % element, field=element)
        if target and target not in new.elements:
            raise Refused("unknown_element", _("The new version has no element “%s”.") % target, field=element)
        if target and not fits_at(old.elements[element], new.elements[target]):
            text = _("“%(element)s” cannot become “%(target)s”: it is another kind of element.")
            raise Refused("bad_mapping", text % {"element": element, "target": target}, field=element)
    return {element: target or None for element, target in mapping.items()}


def _valid_splits(act: BulkAct, asked: Mapping[str, SplitAsked]) -> dict[str, Any]:
    """The splits of an act with these changes."""
    if not asked:
        return dict(act.splits)
    assert act.version_id is not None, "a move goes from a version to a version"
    _valid(act, {element: one.to for element, one in asked.items() if one.field and one.to})
    old = runnable_version(act.version_id).definition
    read = {element: read_split(element, one, old) for element, one in asked.items()}
    return {element: split for element, split in {**act.splits, **read}.items() if split}


def _with_rows(
    act: BulkAct, scope: Scope, by: User | None, now: datetime, instance_ids: Sequence[int] | None = None
) -> BulkAct:
    conditions = scope.conditions(user=by, now=now)
    if instance_ids is not None:
        conditions.add("i.id = ANY(%s::bigint[])", list(instance_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO processes_bulkactrow (act_id, instance_id, status) SELECT %s, i.id, 'untried' {SOURCES}"
            f" {conditions.where} ORDER BY i.id LIMIT {MOST_INSTANCES + 1}",
            [act.pk, *conditions.parameters],
        )
        number = cursor.rowcount
    return _with(act, number, now)


def _with(act: BulkAct, number: int, now: datetime) -> BulkAct:
    if not number:
        starts = act.kind == ActKind.START
        text = (
            _("No open deal without a process meets this choice.")
            if starts
            else _("No running deal meets this choice.")
        )
        raise Refused("nothing_to_do", text)
    if number > MOST_INSTANCES:
        raise Refused("too_many", _("These are too many at once. Narrow the choice, for instance to one team."))
    act.save()
    return _prepare(act, number, now)


def _prepare(act: BulkAct, number: int, now: datetime) -> BulkAct:
    """Try so many rows: a few at once, many in a worker."""
    # A cycle by nature: the job of a worker prepares what is planned here.
    from kniga.processes.jobs import carry_out_act

    act.status, act.touched_at = ActStatus.PREPARING, now
    act.save(update_fields=["status", "touched_at"])
    if number > AT_ONCE:
        carry_out_act.defer(act_id=act.pk)
        return act
    prepare_batch(act_id=act.pk, now=now)
    act.status = ActStatus.PLANNED
    return act


@transaction.atomic
def prepare_batch(*, act_id: int, now: datetime) -> None:
    """Try the next instances of an act that is being prepared in the engine, and note on their rows what would become
    of them; with the last of them the act is planned. The act is locked meanwhile: its mapping stays as it is."""
    act = visible_acts(None).select_for_update(of=("self",)).get(pk=act_id)
    if act.status != ActStatus.PREPARING:
        return
    rows = list(act.rows.filter(status=ActRowStatus.UNTRIED).order_by("pk")[:AT_ONCE])
    if act.kind == ActKind.START:
        try_starts(act, rows, now)
        BulkActRow.objects.bulk_update(rows, ["status", "why"])
    else:
        _try(act, rows, now)
    act.touched_at = now
    if not act.rows.filter(status=ActRowStatus.UNTRIED).exists():
        act.status = ActStatus.PLANNED
    act.save(update_fields=["status", "touched_at"])


def _try(act: BulkAct, rows: Sequence[BulkActRow], now: datetime) -> None:
    snapshots = read_instances(instance_ids=[row.instance_id for row in rows if row.instance_id is not None])
    present = [(row, snapshots[row.instance_id]) for row in rows if row.instance_id in snapshots]
    members: list[tuple[InstanceSnapshot, Mapping[str, str] | None]] = [
        (snapshot, row.choices) for row, snapshot in present
    ]
    for row in rows:
        row.status, row.why, row.foretold = ActRowStatus.CANNOT, {"code": "not_running"}, None
    found = list(verdicts(act, members, actor_id=act.created_by_id, now=now))
    moves = [verdict.plan for verdict in found if verdict.plan is not None] if act.kind == ActKind.MOVE else []
    foretold = foretell(moves, now=now)
    for (row, snapshot), verdict in zip(present, found, strict=True):
        row.status, row.why = verdict.status, None if verdict.why is None else dict(verdict.why)
        told = foretold.get(snapshot.instance_id)
        row.foretold = None if told is None else told.stored()
    BulkActRow.objects.bulk_update(rows, ["status", "why", "foretold"])


def _require(by: User | None, kind: str) -> None:
    if by is not None:
        require(by, RIGHTS[kind])


def _process(key: str) -> Process:
    process = Process.objects.filter(key=key).first()
    if process is None:
        raise NotVisible
    return process


def _version(process: Process, number: int | None) -> ProcessVersion:
    version = process.versions.filter(number=number).first() if number is not None else None
    if version is None:
        raise Refused("unknown_version", _("This process has no such version."), field="version")
    return version
