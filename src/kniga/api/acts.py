"""Acts on many running deals at once: prepared as a dry run, carried out by workers, undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Id, Limit, Short
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import clock
from kniga.processes.acts.act_planning import change_move, plan_act, plan_move, plan_start
from kniga.processes.acts.act_queries import (
    ActRow,
    ForetoldDeviations,
    act_counts,
    act_rows,
    acts_of_process,
    foretold_of,
    get_visible_act,
)
from kniga.processes.acts.acting import drop_act
from kniga.processes.acts.scopes import Scope
from kniga.processes.acts.splitting import NO_SPLIT, SplitAsked
from kniga.processes.jobs import queue_act, queue_undo

if TYPE_CHECKING:
    from kniga.processes.models import BulkAct

router = Router(tags=["processes"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")

Key = Annotated[str, Field(min_length=1, max_length=100)]
Number = Annotated[int, Field(ge=1, le=1_000_000)]
RowStatus = Literal["untried", "fits", "choice", "cannot", "done", "refused", "undone", "kept", ""]


class ActBody(Given):
    """An act to prepare. Which deals: those of `process`, narrowed by `version`, `at` (the step they stand on),
    `branch_id`, `team_id`, `owner_id`, `status`, `overdue` or `instance_ids`. `to`: the step they are sent to or
    started at; `target`: the version they are moved to (`version` must be named then); `mapping`: its elements that
    become others, null where somebody has to choose."""

    kind: Literal["move", "cancel", "suspend", "resume", "send", "start"]
    process: Key
    reason: Short = ""
    version: Number | None = None
    at: Annotated[str, Field(max_length=100)] = ""
    branch_id: Id | None = None
    team_id: Id | None = None
    owner_id: Id | None = None
    status: Literal["running", "suspended", ""] = ""
    overdue: bool = False
    instance_ids: Annotated[list[Id], Field(max_length=10_000)] | None = None
    to: Annotated[str, Field(max_length=100)] = ""
    target: Number | None = None
    mapping: dict[str, str | None] = {}


class SplitBody(Given):
    """Of the deals on an element those whose `field` compares so with `value` go `to` there; the others follow the
    mapping."""

    field: Annotated[str, Field(min_length=1, max_length=100)]
    op: Annotated[str, Field(min_length=1, max_length=20)]
    value: Annotated[str, Field(max_length=200)] = ""
    to: Annotated[str, Field(min_length=1, max_length=100)]


class MappingBody(Given):
    """What the elements of a move become, for single rows of it, and which are told apart by a condition (`splits`;
    null takes one away)."""

    mapping: dict[str, str | None] = {}
    choices: dict[Id, dict[str, str]] = {}
    splits: dict[str, SplitBody | None] = {}


class UndoBody(Given):
    """Why it is taken back: it goes into the ledger."""

    reason: Short


class ActsQuery(Schema):
    """Whose acts are listed."""

    process: Key


class RowsQuery(Schema):
    """Which rows are listed."""

    status: RowStatus = ""


@dataclass(frozen=True, slots=True)
class ActSummary:
    """An act: `status` preparing (deals are tried), planned (nothing is done yet), running, done, undoing or undone;
    `counts` are its deals by what would become or became of each (see its rows). `splits`: the elements whose deals
    are told apart by a condition (`when`) and where those go that meet it (`to`). `deviations`: of which
    control points a move would raise or close deviations, and at how many deals."""

    id: int
    kind: str
    status: str
    process: str
    version: int | None
    target: int | None
    to: str
    reason: str
    mapping: Mapping[str, str | None]
    splits: Mapping[str, Any]
    counts: Mapping[str, int]
    deviations: tuple[ForetoldDeviations, ...]
    created_at: datetime
    created_by: str | None
    done_at: datetime | None
    undone_at: datetime | None


@router.get("/acts", auth=READ, response={200: list[ActSummary]}, summary="List acts on many deals")
def list_acts(request: ApiRequest, wanted: Query[ActsQuery]) -> HttpResponse:
    """The last twenty acts on a process's deals that you may see, the newest first."""
    user = request.auth.user
    require(user, Act.STEER)
    return answer([_summary(act) for act in acts_of_process(user=user, process_key=wanted.process)])


