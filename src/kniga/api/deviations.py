"""Deviations: what the control points of the book found, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Id, Limit, Short
from kniga.platform import clock
from kniga.processes.control import deviation_acts
from kniga.processes.control.deviation_queries import DeviationFilter, DeviationRow, deviations_page

router = Router(tags=["deviations"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")


class DeviationQuery(Schema):
    """Which deviations are listed; without a state all that are not closed. `point` is a control point's name; `order`
    age lists first what has stood longest."""

    state: Literal["open", "acknowledged", "closed", ""] = ""
    owner_id: Id | None = None
    team_id: Id | None = None
    deal_id: Id | None = None
    process: Short = ""
    point: Short = ""
    stage_id: Id | None = None
    order: Literal["age", ""] = ""


class WordBody(Given):
    """What the person says about it."""

    word: Annotated[str, Field(max_length=deviation_acts.LONGEST_WORD)] = ""


class ManyBody(WordBody):
    """Which deviations, and what the person says about them."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=deviation_acts.MOST_AT_ONCE)]


@dataclass(frozen=True, slots=True)
class TakenUp:
    """How many were taken up, and how many were left: not open, or of deals you do not see."""

    taken: int
    left: int


@router.get("/deviations", auth=READ, response={200: Listed[DeviationRow]}, summary="List deviations")
def list_deviations(
    request: ApiRequest, wanted: Query[DeviationQuery], limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """Deviations of the deals you see, those with the most money at risk first; closed ones the last closed first."""
    chosen = DeviationFilter(
        state=wanted.state, person_id=wanted.owner_id, team_id=wanted.team_id, deal_id=wanted.deal_id,
        process=wanted.process, point=wanted.point, stage_id=wanted.stage_id, order=wanted.order,
    )  # fmt: skip
    return page_answer(
        request, deviations_page(user=request.auth.user, wanted=chosen, cursor=opened(cursor), limit=limit)
    )


@router.post("/deviations/acknowledge", auth=WRITE, response={200: TakenUp}, summary="Take many deviations up")
@idempotent
def acknowledge_many(request: ApiRequest, body: ManyBody) -> HttpResponse:
    """Say that somebody sees to them. Those that are taken up or closed already are left as they are."""
    user, ids = request.auth.user, set(body.ids)
    taken = deviation_acts.acknowledge_many(deviation_ids=ids, word=body.word, by=user, now=clock.now())
    return answer(TakenUp(taken, len(ids) - taken))


@router.post(
    "/deviations/{int:deviation_id}/acknowledge", auth=WRITE, response={204: None}, summary="Take a deviation up"
)
@idempotent
def acknowledge(request: ApiRequest, deviation_id: int, body: WordBody) -> HttpResponse:
    """Say that somebody sees to it: it escalates no further."""
    user = request.auth.user
    deviation_acts.acknowledge(deviation_id=deviation_id, word=body.word, by=user, now=clock.now())
    return HttpResponse(status=204)


@router.post("/deviations/{int:deviation_id}/close", auth=WRITE, response={204: None}, summary="Close a deviation")
@idempotent
def close(request: ApiRequest, deviation_id: int, body: WordBody) -> HttpResponse:
    """Close it by hand; `word` says why."""
    deviation_acts.close(deviation_id=deviation_id, word=body.word, by=request.auth.user, now=clock.now())
    return HttpResponse(status=204)
