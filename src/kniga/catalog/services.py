"""Changes to products. Every change is one transaction with its ledger event."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.catalog import events
from kniga.catalog.models import Product, Unit
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import ledger
from kniga.platform.errors import Conflict, Refused
from kniga.platform.money import checked_amount
from kniga.platform.textkeys import fold, match_key


class ProductChanges(TypedDict, total=False):
    """What may be changed of a product; what is absent stays. `unit` is the unit's code."""

    name: str
    code: str
    group: str
    unit: str
    price: Decimal
    note: str
    is_active: bool


@transaction.atomic
def create_product(*, by: User, now: datetime, **fields: Unpack[ProductChanges]) -> Product:
    """A new product (by default a piece at no price).

    Raises Refused: `name_missing`, `name_taken`, `code_taken`, `unit_unknown`, `amount_invalid`, `not_allowed`.
    """
    require(by, Act.EDIT_CATALOG)
    product = Product(price=Decimal(0), created_at=now, updated_at=now)
    _apply(product, ProductChanges(**{"name": "", "unit": "piece", **fields}))
    product.save()
    payload = {"product": product.pk, "name": product.name, "price": product.price}
    ledger.record([ledger.LedgerEvent(events.PRODUCT_CREATED, now, actor_id=by.pk, payload=payload)])
    return product


@transaction.atomic
def update_product(
    *, product: Product, revision: int, by: User, now: datetime, **changes: Unpack[ProductChanges]
) -> Product:
    """Change a product; deals keep the prices they were made with.

    Raises Refused as `create_product`, Conflict `changed_meanwhile` if `revision` is not the present one.
    """
    require(by, Act.EDIT_CATALOG)
    product = Product.objects.select_for_update().get(pk=product.pk)
    if product.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    before = _shown(product)
    _apply(product, changes)
    after = _shown(product)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        product.revision += 1
        product.updated_at = now
        product.save()
        payload = {"product": product.pk, "name": product.name, "changes": changed}
        ledger.record([ledger.LedgerEvent(events.PRODUCT_CHANGED, now, actor_id=by.pk, payload=payload)])
    return product


def _apply(product: Product, changes: ProductChanges) -> None:
    if "name" in changes:
        _apply_name(product, changes["name"])
    if "code" in changes:
        product.code = changes["code"].strip()[:60] or None
        if product.code and Product.objects.filter(code=product.code).exclude(pk=product.pk).exists():
            raise Refused("code_taken", _("Another product has this code."), field="code")
    if "group" in changes:
        product.group = " ".join(changes["group"].split())[:200]
    if "unit" in changes:
        unit = Unit.objects.filter(code=changes["unit"]).first()
        if unit is None:
            raise Refused("unit_unknown", _("Choose one of the units."), field="unit")
        product.unit = unit
    if "price" in changes:
        product.price = checked_amount(changes["price"], field="price")
    product.note = changes.get("note", product.note).replace("\x00", "").strip()
    product.is_active = changes.get("is_active", product.is_active)


def _apply_name(product: Product, text: str) -> None:
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > 300:
        raise Refused("name_missing", _("Enter a name of at most 300 characters."), field="name")
    key = fold(name)[:300]
    if Product.objects.filter(name_key=key, is_active=True).exclude(pk=product.pk).exists():
        raise Refused("name_taken", _("There is a product of this name already."), field="name")
    product.name, product.name_key, product.match_key = name, key, match_key(name)[:300]


def _shown(product: Product) -> dict[str, Any]:
    return {
        "name": product.name, "code": product.code or "", "group": product.group, "unit": product.unit.code,
        "price": product.price, "note": product.note, "is_active": product.is_active,
    }  # fmt: skip
