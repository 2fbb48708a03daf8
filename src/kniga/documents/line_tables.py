"""The lines of a deal as documents and letters show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.catalog.units import counted_unit
from kniga.platform.shown_money import shown_money
from kniga.platform.sqlparts import rows_of

_LINES: Final = """
SELECT p.name, u.code, u.name, l.quantity, l.price, l.discount, l.amount, d.currency
FROM deals_dealline l JOIN deals_deal d ON d.id = l.deal_id
JOIN catalog_product p ON p.id = l.product_id JOIN catalog_unit u ON u.id = l.unit_id
WHERE l.deal_id = %s ORDER BY l.position
"""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a deal as a language writes it; `discount` is "" where there is none."""

    product: str
    quantity: str
    price: str
    discount: str
    amount: str


@dataclass(frozen=True, slots=True)
class ShownLines:
    """The lines of a deal and their sum."""

    rows: tuple[ShownLine, ...]
    total: str


def shown_lines(*, deal_id: int) -> ShownLines:
    """The lines of a deal in the language spoken now; one statement."""
    rows = rows_of(_LINES, [deal_id])
    if not rows:
        return ShownLines((), "")
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    currency = rows[0][7]

    def money(amount: Decimal) -> str:
        return shown_money(amount, currency, language)

    shown = tuple(
        ShownLine(
            product, f"{format_decimal(quantity, locale=language)} {counted_unit(unit, quantity, stored)}",
            money(price), f"{format_decimal(discount, locale=language)} %" if discount else "", money(amount),
        )
        for product, unit, stored, quantity, price, discount, amount, _currency in rows
    )  # fmt: skip
    return ShownLines(shown, money(sum((row[6] for row in rows), Decimal(0))))


def lines_as_table(lines: ShownLines, plain: Callable[[str], str]) -> str:
    """A table in Markdown with the sum below, "" without lines; `plain` makes a text stand in Markdown as it is."""
    if not lines.rows:
        return ""
    with_discount = any(row.discount for row in lines.rows)
    heads = [_("No."), _("Product or service"), _("Quantity"), _("Price"), _("Discount"), _("Sum")]
    cells = [
        [str(number), row.product, row.quantity, row.price, row.discount, row.amount]
        for number, row in enumerate(lines.rows, 1)
    ]
    table = [heads, ["---:", "---", "---:", "---:", "---:", "---:"], *cells, ["", _("Total"), "", "", "", lines.total]]
    if not with_discount:
        table = [row[:4] + row[5:] for row in table]
    bold = [f"**{plain(cell)}**" if cell else "" for cell in table[-1]]
    shown = [table[0], table[1], *([plain(cell) for cell in row] for row in table[2:-1]), bold]
    return "\n".join(f"| {' | '.join(row)} |" for row in shown)


def lines_as_text(lines: ShownLines) -> str:
    """The same for a letter: a line for each, and the sum; "" without lines."""
    if not lines.rows:
        return ""
    rows = [
        f"{number}. {row.product}: {row.quantity} × {row.price}"
        f"{f' − {row.discount}' if row.discount else ''} = {row.amount}"
        for number, row in enumerate(lines.rows, 1)
    ]
    return "\n".join([*rows, f"{_('Total')}: {lines.total}"])
