"""Names of the ledger's events about documents (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

DOCUMENT_CREATED: Final = "documents.document.created"
TEMPLATE_SAVED: Final = "documents.template.saved"
