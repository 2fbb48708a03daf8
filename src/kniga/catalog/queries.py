"""Products and units as lists and forms need them. Everybody who works here sees the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from kniga.catalog.models import Product, Unit
from kniga.catalog.units import unit_name
from kniga.people.models import User
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import fold, match_key

SORTS: dict[str, Sort] = {
    "name": Sort("p.name_key", "text"),
    "price": Sort("p.price", "numeric"),
    "group": Sort('p."group"', "text"),
}


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One line of the list of products; `unit` is its code, `unit_label` what people read."""

    id: int
    name: str
    code: str
    group: str
    unit: str
    unit_label: str
    decimals: int
    price: Decimal
    is_active: bool


@dataclass(frozen=True, slots=True)
class UnitOption:
    """A unit as a choice."""

    code: str
    name: str
    decimals: int


_SELECT = """
SELECT {sort}, p.id, p.name, coalesce(p.code, ''), p."group", u.code, u.name, u.decimals, p.price, p.is_active
FROM catalog_product p JOIN catalog_unit u ON u.id = p.unit_id
{where} ORDER BY {order} LIMIT {limit}
"""


def products_page(
    *,
    user: User,
    text: str = "",
    group: str = "",
    state: str = "active",
    sort: str = "name",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ProductRow]:
    """A page of products. `state` is active, closed or all.

    `sort` is a key of SORTS, "-" before it puts the largest first. Raises Refused `cursor_invalid`.
    """
    chosen = SORTS.get(sort.removeprefix("-"), SORTS["name"])
    order = chosen.turned() if sort.startswith("-") else chosen
    conditions = Conditions()
    if text:
        pattern, code = like(fold(text)), like(text.strip().lower())
        conditions.add("(p.name_key LIKE %s OR p.match_key LIKE %s OR lower(p.code) LIKE %s)", pattern,
                       like(match_key(text) or fold(text)), code)  # fmt: skip
    if group:
        conditions.add('p."group" = %s', group)
    if state in {"active", "closed"}:
        conditions.add("p.is_active" if state == "active" else "NOT p.is_active")
    if cursor:
        conditions.add(order.after("p.id"), *decode_cursor(cursor, order))
    sql = _SELECT.format(sort=order.expression, where=conditions.where, order=order.order("p.id"), limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, _row)


def product_options(*, user: User, text: str = "", limit: int = 20) -> tuple[ProductRow, ...]:
    """Active products whose name or code holds `text`: choices while typing."""
    return products_page(user=user, text=text, limit=limit).rows


def get_visible_product(*, user: User, id: int) -> Product:
    """The product with this id. Raises NotVisible."""
    found = Product.objects.select_related("unit").filter(pk=id).first()
    if found is None or not user.is_active:
        raise NotVisible
    return found


def products_by_id(*, user: User, ids: Collection[int]) -> dict[int, Product]:
    """The products with these ids, unit included."""
    return {product.pk: product for product in Product.objects.select_related("unit").filter(pk__in=ids)}


def products_named(*, user: User, names: Collection[str]) -> dict[str, int]:
    """The active products of exactly these names or codes (case and ё/е apart): id by the name asked for."""
    keys = {name: fold(name) for name in names if name.strip()}
    if not keys:
        return {}
    codes = [name.strip() for name in keys]
    found = Product.objects.filter(is_active=True).filter(Q(name_key__in=set(keys.values())) | Q(code__in=codes))
    by_key: dict[str, int] = {}
    for product_id, name_key, code in found.order_by("-id").values_list("id", "name_key", "code"):
        by_key[name_key] = product_id
        by_key.setdefault(f"code {code}", product_id)
    ids = {name: by_key.get(key) or by_key.get(f"code {name.strip()}") for name, key in keys.items()}
    return {name: product_id for name, product_id in ids.items() if product_id is not None}


def product_groups(*, user: User) -> tuple[str, ...]:
    """The groups in use, in order."""
    found = Product.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
    return tuple(found)


def unit_options() -> tuple[UnitOption, ...]:
    """All units, in the language of the page."""
    found = Unit.objects.order_by("id").values_list("code", "name", "decimals")
    return tuple(UnitOption(code, unit_name(code, name), decimals) for code, name, decimals in found)


def _row(row: tuple[object, ...]) -> ProductRow:
    id_, name, code, group, unit, unit_stored, decimals, price, is_active = row
    label = unit_name(str(unit), str(unit_stored))
    return ProductRow(id_, name, code, group, unit, label, decimals, price, is_active)  # type: ignore[arg-type]
