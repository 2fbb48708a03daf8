"""The reference lists other resources point to by id or key."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from ninja import Router

from kniga.api.answers import answer
from kniga.api.door import ApiRequest, Bearer
from kniga.catalog.queries import UnitOption, unit_options
from kniga.clients.reference import EntryOption, industry_options, region_options, source_options
from kniga.deals.loss_reasons import ReasonOption, loss_reason_options
from kniga.deals.queries import StageOption, stage_options

router = Router(tags=["lists"])


@dataclass(frozen=True, slots=True)
class Lists:
    """All reference lists, active entries only."""

    sources: tuple[EntryOption, ...]
    industries: tuple[EntryOption, ...]
    regions: tuple[EntryOption, ...]
    units: tuple[UnitOption, ...]
    stages: tuple[StageOption, ...]
    loss_reasons: tuple[ReasonOption, ...]


@router.get("/lists", auth=Bearer(), response={200: Lists}, summary="Read the reference lists")
def get_lists(request: ApiRequest) -> HttpResponse:
    """Sources, industries, regions, units, stages and loss reasons."""
    return answer(
        Lists(
            source_options(), industry_options(), region_options(), unit_options(), stage_options(),
            loss_reason_options(),
        )
    )  # fmt: skip
