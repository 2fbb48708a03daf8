"""Names of the ledger's events about letters that came (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

MAILBOX_SAVED: Final = "mailboxes.mailbox.saved"
LETTER_RECEIVED: Final = "mailboxes.letter.received"
LETTER_ATTACHED: Final = "mailboxes.letter.attached"
LETTER_SET_ASIDE: Final = "mailboxes.letter.set_aside"
