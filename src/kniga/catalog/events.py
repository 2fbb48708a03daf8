"""Names of the ledger's events about products (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

PRODUCT_CREATED: Final = "catalog.product.created"
PRODUCT_CHANGED: Final = "catalog.product.changed"
