"""Names of the ledger's events about the sales book as a document (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

EDITION_MADE: Final = "salesbook.edition.made"
EDITION_READ: Final = "salesbook.edition.read"
READERS_REMINDED: Final = "salesbook.readers.reminded"
