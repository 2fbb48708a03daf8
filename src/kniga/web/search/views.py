"""Search over everything."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from kniga.catalog.queries import product_options
from kniga.clients.search import search_clients
from kniga.deals.list_queries import search_deals
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import render_page
from kniga.web.search import presenters


@require_safe
@signed_in
def find(request: SignedInRequest) -> HttpResponse:
    """Records for the palette (a fragment), for people without it (a page), for programs (`?format=json`)."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    user = request.user
    found = presenters.groups(
        text,
        search_clients(user=user, text=text, limit=6),
        search_deals(user=user, text=text, limit=6),
        product_options(user=user, text=text, limit=4) if len(text) > 1 else (),
    )
    if request.GET.get("format") == "json":
        return JsonResponse(presenters.as_json(text, found))
    context = {"text": text, "groups": found, "pages": presenters.pages(text, user) if text else None}
    return render_page(request, "search/results.html", context, fragments={"palette-results": "results"})
