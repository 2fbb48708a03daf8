"""Names of the ledger's events about documents and letters (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

DOCUMENT_CREATED: Final = "documents.document.created"
LETTER_SENT: Final = "documents.letter.sent"
TEMPLATE_SAVED: Final = "documents.template.saved"
