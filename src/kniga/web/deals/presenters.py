"""What the pages of deals show, made of what the queries return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kniga.deals.choices import Choices
from kniga.deals.list_queries import DealRow
from kniga.deals.loss_reasons import reason_name
from kniga.deals.queries import StageStep
from kniga.platform.keyset import Page
from kniga.processes.desk.deal_queries import NextTask
from kniga.web.clients.presenters import address
from kniga.web.deals.addresses import ALL, COLUMNS, SORTED, AskedDeals
from kniga.web.params import without


@dataclass(frozen=True, slots=True)
class DealLine:
    """A row of the list with the next task of its deal; `reason` in the language of the page."""

    deal: DealRow
    next_task: NextTask | None
    reason: str


def statuses() -> list[tuple[str, str]]:
    """Statuses of deals in the language of the page."""
    return [
        ("open", pgettext("deals", "Open")),
        ("won", pgettext("deals", "Won")),
        ("lost", pgettext("deals", "Lost")),
        ("cancelled", pgettext("deals", "Cancelled")),
    ]


def periods() -> list[tuple[str, str]]:
    """Which date a period of the filter bounds."""
    return [("opened", _("by opening")), ("closed", _("by closing")), ("expected", _("by expected date"))]


def deal_list(
    asked: AskedDeals,
    page: Page[DealRow],
    tasks: dict[int, NextTask],
    choices: Choices,
    named: dict[str, str],
) -> dict[str, Any]:
    """The context of deals/list.html. `named`: what the filters `product` and `branch` hold, in words."""
    if page.rows:
        named = {"client": page.rows[0].client, **named}
    # Who sees only their own deals need not read their own name on every line.
    sees_others = len(choices.owners) > 1
    offered = {key: str(label) for key, label in COLUMNS.items() if sees_others or key != "owner"}
    more = {**asked.params, "sort": asked.sort, "cursor": page.next_cursor} if page.next_cursor else None
    lines = [DealLine(row, tasks.get(row.id), reason_name(row.loss_reason_key, row.loss_reason)) for row in page.rows]
    return {
        "lines": lines,
        "more": more,
        "sort": asked.sort,
        "sorted_columns": SORTED,
        "params": asked.params,
        "columns": tuple(key for key in asked.columns if key in offered),
        "all_columns": list(offered.items()),
        "chips": _chips(asked.params, choices, named),
        "is_filtered": bool(without(asked.params, "cols")),
        "choices": choices,
        "statuses": statuses(),
        "periods": periods(),
        "tabs": _tabs(asked.params),
        "all_deals": _list_address({}),
    }


def stage_entries(steps: tuple[StageStep, ...], status: str) -> list[tuple[str, int | None, str]]:
    """The stages as the component `stage_bar` takes them: name, whole days, state."""
    return [(step.name, _days(step.stay), _state(step.state, status)) for step in steps]


def _tabs(params: dict[str, str]) -> list[tuple[str, str, str, None]]:
    rest = without(params, "status")
    entries = [("", _("All")), *statuses()[:3]]
    return [(key, label, _list_address({**rest, **({"status": key} if key else {})}), None) for key, label in entries]


def _list_address(params: dict[str, str]) -> str:
    """The address of the list with these filters; without any it says that all is wanted."""
    return address(reverse("deals:list"), params or {"status": ALL})


def _days(stay: timedelta | None) -> int | None:
    return None if stay is None else stay // timedelta(days=1)


def _state(state: str, status: str) -> str:
    if state == "present":
        return status if status in {"won", "lost"} else "now"
    return "done" if state == "past" else "next"


def _chips(params: dict[str, str], choices: Choices, names: dict[str, str]) -> list[tuple[str, str, str]]:
    named: dict[str, tuple[str, tuple[tuple[int, str], ...]]] = {
        "owner": (_("Owner"), choices.owners),
        "team": (_("Team"), choices.teams),
        "stage": (_("Stage"), choices.stages),
        "region": (_("Region"), choices.regions),
        "source": (_("Source"), choices.sources),
        "reason": (_("Reason of loss"), choices.reasons),
        "client": (_("Client"), ()),
        "product": (_("Product"), ()),
        "branch": (_("Branch"), ()),
        "since": (_("From"), ()),
        "until": (_("Until"), ()),
    }
    chips = []
    for name, value in params.items():
        if name in named:
            label, options = named[name]
            shown = next((text for key, text in options if str(key) == value), names.get(name) or value)
            chips.append((label, shown, _list_address(without(params, name))))
    return chips
