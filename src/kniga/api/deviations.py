"""Deviations: what the control points of the book found, and what is done about it."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, idempotent, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Id, Limit, Short
from kniga.platform import clock
from kniga.processes.control import deviation_acts
from kniga.processes.control.deviation_queries import DeviationFilter, DeviationRow, deviations_page

router = Router(tags=["deviations"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")


class DeviationQuery(Schema):
    """Which deviations are listed; without a state all that are not closed. `point` is a control point's name."""

    state: Literal["open", "acknowledged", "closed", ""] = ""
    owner_id: Id | None = None
    team_id: Id | None = None
    deal_id: Id | None = None
    process: Short = ""
    point: Short = ""


class WordBody(Given):
    """What the person says about it."""

    word: Annotated[str, Field(max_length=deviation_acts.LONGEST_WORD)] = ""


@router.get("/deviations", auth=READ, response={200: Listed[DeviationRow]}, summary="List deviations")
def list_deviations(
    request: ApiRequest, wanted: Query[DeviationQuery], limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """Deviations of the deals you see, those with the most money at risk first; closed ones the last closed first."""
    chosen = DeviationFilter(
        state=wanted.state, person_id=wanted.owner_id, team_id=wanted.team_id, deal_id=wanted.deal_id,
        process=wanted.process, point=wanted.point,
    )  # fmt: skip
    return page_answer(
        request, deviations_page(user=request.auth.user, wanted=chosen, cursor=opened(cursor), limit=limit)
    )


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