@router.post("/acts", auth=WRITE, response={202: ActSummary}, summary="Prepare an act on many deals")
@idempotent
def prepare_act(request: ApiRequest, body: ActBody) -> HttpResponse:
    """A dry run: every deal is tried, nothing is done. Many are tried by a worker: read the act until it is planned."""
    user, now = request.auth.user, clock.now()
    scope = Scope(
        body.process, body.version, body.at, body.branch_id, body.team_id, body.owner_id, body.status, body.overdue
    )
    if body.kind == "move":
        act = plan_move(
            scope=scope, target=body.target or 0, reason=body.reason, mapping=body.mapping, by=user, now=now
        )  # fmt: skip
    elif body.kind == "start":
        act = plan_start(scope=scope, element=body.to, reason=body.reason, by=user, now=now)
    else:
        act = plan_act(
            kind=body.kind, scope=scope, reason=body.reason, element=body.to, instance_ids=body.instance_ids, by=user,
            now=now,
        )  # fmt: skip
    return _answer(request, act.pk, status=202)


@router.get("/acts/{int:act_id}", auth=READ, response={200: ActSummary}, summary="Read an act")
def get_act(request: ApiRequest, act_id: int) -> HttpResponse:
    """What an act does, and how far it is."""
    require(request.auth.user, Act.STEER)
    return _answer(request, act_id)


@router.get("/acts/{int:act_id}/rows", auth=READ, response={200: Listed[ActRow]}, summary="List an act's deals")
def list_rows(
    request: ApiRequest, act_id: int, wanted: Query[RowsQuery], limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """What would become or became of each deal: `why` says what speaks against it, by a stable code."""
    user = request.auth.user
    require(user, Act.STEER)
    act = get_visible_act(user=user, act_id=act_id)
    page = act_rows(user=user, act=act, status=wanted.status, cursor=opened(cursor), limit=limit)
    return page_answer(request, page)


@router.put("/acts/{int:act_id}/mapping", auth=WRITE, response={200: ActSummary}, summary="Change a move's mapping")
def change_mapping(request: ApiRequest, act_id: int, body: MappingBody) -> HttpResponse:
    """Say what elements become in the other version; the deals that this changes are tried anew."""
    splits = {
        element: SplitAsked(one.field, one.op, one.value, one.to) if one else NO_SPLIT
        for element, one in body.splits.items()
    }
    change_move(
        act_id=act_id, mapping=body.mapping, choices=body.choices, splits=splits, by=request.auth.user,
        now=clock.now(),
    )  # fmt: skip
    return _answer(request, act_id)


@router.post("/acts/{int:act_id}/carry-out", auth=WRITE, response={202: ActSummary}, summary="Carry out an act")
@idempotent
def carry_out_act(request: ApiRequest, act_id: int) -> HttpResponse:
    """Let workers do it to the deals that fit; the others are left as they are."""
    queue_act(act_id=act_id, by=request.auth.user, now=clock.now())
    return _answer(request, act_id, status=202)


@router.post("/acts/{int:act_id}/undo", auth=WRITE, response={202: ActSummary}, summary="Undo an act")
@idempotent
def undo_act(request: ApiRequest, act_id: int, body: UndoBody) -> HttpResponse:
    """Let workers take it back as a whole; deals that something has followed are kept, and their rows say why."""
    queue_undo(act_id=act_id, reason=body.reason, by=request.auth.user, now=clock.now())
    return _answer(request, act_id, status=202)


@router.delete("/acts/{int:act_id}", auth=WRITE, response={204: None}, summary="Drop a prepared act")
def drop(request: ApiRequest, act_id: int) -> HttpResponse:
    """Forget an act that was not carried out."""
    drop_act(act_id=act_id, by=request.auth.user)
    return HttpResponse(status=204)


def _answer(request: ApiRequest, act_id: int, *, status: int = 200) -> HttpResponse:
    return answer(_summary(get_visible_act(user=request.auth.user, act_id=act_id)), status=status)


def _summary(act: BulkAct) -> ActSummary:
    return ActSummary(
        id=act.pk, kind=act.kind, status=act.status, process=act.process.key,
        version=act.version.number if act.version else None, target=act.target.number if act.target else None,
        to=act.element, reason=act.reason, mapping=act.mapping, splits=act.splits, counts=act_counts(act),
        deviations=foretold_of(act),
        created_at=act.created_at, created_by=act.created_by.name if act.created_by else None, done_at=act.done_at,
        undone_at=act.undone_at,
    )  # fmt: skip
