"""Names of the ledger's events about clients (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

CLIENT_CREATED: Final = "clients.client.created"
CLIENT_CHANGED: Final = "clients.client.changed"
CLIENT_ASSIGNED: Final = "clients.client.assigned"
CONTACT_ADDED: Final = "clients.contact.added"
CONTACT_CHANGED: Final = "clients.contact.changed"
CONTACT_REMOVED: Final = "clients.contact.removed"
