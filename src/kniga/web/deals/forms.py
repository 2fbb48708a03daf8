"""What the forms of deals send, as typed; products are named by name or code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from django.http import QueryDict
from django.utils.translation import gettext as _

from kniga.catalog.queries import product_options, products_named
from kniga.deals.lines import LineInput
from kniga.deals.queries import LineRow
from kniga.deals.services import DealFields
from kniga.platform.errors import Refused, check_all
from kniga.platform.money import checked_amount, checked_discount, checked_quantity, parse_decimal, whole_cents
from kniga.web.params import sent_amount, sent_date, sent_id

if TYPE_CHECKING:
    from kniga.deals.models import Deal
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class LineForm:
    """A line as typed; without a price it takes the product's."""

    product: str = ""
    quantity: str = "1"
    price: str = ""
    discount: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.product or self.price or self.discount)


@dataclass(frozen=True, slots=True)
class DealForm:
    """A deal as typed."""

    name: str = ""
    amount: str = ""
    expected_date: str = ""
    source_id: str = ""
    region_id: str = ""
    note: str = ""

    @classmethod
    def sent(cls, data: QueryDict) -> DealForm:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, deal: Deal) -> DealForm:
        values = {name: getattr(deal, name) for name in cls.__dataclass_fields__}
        return cls(**{name: "" if value is None else str(value) for name, value in values.items()})


def deal_fields(data: QueryDict) -> DealFields:
    """The fields of a deal in a form; only those the form has. Raises Refused at a field of wrong form."""
    given = DealFields()
    if "name" in data:
        given["name"] = data.get("name", "")
    if "note" in data:
        given["note"] = data.get("note", "")
    if "expected_date" in data:
        given["expected_date"] = sent_date(data, "expected_date")
    if "source_id" in data:
        given["source_id"] = sent_id(data, "source_id")
    if "region_id" in data:
        given["region_id"] = sent_id(data, "region_id")
    amount = sent_amount(data, "amount")
    if amount is not None:
        given["amount"] = amount
    return given


def typed_lines(data: QueryDict) -> list[LineForm]:
    """The lines of a form that are not blank, in order."""
    columns = (data.getlist(name) for name in ("product", "quantity", "price", "discount"))
    rows = (LineForm(*(text.strip() for text in row)) for row in zip_longest(*columns, fillvalue=""))
    return [row for row in rows if not row.is_blank]


def lines_as_typed(lines: tuple[LineRow, ...]) -> list[LineForm]:
    """Present lines as a form shows them."""
    return [LineForm(line.product, *map(_plain, (line.quantity, line.price, line.discount))) for line in lines]


def line_inputs(typed: list[LineForm], user: User) -> list[LineInput]:
    """The lines for the domain. Raises Refused `product_unknown`, `number_invalid` at `lines/<index>/<field>`."""
    known = _known(typed, user)
    check_all(*_checks(typed, known))
    return [
        LineInput(
            known[line.product],
            parse_decimal(line.quantity or "1"),
            parse_decimal(line.price) if line.price else None,
            parse_decimal(line.discount) if line.discount else Decimal(0),
        )
        for line in typed
    ]


def _known(typed: list[LineForm], user: User) -> dict[str, int]:
    """The products by what was typed: their name or code, or any part of it that only one of them has."""
    known = products_named(user=user, names=[line.product for line in typed])
    for name in {line.product for line in typed} - known.keys():
        found = product_options(user=user, text=name, limit=2) if len(name) > 1 else ()
        if len(found) == 1:
            known[name] = found[0].id
    return known


def _checks(typed: list[LineForm], known: dict[str, int]) -> Iterator[Callable[[], object]]:
    """Each field of each line by itself, so that all that is wrong is named at once."""
    for index, line in enumerate(typed):
        place = f"lines/{index}/"
        yield partial(_check_product, line.product, known, f"{place}product")
        yield partial(_check_number, checked_quantity, line.quantity or "1", f"{place}quantity")
        if line.price:
            yield partial(_check_number, _checked_price, line.price, f"{place}price")
        if line.discount:
            yield partial(_check_number, checked_discount, line.discount, f"{place}discount")


def _check_product(name: str, known: dict[str, int], field: str) -> None:
    if name not in known:
        message = _("There is no product “%(name)s”. Choose one of the list.") % {"name": name[:60]}
        raise Refused("product_unknown", message, field=field)


def _checked_price(price: Decimal, *, field: str) -> Decimal:
    return checked_amount(whole_cents(price, field=field), field=field)


def _check_number(check: Callable[..., Decimal], text: str, field: str) -> None:
    check(parse_decimal(text, field=field), field=field)


def _plain(value: Decimal) -> str:
    """A number as a form shows it; zero is an empty field."""
    return f"{value.normalize():f}" if value else ""
