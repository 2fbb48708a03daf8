"""Products with units and prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from django.http import HttpResponse
from ninja import Router

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer, revision_of, wants_revision
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cents, Cursor, Given, Limit, Short, Text
from kniga.catalog import queries, services
from kniga.catalog.queries import ProductRow
from kniga.platform import clock

if TYPE_CHECKING:
    from kniga.catalog.models import Product

router = Router(tags=["products"])
READ, WRITE = Bearer("products:read"), Bearer("products:write")


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product; `unit` is the code of its unit, `price` is for one unit."""

    id: int
    revision: int
    name: str
    code: str | None
    group: str
    unit: str
    price: Decimal
    note: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class ProductChanges(Given):
    """Fields of a product; those that are not sent stay."""

    name: Short = ""
    code: Short = ""
    group: Short = ""
    unit: Short = "piece"
    price: Cents = Decimal(0)
    note: Text = ""
    is_active: bool = True


class ProductBody(ProductChanges):
    """A new product."""

    name: Short


@router.get("/products", auth=READ, response={200: Listed[ProductRow]}, summary="List products")
def list_products(
    request: ApiRequest,
    text: str = "",
    group: str = "",
    state: Literal["active", "closed", "all"] = "active",
    sort: str = "name",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> HttpResponse:
    """The catalogue. `sort`: name, price or group, "-" before it turns the order."""
    page = queries.products_page(
        user=request.auth.user, text=text, group=group, state=state, sort=sort, cursor=opened(cursor), limit=limit
    )
    return page_answer(request, page)


@router.post("/products", auth=WRITE, response={201: ProductDetail}, summary="Create a product")
@idempotent
def create_product(request: ApiRequest, body: ProductBody) -> HttpResponse:
    """A new product."""
    product = services.create_product(by=request.auth.user, now=clock.now(), **body.given())
    return _product_answer(product, status=201, location=f"/api/v1/products/{product.pk}")


@router.get("/products/{int:product_id}", auth=READ, response={200: ProductDetail}, summary="Read a product")
def get_product(request: ApiRequest, product_id: int) -> HttpResponse:
    """One product."""
    return _product_answer(queries.get_visible_product(user=request.auth.user, id=product_id))


@router.patch("/products/{int:product_id}", auth=WRITE, response={200: ProductDetail}, summary="Change a product")
@wants_revision
def change_product(request: ApiRequest, product_id: int, body: ProductChanges) -> HttpResponse:
    """Change the fields that are sent; deals keep the prices they were made with."""
    user = request.auth.user
    product = queries.get_visible_product(user=user, id=product_id)
    changed = services.update_product(
        product=product, revision=revision_of(request), by=user, now=clock.now(), **body.given()
    )
    return _product_answer(changed)


def _product_answer(product: Product, *, status: int = 200, location: str = "") -> HttpResponse:
    detail = ProductDetail(
        product.pk, product.revision, product.name, product.code, product.group, product.unit.code, product.price,
        product.note, product.is_active, product.created_at, product.updated_at,
    )  # fmt: skip
    return answer(detail, status=status, revision=product.revision, location=location)
