"""The list of deals and its sums."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.catalog.queries import products_by_id
from kniga.deals.choices import choices_for
from kniga.deals.list_queries import deal_totals, deals_page
from kniga.people.queries import branch_options
from kniga.people.roles import Entity
from kniga.processes.desk.deal_queries import next_tasks_of
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.deals import addresses, presenters
from kniga.web.pages import render_page

FRAGMENTS = {"deal-rows": "table", "deal-more": "rows"}


@require_safe
@signed_in
def show(request: SignedInRequest) -> HttpResponse:
    choices = choices_for(user=request.user, entity=Entity.DEAL)
    own = addresses.own_view(request.user, sees_others=len(choices.owners) > 1)
    asked = addresses.read(request.GET or own)
    page = deals_page(user=request.user, wanted=asked.wanted, sort=asked.sort, cursor=asked.cursor)
    tasks = next_tasks_of(user=request.user, deal_ids=[row.id for row in page.rows if row.status == "open"])
    context = presenters.deal_list(asked, page, tasks, choices, _named(request, asked))
    return render_page(request, "deals/list.html", context, fragments=FRAGMENTS)


def _named(request: SignedInRequest, asked: addresses.AskedDeals) -> dict[str, str]:
    """The names of what the filter holds by id but no select offers; one statement each, only when asked for."""
    named = {}
    if asked.wanted.product_id is not None:
        found = products_by_id(user=request.user, ids=[asked.wanted.product_id])
        named["product"] = next((product.name for product in found.values()), "")
    if asked.wanted.branch_id is not None:
        named["branch"] = next((one.name for one in branch_options() if one.id == asked.wanted.branch_id), "")
    return named


@require_safe
@signed_in
def totals(request: SignedInRequest) -> HttpResponse:
    """Count and sums of the whole filter: fetched after the list, which never counts."""
    asked = addresses.read(request.GET)
    context = {"totals": deal_totals(user=request.user, wanted=asked.wanted), "params": asked.params}
    return render_page(request, "deals/totals.html", context, block="totals")
