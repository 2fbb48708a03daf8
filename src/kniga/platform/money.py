"""Money and quantities: exact decimals, two places for money, halves rounded away from zero."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from django.utils.translation import gettext as _

from kniga.platform.errors import Refused

CENT: Final = Decimal("0.01")
THOUSANDTH: Final = Decimal("0.001")
LARGEST: Final = Decimal("99999999999999.99")
_BLANKS = re.compile(r"[\s\u00a0\u202f']+")
_GROUPED = re.compile(r"^[-+]?(?:\d*|\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+)$")


def quantize(amount: Decimal) -> Decimal:
    """`amount` with two places, halves away from zero, as invoices are rounded."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def line_amount(quantity: Decimal, price: Decimal, discount: Decimal) -> Decimal:
    """What a line costs: quantity times price less `discount` per cent, in two places."""
    return quantize(quantity * price * (100 - discount) / 100)


def parse_decimal(text: str, *, field: str | None = None) -> Decimal:
    """A number as people write it: «1 234,56», "1,234.56", "1234.5". Raises Refused `number_invalid`.

    The last of two different separators is the decimal one; one kind that stands several times groups
    thousands; a single separator is the decimal one.
    """
    plain = _BLANKS.sub("", text)
    last = max(plain.rfind(","), plain.rfind("."))
    separator = plain[last] if last >= 0 else "."
    whole, _separator, places = (plain, "", "") if plain.count(separator) > 1 else plain.partition(separator)
    try:
        value = Decimal(re.sub(r"[.,]", "", whole) + "." + places)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not _GROUPED.match(whole) or not (places.isdigit() or not places):
        raise Refused("number_invalid", _("“%(text)s” is not a number.") % {"text": text[:40]}, field=field)
    return value


def checked_amount(amount: Decimal, *, field: str) -> Decimal:
    """A non-negative amount in two places that fits its column. Raises Refused `amount_invalid`."""
    if amount.is_finite() and amount > LARGEST:
        raise Refused("amount_invalid", _("This amount is too large: check its digits."), field=field)
    if not amount.is_finite() or amount < 0:
        raise Refused("amount_invalid", _("Enter an amount of zero or more."), field=field)
    return quantize(amount)


def whole_cents(amount: Decimal, *, field: str) -> Decimal:
    """An amount as a person typed it, which is not rounded unasked: more digits are a slip. Raises Refused
    `amount_places`."""
    if amount.is_finite() and abs(amount) < LARGEST and quantize(amount) != amount:
        raise Refused("amount_places", _("An amount has at most two digits behind the point."), field=field)
    return amount


def checked_quantity(quantity: Decimal, *, field: str, decimals: int = 3) -> Decimal:
    """A positive quantity with at most `decimals` places. Raises Refused `quantity_invalid`."""
    if not quantity.is_finite() or quantity <= 0 or quantity >= Decimal("99999999999"):
        raise Refused("quantity_invalid", _("Enter a quantity above zero."), field=field)
    rounded = quantity.quantize(Decimal(1).scaleb(-min(decimals, 3)), ROUND_HALF_UP)
    if rounded != quantity:
        message = _("This unit allows %(places)d decimal places.") % {"places": decimals}
        if decimals == 0:
            message = _("This unit is not divided: enter a whole number.")
        raise Refused("quantity_invalid", message, field=field)
    return quantity.quantize(THOUSANDTH)


def checked_discount(discount: Decimal, *, field: str) -> Decimal:
    """A discount from 0 to 100 per cent in two places. Raises Refused `discount_invalid`."""
    if not discount.is_finite() or not 0 <= discount <= 100:
        raise Refused("discount_invalid", _("A discount lies between 0 and 100 per cent."), field=field)
    return quantize(discount)
