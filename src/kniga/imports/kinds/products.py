"""Products."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from kniga.catalog import events
from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.kinds.importer import Importer
from kniga.platform.textkeys import fold, match_key

FIELDS = (
    Field("code", _("Product code"), Type.TEXT, ("code", "sku", "article", "артикул", "код", "кодтовара",
          "productid", "id"),
          column="code", nullable=True, longest=60),
    Field("name", _("Product name"), Type.NAME, ("name", "product", "productname", "item", "title", "название",
          "наименование",
          "товар", "продукт", "номенклатура"), column="name", required=True),
    Field("group", _("Group"), Type.NAME, ("group", "series", "category", "family", "группа", "серия", "категория"),
          column="group", longest=200),
    Field("unit", _("Unit"), Type.REFERENCE, ("unit", "uom", "measure", "единица", "едизм", "единицаизмерения", "ед"),
          column="unit_id", cast="bigint", reference="unit"),
    Field("price", _("Price"), Type.MONEY, ("price", "salesprice", "listprice", "unitprice", "cost", "цена",
          "стоимость",
          "прайс"), column="price", cast="numeric"),
    Field("note", _("Note"), Type.TEXT, ("note", "description", "comment", "описание", "примечание", "комментарий"),
          column="note", longest=30_000),
)  # fmt: skip


class ProductsImporter(Importer):
    spec = KindSpec(
        key="products", table="catalog_product", fields=FIELDS, keys=("code", "name"),
        created=events.PRODUCT_CREATED, changed=events.PRODUCT_CHANGED, removed="catalog.product.removed",
        watched="ROW(t.revision, t.name, t.price, t.is_active)",
        derived=(("name_key", "text"), ("match_key", "text")),
    )  # fmt: skip
    key_sql = {
        "code": "SELECT code, id FROM catalog_product WHERE code = ANY(%(keys)s::text[])",
        "name": "SELECT name_key, id FROM catalog_product WHERE name_key = ANY(%(keys)s::text[])",
    }

    def complete(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            name = draft.values.get("name", "")
            draft.values |= {"name_key": fold(name)[:300], "match_key": match_key(name)[:300]}

    def key_of(self, field: str, draft: Draft) -> str:
        return str(draft.values["name_key"]) if field == "name" else super().key_of(field, draft)

    def write(self) -> None:
        self.run.execute("""
UPDATE imports_importrow r SET values = r.values || jsonb_build_object('unit_id', u.id)
FROM catalog_unit u WHERE r.job_id = %(job)s AND r.action = 'create' AND u.code = 'piece' AND r.values ->
    'unit_id' IS NULL
""")
        price = "coalesce((r.values ->> 'price')::numeric, 0)"
        further = {
            "is_active": "true",
            "revision": "1",
            "created_at": "%(now)s",
            "updated_at": "%(now)s",
            "price": price,
        }
        self.run.execute(sets.insert(self.spec, further))
        payload = f"jsonb_build_object('product', r.target_id, 'name', r.values ->> 'name', 'price', {price}::text)"
        self.run.execute(sets.tell(events.PRODUCT_CREATED, action="create", payload=payload))
        self.update_present()

    def told(self) -> dict[str, str]:
        named = "'product', r.target_id, 'name', r.values ->> 'name'"
        return {"payload": f"jsonb_build_object({named}, 'changes', {sets.CHANGES})"}
