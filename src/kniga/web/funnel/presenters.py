"""The funnel's figures as its templates show them: addresses, shares of bars, heat of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kniga.insights.funnel.breakdown import BreakdownRow
from kniga.insights.funnel.deals import STAGE_MEASURES, TOTAL_MEASURES, DealBehind, Measure
from kniga.insights.funnel.filters import DIMENSION_TITLES, Basis
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.insights.funnel.names import PipelineChoice
from kniga.insights.funnel.page import FunnelPage
from kniga.insights.funnel.report import Funnel, conversion_of
from kniga.platform.keyset import Page
from kniga.web.funnel.addresses import Asked, Choices, address_value, chips

MEASURE_TITLES: dict[Measure, str | Promise] = {
    Measure.ENTERED: _("Entered"),
    Measure.PASSED: _("Passed on"),
    Measure.BACK: _("Went back"),
    Measure.WON: pgettext_lazy("funnel", "Won"),
    Measure.LOST: pgettext_lazy("funnel", "Lost"),
    Measure.CANCELLED: pgettext_lazy("funnel", "Cancelled"),
    Measure.STILL: _("Still there"),
    Measure.DEALS: _("Deals"),
    Measure.OPEN: _("Open now"),
}
_FAR = 0.2
"""The distance from the whole funnel's conversion at which a cell is coloured fully."""
SORTS: dict[str, Callable[[BreakdownRow], Any]] = {
    "name": lambda row: row.name.casefold(),
    "deals": lambda row: row.totals.deals,
    "won": lambda row: row.totals.won,
    "lost": lambda row: row.totals.lost,
    "open": lambda row: row.totals.open,
    "rate": lambda row: row.totals.win_rate or -1.0,
    "amount": lambda row: row.totals.won_amount,
    "average": lambda row: row.totals.average_won or -1,
    "cycle": lambda row: row.totals.cycle_won or -1.0,
}


@dataclass(frozen=True, slots=True)
class Band:
    """A stage of the drawing: its row, how wide its band begins and ends (shares of one), its addresses."""

    stage_id: int
    name: str
    counts: StageCounts
    conversion: float | None
    from_first: float | None
    open_now: int
    open_amount: Any
    top: float
    bottom: float
    urls: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A stage's conversion in a row of the split; `heat` from -1 (far below the whole) to 1 (far above)."""

    share: float | None
    heat: float
    url: str


@dataclass(frozen=True, slots=True)
class SplitRow:
    """A row of the split with its addresses and its cells."""

    name: str
    totals: Totals
    url: str
    urls: dict[str, str]
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class NumberAsked:
    """Which number's deals are listed."""

    measure: Measure
    stage_id: int | None


def report(
    asked: Asked, page: FunnelPage, choices: Choices, pipelines: list[PipelineChoice], today: date
) -> dict[str, Any]:
    """The context of the report's page."""
    list_url = reverse("funnel:deals")
    bands = list(_bands(asked, page.funnel, list_url))
    return {
        "asked": asked,
        "totals": page.funnel.totals,
        "total_urls": {m.value: asked.address(list_url, measure=m.value, by=None, sort=None) for m in TOTAL_MEASURES},
        "bands": bands,
        "is_empty": not page.funnel.totals.deals and not any(band.counts.entered for band in bands),
        "losses": _losses(asked, page, list_url),
        "by": page.by.value,
        "by_title": DIMENSION_TITLES[page.by],
        "tabs_entries": [
            (name.value, title, asked.address(by=name.value, sort=None), None)
            for name, title in DIMENSION_TITLES.items()
        ],
        "rows": list(_rows(asked, page, list_url)),
        "sort": asked.sort or ("name" if page.by.value == "month" else "-amount"),
        "choices": choices,
        "chips": list(chips(asked, choices)),
        "processes": [(p.key, p.name, asked.address(process=p.key), None) for p in pipelines],
        "periods": [
            (title, asked.address(**{"from": start, "to": end}), (start, end) == _period(asked))
            for title, start, end in periods(today)
        ],
        "bases": [
            (
                basis.value,
                title,
                asked.address(basis=None if basis is Basis.OPENED else basis.value),
                basis is asked.filters.basis,
            )
            for basis, title in ((Basis.OPENED, _("Deals opened in it")), (Basis.EVENTS, _("What happened in it")))
        ],
    }


