"""The board: open deals by stage, columns that load as one scrolls."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from kniga.people.permissions import Act, may
from kniga.people.queries import visible_teams, visible_users
from kniga.platform import clock
from kniga.platform.errors import NotVisible
from kniga.processes.desk.board_queries import BoardPipeline, board_for, board_pipelines, column_cards
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.deals.board_address import BoardAddress
from kniga.web.desk.desk_address import day_around
from kniga.web.pages import render_page

TEMPLATE = "deals/board.html"


@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """The whole board of one pipeline."""
    address, pipelines = BoardAddress.read(request.GET), board_pipelines(user=request.user)
    chosen = _chosen(pipelines, address.pipeline)
    day = day_around(clock.now())
    context: dict[str, Any] = {"address": address, "pipelines": pipelines, "pipeline": chosen, "now": day.now}
    if chosen is not None:
        context["board"] = board_for(user=request.user, pipeline_id=chosen.id, day=day, wanted=address.wanted())
    if may(request.user, Act.REASSIGN):
        context["people"] = visible_users(user=request.user)
        context["teams"] = visible_teams(user=request.user)
    return render_page(request, TEMPLATE, context, fragments={"board": "board"})


@signed_in
def column(request: SignedInRequest, stage_id: int) -> HttpResponse:
    """The next cards of one column."""
    address = BoardAddress.read(request.GET)
    chosen = _chosen(board_pipelines(user=request.user), address.pipeline)
    if chosen is None:
        raise NotVisible
    page = column_cards(
        user=request.user,
        pipeline_id=chosen.id,
        stage_id=stage_id,
        day=day_around(clock.now()),
        wanted=address.wanted(),
        cursor=request.GET.get("after", ""),
    )
    context = {"address": address, "page": page, "stage_id": stage_id, "now": clock.now()}
    return render_page(request, "deals/board_cards.html", context)


def _chosen(pipelines: tuple[BoardPipeline, ...], wanted: int | None) -> BoardPipeline | None:
    """The pipeline asked for, else the first."""
    return next((one for one in pipelines if one.id == wanted), pipelines[0] if pipelines else None)
