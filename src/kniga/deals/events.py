"""Names of the ledger's events about deals (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

DEAL_CREATED: Final = "deals.deal.created"
DEAL_CHANGED: Final = "deals.deal.changed"
DEAL_ASSIGNED: Final = "deals.deal.assigned"
LINES_CHANGED: Final = "deals.lines.changed"
