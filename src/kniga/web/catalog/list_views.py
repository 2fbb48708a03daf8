"""The list of products."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.catalog.queries import SORTS, product_groups, products_page
from kniga.people.permissions import Act, may
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import render_page

FRAGMENTS = {"product-rows": "table", "product-more": "rows"}


@require_safe
@signed_in
def show(request: SignedInRequest) -> HttpResponse:
    params = {name: request.GET[name].strip() for name in ("q", "group", "state") if request.GET.get(name, "").strip()}
    sort = request.GET.get("sort", "name")
    sort = sort if sort.removeprefix("-") in SORTS else "name"
    page = products_page(
        user=request.user,
        text=params.get("q", ""),
        group=params.get("group", ""),
        state=params.get("state", "active"),
        sort=sort,
        cursor=request.GET.get("cursor") or None,
    )
    context: dict[str, Any] = {
        "rows": page.rows,
        "more": {**params, "sort": sort, "cursor": page.next_cursor} if page.next_cursor else None,
        "params": params,
        "sort": sort,
        "groups": [(group, group) for group in product_groups(user=request.user)],
        "may_edit": may(request.user, Act.EDIT_CATALOG),
    }
    return render_page(request, "catalog/list.html", context, fragments=FRAGMENTS)
