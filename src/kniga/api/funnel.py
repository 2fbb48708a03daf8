"""The sales funnel, whole or split by a dimension."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from kniga.api.answers import answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Day, IdOrNone
from kniga.api.problems import Problem
from kniga.insights.funnel.breakdown import breakdown_for
from kniga.insights.funnel.documents import funnel_document
from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.insights.funnel.losses import loss_reasons_for
from kniga.insights.funnel.names import PipelineChoice, pipeline_named, pipelines
from kniga.insights.funnel.report import funnel_for
from kniga.people.permissions import Act
from kniga.people.require import require

router = Router(tags=["funnel"])
READ = Bearer("funnel:read")


class PipelineShape(Schema):
    """The pipeline the funnel is about."""

    key: str
    name: str


class FunnelShape(Schema):
    """The funnel as `kniga funnel --json` prints it (docs/reference/cli.md): amounts are strings, shares fractions."""

    pipeline: PipelineShape
    basis: Basis
    totals: dict[str, Any]
    stages: list[dict[str, Any]]
    losses: list[dict[str, Any]]
    by: Dimension | None = None
    rows: list[dict[str, Any]] | None = None


class FunnelQuery(Schema):
    """What the funnel is about; lists may be given several times. 0 stands for "none"."""

    process: str = ""
    by: Dimension | None = None
    basis: Basis = Basis.OPENED
    start: Day | None = None
    end: Day | None = None
    reps: list[IdOrNone] = []
    managers: list[IdOrNone] = []
    teams: list[IdOrNone] = []
    branches: list[IdOrNone] = []
    products: list[IdOrNone] = []
    regions: list[IdOrNone] = []
    sources: list[IdOrNone] = []


@router.get("/funnel", auth=READ, response={200: FunnelShape}, summary="Read the funnel")
def get_funnel(request: ApiRequest, wanted: Query[FunnelQuery]) -> HttpResponse:
    """How the deals the caller sees pass from stage to stage; `by` splits it."""
    user = request.auth.user
    require(user, Act.SEE_FUNNEL)
    pipeline = _pipeline(wanted.process)
    filters = FunnelFilter(
        pipeline.pipeline_id, wanted.basis, wanted.start, wanted.end, tuple(wanted.reps), tuple(wanted.managers),
        tuple(wanted.teams), tuple(wanted.branches), tuple(wanted.products), tuple(wanted.regions),
        tuple(wanted.sources),
    )  # fmt: skip
    rows = breakdown_for(user=user, filters=filters, by=wanted.by) if wanted.by else None
    found, losses = funnel_for(user=user, filters=filters), loss_reasons_for(user=user, filters=filters)
    return answer(funnel_document(pipeline, found, losses, wanted.by, rows))


def _pipeline(key: str) -> PipelineChoice:
    if key:
        return pipeline_named(key)
    found = pipelines()
    if not found:
        raise Problem(404, "no_process", _("There is no process to show a funnel of yet."))
    return found[0]
