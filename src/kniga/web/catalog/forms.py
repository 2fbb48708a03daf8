"""What the form of a product sends, as typed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.http import QueryDict

from kniga.catalog.services import ProductChanges
from kniga.web.params import sent_amount

if TYPE_CHECKING:
    from kniga.catalog.models import Product


@dataclass(frozen=True, slots=True)
class ProductForm:
    """A product as typed."""

    name: str = ""
    code: str = ""
    group: str = ""
    unit: str = "piece"
    price: str = ""
    note: str = ""
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> ProductForm:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, product: Product) -> ProductForm:
        price = f"{product.price.normalize():f}"
        is_active = "on" if product.is_active else ""
        return cls(product.name, product.code or "", product.group, product.unit.code, price, product.note, is_active)


def product_fields(data: QueryDict) -> ProductChanges:
    """The fields for the domain. Raises Refused `number_invalid` at the price."""
    form = ProductForm.sent(data)
    return ProductChanges(
        name=form.name,
        code=form.code,
        group=form.group,
        unit=form.unit,
        price=sent_amount(data, "price") or Decimal(0),
        note=form.note,
        is_active=form.is_active == "on",
    )
