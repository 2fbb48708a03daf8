"""What the pages of clients show, made of what the queries return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.clients.queries import ClientRow
from kniga.deals.choices import Choices
from kniga.deals.queries import NO_DEALS, ClientDeals
from kniga.platform.keyset import Page
from kniga.web.clients.addresses import COLUMNS, AskedClients
from kniga.web.params import without


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A row of the list with the deals of its client."""

    client: ClientRow
    deals: ClientDeals


def kind_choices() -> list[tuple[str, str]]:
    """Kinds of clients in the language of the page."""
    return [("company", _("Company")), ("person", _("Person"))]


def client_list(
    asked: AskedClients, page: Page[ClientRow], totals: dict[int, ClientDeals], choices: Choices
) -> dict[str, Any]:
    """The context of clients/list.html."""
    more = {**asked.params, "sort": asked.sort, "cursor": page.next_cursor} if page.next_cursor else None
    return {
        "lines": [ClientLine(row, totals.get(row.id, NO_DEALS)) for row in page.rows],
        "more": more,
        "sort": asked.sort,
        "params": asked.params,
        "columns": asked.columns,
        "all_columns": [(key, str(label)) for key, label in COLUMNS.items()],
        "chips": _chips(asked.params, choices),
        "is_filtered": bool(without(asked.params, "cols")),
        "choices": choices,
        "kinds": kind_choices(),
    }


def _chips(params: dict[str, str], choices: Choices) -> list[tuple[str, str, str]]:
    named = {
        "owner": (_("Owner"), choices.owners),
        "team": (_("Team"), choices.teams),
        "region": (_("Region"), choices.regions),
        "industry": (_("Industry"), choices.industries),
        "source": (_("Source"), choices.sources),
        "kind": (_("Kind"), tuple(kind_choices())),
    }
    chips = []
    for name, value in without(params, "cols", "q").items():
        label, options = named[name]
        shown = next((text for key, text in options if str(key) == value), value)
        chips.append((label, shown, address(reverse("clients:list"), without(params, name))))
    return chips


def address(path: str, params: dict[str, str]) -> str:
    """A path with its parameters."""
    return f"{path}?{urlencode(params)}" if params else path
