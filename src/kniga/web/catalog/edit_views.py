"""Add and change a product."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.catalog.queries import get_visible_product, product_groups, unit_options
from kniga.catalog.services import create_product, update_product
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.catalog.forms import ProductForm, product_fields
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast

TEMPLATE = "catalog/product.html"
FRAGMENTS = {"product-form": "form"}


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_CATALOG)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(request, ProductForm()), fragments=FRAGMENTS)
    try:
        product = create_product(by=request.user, now=clock.now(), **product_fields(request.POST))
    except Refused as refusal:
        context = _context(request, ProductForm.sent(request.POST), refusal)
        return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)
    toast(request, _("The product %(name)s is in the list") % {"name": product.name})
    return go_to(request, reverse("catalog:list"))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_CATALOG)
def edit(request: SignedInRequest, product_id: int) -> HttpResponse:
    product = get_visible_product(user=request.user, id=product_id)
    if request.method != "POST":
        context = _context(request, ProductForm.of(product)) | {"product": product}
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    revision = request.POST.get("revision", "")
    try:
        update_product(
            product=product,
            revision=int(revision) if revision.isdecimal() else 0,
            by=request.user,
            now=clock.now(),
            **product_fields(request.POST),
        )
    except Refused as refusal:
        context = _context(request, ProductForm.sent(request.POST), refusal) | {"product": product}
        return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("catalog:list"))


def _context(request: SignedInRequest, form: ProductForm, refusal: Refused | None = None) -> dict[str, Any]:
    return {
        "product": None,
        "form": form,
        "errors": field_errors(refusal) if refusal else {},
        "units": [(unit.code, unit.name) for unit in unit_options()],
        "groups": product_groups(user=request.user),
    }