def periods(today: date) -> Iterator[tuple[str | Promise, str | None, str | None]]:
    """The periods one asks for most: name, first day, last day."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    quarter = month.replace(month=3 * ((month.month - 1) // 3) + 1)
    yield _("Whole time"), None, None
    yield _("This month"), month.isoformat(), today.isoformat()
    yield _("Last month"), before.isoformat(), (month - timedelta(days=1)).isoformat()
    yield _("This quarter"), quarter.isoformat(), today.isoformat()
    yield _("This year"), today.replace(month=1, day=1).isoformat(), today.isoformat()


def number_asked(parameters: QueryDict) -> NumberAsked:
    """The number whose deals the address asks for; one the funnel does not have is a 404."""
    measure, stage = parameters.get("measure", ""), parameters.get("stage", "")
    allowed = STAGE_MEASURES if stage else TOTAL_MEASURES
    if measure not in allowed or (stage and not (stage.isascii() and stage.isdigit() and len(stage) < 19)):
        raise Http404
    return NumberAsked(Measure(measure), int(stage) if stage else None)


def deals(asked: Asked, number: NumberAsked, found: Page[DealBehind], choices: Choices) -> dict[str, Any]:
    """The context of the list behind a number."""
    here = reverse("funnel:deals")
    of_number = {"measure": number.measure.value, "stage": number.stage_id}
    listed = replace(asked, parameters={**asked.parameters, **of_number})
    return {
        "title": MEASURE_TITLES[number.measure],
        "stage": dict(choices["stage"]).get(number.stage_id or 0, ""),
        "has_days": number.stage_id is not None and number.measure is not Measure.OPEN,
        "pipeline": asked.pipeline,
        "rows": found.rows,
        "next_url": listed.address(here, cursor=found.next_cursor) if found.next_cursor else "",
        "chips": list(chips(listed, choices, here)),
        "back_url": asked.address(reverse("funnel:report")),
    }


def _bands(asked: Asked, funnel: Funnel, list_url: str) -> Iterator[Band]:
    widest = max((stage.counts.entered for stage in funnel.stages), default=0) or 1
    for stage in funnel.stages:
        counts = stage.counts
        listed = asked.address(list_url, stage=stage.stage_id)
        urls = {measure.value: f"{listed}&measure={measure.value}" for measure in STAGE_MEASURES}
        top, bottom = counts.entered / widest, min(counts.passed + counts.won, counts.entered) / widest
        yield Band(
            stage.stage_id, stage.name, counts, stage.conversion, stage.from_first,
            stage.open_now, stage.open_amount, top, bottom, urls,
        )  # fmt: skip


def _losses(asked: Asked, page: FunnelPage, list_url: str) -> list[dict[str, Any]]:
    most = max((row.deals for row in page.losses), default=1)
    lost = sum(row.deals for row in page.losses) or 1
    return [
        {
            "name": row.name,
            "deals": row.deals,
            "amount": row.amount,
            "of_all": row.deals / lost,
            "share": row.deals / most,
            "url": asked.address(list_url, measure="lost", reason=row.reason_id),
            "stage": _commonest(row.by_stage, page.funnel),
        }
        for row in page.losses
    ]


def _commonest(by_stage: dict[int, int], funnel: Funnel) -> str:
    stage_id = max(by_stage, key=lambda stage: by_stage[stage], default=0)
    return next((stage.name for stage in funnel.stages if stage.stage_id == stage_id), "")


def _rows(asked: Asked, page: FunnelPage, list_url: str) -> Iterator[SplitRow]:
    for row in _sorted(asked.sort, page.rows):
        here = {page.by.value: address_value(row.value), "sort": None}
        # Encoded once per row: a wide split has hundreds of addresses.
        listed = asked.address(list_url, **here, by=None)
        yield SplitRow(
            row.name,
            row.totals,
            asked.address(**here, by=page.by.value),
            {measure.value: f"{listed}&measure={measure.value}" for measure in TOTAL_MEASURES},
            [
                _cell(
                    row.stages.get(stage.stage_id),
                    stage.conversion,
                    f"{listed}&measure=entered&stage={stage.stage_id}",
                )
                for stage in page.funnel.stages
            ],
        )


def _sorted(sort: str, rows: list[BreakdownRow]) -> list[BreakdownRow]:
    key = SORTS.get(sort.removeprefix("-"))
    return sorted(rows, key=key, reverse=sort.startswith("-")) if key else rows


def _cell(counts: StageCounts | None, whole: float | None, url: str) -> Cell:
    share = conversion_of(counts) if counts else None
    if share is None or whole is None:
        return Cell(share, 0.0, url)
    return Cell(share, max(-1.0, min(1.0, (share - whole) / _FAR)), url)


def _period(asked: Asked) -> tuple[str | None, str | None]:
    start, end = asked.filters.start, asked.filters.end
    return start.isoformat() if start else None, end.isoformat() if end else None
