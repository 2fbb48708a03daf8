"""Messages that people and programs bring: only about deals and clients they may see, and only to such deals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from django.utils.translation import gettext as _

from kniga.clients.queries import get_visible_client
from kniga.deals.queries import get_visible_deal
from kniga.engine import BoundaryEvent, CatchEvent, ReceiveTask, StartEvent
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Refused
from kniga.processes.correlation.messaging import TIME_TO_LIVE, Received, receive_message
from kniga.processes.models import ProcessVersion, Subscription, VersionStatus
from kniga.processes.versions.definitions import runnable_version

Source = Literal["form", "email", "call", "api", "import"]


def accept_message(
    *, name: str, deal_id: int | None, client_id: int | None, thread: str | None, key: str | None,
    payload: Mapping[str, object], ttl: timedelta = TIME_TO_LIVE, source: Source = "api", by: User, now: datetime,
) -> Received:  # fmt: skip
    """Take in a message from `by`; whoever waits for it in a deal that `by` does not see neither gets it nor is told
    of. `source` is the channel it came by, as `by` says: who took a call or a letter notes it.

    Raises NotVisible for a deal or client that may not be seen, Refused `not_allowed`, and `about_nobody` where none
    of deal, client, thread and key is given: nobody could ever take it."""
    require(by, Act.WORK_DEALS)
    if deal_id is None and client_id is None and not thread and not key:
        text = _("Say whom the message is about: a deal, a client, a thread of letters or a key.")
        raise Refused("about_nobody", text, field="deal_id")
    if deal_id is not None:
        get_visible_deal(user=by, id=deal_id)
    if client_id is not None:
        get_visible_client(user=by, id=client_id)
    return receive_message(
        name=name, source=source, now=now, deal_id=deal_id, client_id=client_id, thread=thread, key=key,
        payload=payload, ttl=ttl, by=by,
    )  # fmt: skip


def is_known(name: str) -> bool:
    """Whether a published process has something that waits for, or begins with, messages of this name, or a deal on
    an older version waits for one now."""
    if Subscription.objects.filter(kind="message", name=name, status="waiting").exists():
        return True
    published = ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).values_list("pk", flat=True)
    return any(
        element.message is not None and element.message.name == name
        for id in published
        for element in runnable_version(id).definition.elements.values()
        if isinstance(element, StartEvent | ReceiveTask | CatchEvent | BoundaryEvent)
    )
