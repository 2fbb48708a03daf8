"""The list of clients."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.clients.queries import clients_page, count_clients
from kniga.deals.choices import choices_for
from kniga.deals.queries import deal_totals_by_client
from kniga.people.roles import Entity
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.clients import addresses, presenters
from kniga.web.pages import render_page

FRAGMENTS = {"client-rows": "table", "client-more": "rows"}


@require_safe
@signed_in
def show(request: SignedInRequest) -> HttpResponse:
    asked = addresses.read(request.GET)
    page = clients_page(user=request.user, wanted=asked.wanted, sort=asked.sort, cursor=asked.cursor)
    totals = deal_totals_by_client(user=request.user, client_ids=[row.id for row in page.rows])
    choices = choices_for(user=request.user, entity=Entity.CLIENT)
    context = presenters.client_list(asked, page, totals, choices)
    return render_page(request, "clients/list.html", context, fragments=FRAGMENTS)


@require_safe
@signed_in
def total(request: SignedInRequest) -> HttpResponse:
    """How many clients the filter has: fetched after the list, which never counts."""
    count = count_clients(user=request.user, wanted=addresses.read(request.GET).wanted)
    return render_page(request, "clients/total.html", {"count": count}, block="total")
