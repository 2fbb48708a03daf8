"""The list of clients in the address: filters, sort, columns. What the address says can be bookmarked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kniga.clients.queries import SORTS, ClientFilter
from kniga.clients.requisites import LAZY_TAX_LABEL
from kniga.web.params import id_or_none

COLUMNS: Final[dict[str, str | Promise]] = {
    "contact": _("Contact"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "inn": LAZY_TAX_LABEL,
    "region": _("Region"),
    "industry": _("Industry"),
    "source": _("Source"),
    "open": _("Open deals"),
    "won": _("Won"),
    "owner": _("Owner"),
    "created": _("Created"),
}
SHOWN_FIRST: Final = ("contact", "phone", "region", "open", "won", "owner", "created")
FILTERS: Final = ("q", "kind", "owner", "team", "region", "industry", "source")


@dataclass(frozen=True, slots=True)
class AskedClients:
    """The address, read. `params` are its filters and columns as text, without sort and cursor."""

    wanted: ClientFilter
    sort: str
    columns: tuple[str, ...]
    params: dict[str, str]
    cursor: str | None


def read(data: QueryDict) -> AskedClients:
    """The address of the list; what it does not know is left out."""
    params = {name: text for name in FILTERS if (text := data.get(name, "").strip())}
    chosen = [name for name in data.get("cols", "").split(",") if name in COLUMNS] or data.getlist("col")
    columns = tuple(name for name in COLUMNS if name in chosen) or SHOWN_FIRST
    if columns != SHOWN_FIRST:
        params["cols"] = ",".join(columns)
    wanted = ClientFilter(
        text=params.get("q", ""),
        kind=params.get("kind", ""),
        owner_id=id_or_none(params.get("owner")),
        team_id=id_or_none(params.get("team")),
        region_id=id_or_none(params.get("region")),
        industry_id=id_or_none(params.get("industry")),
        source_id=id_or_none(params.get("source")),
    )
    sort = data.get("sort", "name")
    known = sort.removeprefix("-") in SORTS
    return AskedClients(wanted, sort if known else "name", columns, params, data.get("cursor") or None)
