"""The list of deals in the address: filters, sort, columns. What the address says can be bookmarked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kniga.deals.list_queries import SORTS, DealFilter
from kniga.people.roles import Role
from kniga.web.params import date_or_none, id_or_none

if TYPE_CHECKING:
    from kniga.people.models import User

COLUMNS: Final[dict[str, str | Promise]] = {
    "client": _("Client"),
    "stage": _("Stage"),
    "next": _("Next step"),
    "amount": _("Amount"),
    "expected": _("Expected"),
    "owner": _("Owner"),
    "opened": _("Opened"),
    "closed": _("Closed"),
    "product": _("Product"),
    "reason": _("Reason of loss"),
}
SHOWN_FIRST: Final = ("client", "stage", "next", "amount", "expected", "owner")
# Closed deals have no next step; of lost ones people want to know why.
SHOWN_OF: Final = {
    "won": ("client", "amount", "product", "owner", "opened", "closed"),
    "lost": ("client", "reason", "amount", "owner", "opened", "closed"),
}
SORTED: Final = {
    "amount": "-amount", "expected": "expected", "opened": "-opened", "closed": "-closed", "stage": "stage_since",
}  # fmt: skip
FILTERS: Final = (
    "q", "status", "stage", "owner", "team", "branch", "client", "product", "source", "region", "reason", "period",
    "since", "until",
)  # fmt: skip
STATUSES: Final = ("open", "won", "lost", "cancelled")
PERIODS: Final = ("opened", "closed", "expected")
ALL: Final = "all"
"""The status of the whole list in an address: one that says nothing opens a rep's own view."""


@dataclass(frozen=True, slots=True)
class AskedDeals:
    """The address, read. `params` are its filters and columns as text, without sort and cursor."""

    wanted: DealFilter
    sort: str
    columns: tuple[str, ...]
    params: dict[str, str]
    cursor: str | None


def own_view(user: User, *, sees_others: bool) -> QueryDict:
    """What the list shows somebody who asks for nothing: a rep their own open deals, everybody else all they see."""
    view = QueryDict(mutable=True)
    if user.role == Role.REP:
        view["status"] = "open"
        if sees_others:
            view["owner"] = str(user.pk)
    return view


def read(data: QueryDict) -> AskedDeals:
    """The address of the list; what it does not know is left out."""
    params = {name: text for name in FILTERS if (text := data.get(name, "").strip())}
    if params.get("status") == ALL:
        del params["status"]
    if not (params.get("since") or params.get("until")):
        params.pop("period", None)
    chosen = [name for name in data.get("cols", "").split(",") if name in COLUMNS] or data.getlist("col")
    shown_first = SHOWN_OF.get(params.get("status", ""), SHOWN_FIRST)
    columns = tuple(name for name in COLUMNS if name in (chosen or shown_first))
    if chosen and set(columns) != set(shown_first):
        params["cols"] = ",".join(columns)
    sort = data.get("sort", "-opened")
    known = sort.removeprefix("-") in SORTS
    return AskedDeals(_filter(params), sort if known else "-opened", columns, params, data.get("cursor") or None)


def _filter(params: dict[str, str]) -> DealFilter:
    status, period = params.get("status", ""), params.get("period", "")
    return DealFilter(
        text=params.get("q", ""),
        status=status if status in STATUSES else "",
        stage_id=id_or_none(params.get("stage")),
        owner_id=id_or_none(params.get("owner")),
        team_id=id_or_none(params.get("team")),
        branch_id=id_or_none(params.get("branch")),
        client_id=id_or_none(params.get("client")),
        product_id=id_or_none(params.get("product")),
        source_id=id_or_none(params.get("source")),
        region_id=id_or_none(params.get("region")),
        loss_reason_id=id_or_none(params.get("reason")),
        period=period if period in PERIODS else "opened",
        since=date_or_none(params.get("since")),
        until=date_or_none(params.get("until")),
    )
