"""What a bulk act does to one instance: the engine's step, or why there is none. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from kniga.engine import CallActivity, Cancel, GoTo, Migrate, Rejection
from kniga.platform.errors import Refused
from kniga.processes.acts.mapping import whole_mapping
from kniga.processes.acts.splitting import needs_of, split_choices
from kniga.processes.models import ActKind, BulkAct
from kniga.processes.running.reading import InstanceSnapshot, fields_of_deals
from kniga.processes.running.replaying import MOVED
from kniga.processes.running.stepping import Plan, Wanted, plan_step
from kniga.processes.versions.definitions import RunnableVersion, runnable_version
from kniga.rules import Value

SWITCHES: Final[Mapping[str, tuple[str, str, str]]] = {
    ActKind.SUSPEND: ("running", "suspended", "processes.instance.suspended"),
    ActKind.RESUME: ("suspended", "running", "processes.instance.resumed"),
}
"""Pausing and resuming are none of the engine's business: status before, after, the ledger's event."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of an instance: its step, or `status` (choice, cannot) and `why`."""

    status: str
    why: Mapping[str, Any] | None = None
    plan: Plan | None = None


def verdicts(
    act: BulkAct, members: Sequence[tuple[InstanceSnapshot, Mapping[str, str] | None]], *, actor_id: int | None,
    now: datetime,
) -> Iterator[Verdict]:  # fmt: skip
    """The verdict on each instance (given with its own choices), in their order; a statement per batch for the
    fields, besides a row per task that goes to a role or asks for a skill."""
    if act.kind in SWITCHES:
        before = SWITCHES[act.kind][0]
        for snapshot, _choices in members:
            yield Verdict("fits") if snapshot.status == before else Verdict("cannot", {"code": "not_running"})
        return
    fields = _fields(act, [snapshot for snapshot, _choices in members])
    for snapshot, choices in members:
        if snapshot.status not in ("running", "suspended"):
            yield Verdict("cannot", {"code": "not_running"})
        elif act.kind == ActKind.MOVE:
            yield _move(act, snapshot, choices or {}, fields[snapshot.deal.id], actor_id, now)
        else:
            yield _step(act, snapshot, fields[snapshot.deal.id], actor_id, now)


def _step(
    act: BulkAct, snapshot: InstanceSnapshot, fields: Mapping[str, Value], actor_id: int | None, now: datetime
) -> Verdict:
    command = Cancel(act.reason) if act.kind == ActKind.CANCEL else GoTo(act.element, act.reason, fields=fields)
    return _planned(snapshot, runnable_version(snapshot.version_id), Wanted(command), actor_id, now)


def _move(
    act: BulkAct, snapshot: InstanceSnapshot, choices: Mapping[str, str], fields: Mapping[str, Value],
    actor_id: int | None, now: datetime,
) -> Verdict:  # fmt: skip
    assert act.version_id is not None and act.target_id is not None, "a move goes from a version to a version"
    if snapshot.version_id != act.version_id:
        return Verdict("cannot", {"code": "other_version"})
    old, new = runnable_version(act.version_id), runnable_version(act.target_id)
    chosen = {**act.mapping, **split_choices(act.splits, snapshot, fields, now), **choices}
    open_elements = [
        token.element
        for token in snapshot.state.tokens
        if not chosen.get(token.element) and (token.element in chosen or token.element not in new.definition.elements)
    ]
    if open_elements:
        return Verdict("choice", {"code": "no_target", "elements": sorted(set(open_elements))})
    mapping = whole_mapping(old.definition, new.definition, chosen)
    marks = {"version": new.id, "watched": 0 if new.definition.conditionals else None}
    verdict = _planned(
        snapshot, new, Wanted(Migrate(old.definition, mapping, fields), marks), actor_id, now
    )  # fmt: skip
    return verdict if verdict.plan is None else replace(verdict, plan=_moved(act, verdict.plan, old))


def _planned(
    snapshot: InstanceSnapshot, version: RunnableVersion, wanted: Wanted, actor_id: int | None, now: datetime
) -> Verdict:
    try:
        plan = plan_step(snapshot, version, wanted, actor_id=actor_id, now=now)
    except Refused as refused:
        return Verdict("cannot", {"code": refused.code, "text": refused.message})
    if isinstance(plan, Rejection):
        return Verdict("cannot", {"code": plan.code, "params": dict(plan.params), "text": plan.message})
    return Verdict("fits", None, plan)


def _moved(act: BulkAct, plan: Plan, old: RunnableVersion) -> Plan:
    """The step with the event that tells of the version, and with what only the version left had set up."""
    assert act.version is not None and act.target is not None, "a move goes from a version to a version"
    effects, state = plan.effects, plan.snapshot.state
    for token, only in effects.freed:
        held = state.token(token)
        called = held is not None and isinstance(old.definition.elements[held.element], CallActivity)
        if called and only in (None, held.element if held else None) and token not in effects.dropped_calls:
            effects.dropped_calls.append(token)
    told = {
        "act": act.pk, "from": act.version.number, "to": act.target.number, "from_id": act.version.pk,
        "reason": act.reason,
    }  # fmt: skip
    document = {**plan.document, "events": [(MOVED, None, told), *plan.document["events"]]}
    if effects.freed:
        document |= {"unheard": effects.freed, "unworked": effects.freed}
    return msgspec.structs.replace(plan, document=document)


def _fields(act: BulkAct, snapshots: Sequence[InstanceSnapshot]) -> dict[int, dict[str, Value]]:
    needs: frozenset[str] = frozenset()
    versions = {act.target_id} if act.kind == ActKind.MOVE else {snapshot.version_id for snapshot in snapshots}
    for version_id in versions:
        needs |= runnable_version(version_id).definition.needs if version_id else frozenset()
    needs |= needs_of(act.splits)
    return fields_of_deals([snapshot.deal for snapshot in snapshots], needs)
