"""The lines of a deal: what a form sends, checked and priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from kniga.catalog.models import Product
from kniga.deals.models import DealLine
from kniga.platform.errors import Refused
from kniga.platform.money import LARGEST, checked_amount, checked_discount, checked_quantity, line_amount

MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class LineInput:
    """One line as a form or an API sends it; without a price it takes the product's. `discount` is per cent."""

    product_id: int
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    discount: Decimal = Decimal(0)


def price_lines(lines: Sequence[LineInput]) -> list[DealLine]:
    """The lines as unsaved rows with positions 1, 2, … and amounts.

    Raises Refused: `too_many_lines`, `product_unknown`, `quantity_invalid`, `amount_invalid`,
    `discount_invalid`, at `lines/<index>/<field>`.
    """
    if len(lines) > MOST_LINES:
        message = _("A deal has at most %(most)d lines.") % {"most": MOST_LINES}
        raise Refused("too_many_lines", message, field="lines")
    wanted = {line.product_id for line in lines}
    products = {product.pk: product for product in Product.objects.select_related("unit").filter(pk__in=wanted)}
    return [_priced(index, line, products.get(line.product_id)) for index, line in enumerate(lines)]


def total_of(lines: Sequence[DealLine]) -> Decimal:
    """The sum of the lines' amounts. Raises Refused `amount_invalid` when it is beyond every measure."""
    total = sum((line.amount for line in lines), Decimal(0))
    if total > LARGEST:
        raise Refused("amount_invalid", _("The sum of the lines is too large."), field="lines")
    return total


def _priced(index: int, line: LineInput, product: Product | None) -> DealLine:
    place = f"lines/{index}/"
    if product is None:
        raise Refused("product_unknown", _("Choose a product."), field=f"{place}product")
    quantity = checked_quantity(line.quantity, field=f"{place}quantity", decimals=product.unit.decimals)
    price = checked_amount(product.price if line.price is None else line.price, field=f"{place}price")
    discount = checked_discount(line.discount, field=f"{place}discount")
    amount = line_amount(quantity, price, discount)
    if amount > LARGEST:
        raise Refused("amount_invalid", _("The amount of this line is too large."), field=f"{place}price")
    return DealLine(
        position=index + 1, product=product, unit=product.unit, quantity=quantity, price=price,
        discount=discount, amount=amount,
    )  # fmt: skip
