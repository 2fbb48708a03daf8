"""Messages that people and programs bring: only about deals and clients they may see, and only to such deals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from kniga.clients.queries import get_visible_client
from kniga.deals.queries import get_visible_deal
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.processes.messaging import TIME_TO_LIVE, Received, receive_message

Source = Literal["form", "email", "call", "api", "import"]


def accept_message(
    *, name: str, deal_id: int | None, client_id: int | None, thread: str | None, key: str | None,
    payload: Mapping[str, object], ttl: timedelta = TIME_TO_LIVE, source: Source = "api", by: User, now: datetime,
) -> Received:  # fmt: skip
    """Take in a message from `by`; whoever waits for it in a deal that `by` does not see neither gets it nor is told
    of. `source` is the channel it came by, as `by` says: who took a call or a letter notes it.

    Raises NotVisible for a deal or client that may not be seen, Refused `not_allowed`."""
    require(by, Act.WORK_DEALS)
    if deal_id is not None:
        get_visible_deal(user=by, id=deal_id)
    if client_id is not None:
        get_visible_client(user=by, id=client_id)
    return receive_message(
        name=name, source=source, now=now, deal_id=deal_id, client_id=client_id, thread=thread, key=key,
        payload=payload, ttl=ttl, by=by,
    )  # fmt: skip
