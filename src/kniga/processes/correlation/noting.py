"""A person notes on a deal that a message has come: the client called, wrote, filled in a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from kniga.deals.models import Deal
from kniga.deals.queries import get_visible_deal
from kniga.engine import StartEvent
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.processes.correlation.messages import Source, accept_message
from kniga.processes.correlation.messaging import Received
from kniga.processes.models import Instance, ProcessVersion, Subscription, VersionStatus
from kniga.processes.versions.definitions import runnable_version

BY_HAND: Final[tuple[Source, ...]] = ("call", "email", "form")
"""The channels by which people learn of a message."""


@dataclass(frozen=True, slots=True)
class Notable:
    """A message that a deal waits for or begins a process with, and the channels by which it may come."""

    name: str
    label: str
    channels: tuple[Source, ...]


def notable_messages(*, deal: Deal) -> tuple[Notable, ...]:
    """The messages that would move a deal (which came through `get_visible_deal`) now: those its processes wait for,
    or those that begin a process while it is open and runs none."""
    waits = _waits(deal)
    found = {wait.name: Notable(wait.name, _label(wait), BY_HAND) for wait in waits}
    if not waits and deal.status == "open" and not _runs(deal):
        for version_id in ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).values_list("pk", flat=True):
            definition = runnable_version(version_id).definition
            for id in definition.starts:
                start = definition.elements[id]
                if not isinstance(start, StartEvent) or start.message is None:
                    continue
                channels = tuple(one for one in BY_HAND if start.channel in ("any", one))
                if channels:
                    label = start.name or start.message.name
                    found.setdefault(start.message.name, Notable(start.message.name, label, channels))
    return tuple(found.values())


def note_message(
    *, deal_id: int, name: str, source: str, payload: Mapping[str, object] | None = None, by: User, now: datetime
) -> Received:
    """Note that a message has come, by the channel `source`. Raises NotVisible, Refused `not_allowed`, `not_awaited`
    when it would move nothing."""
    deal = get_visible_deal(user=by, id=deal_id)
    one = next((one for one in notable_messages(deal=deal) if one.name == name), None)
    channel = next((channel for channel in one.channels if channel == source), None) if one else None
    if one is None or channel is None:
        raise Refused("not_awaited", _("The deal does not wait for this message any more."), field="name")
    wait = next((wait for wait in _waits(deal) if wait.name == name), None)
    words = {} if wait is None else {wait.correlation: wait.key}
    return accept_message(
        name=name, deal_id=deal.pk, client_id=None, thread=words.get("thread"), key=words.get("key"),
        payload=payload or {}, source=channel, by=by, now=now,
    )  # fmt: skip


def _waits(deal: Deal) -> list[Subscription]:
    return list(
        Subscription.objects.select_related("instance")
        .filter(deal=deal, kind="message", status="waiting", instance__status="running")
        .order_by("created_at", "id")
    )


def _label(wait: Subscription) -> str:
    element = runnable_version(wait.instance.version_id).definition.elements.get(wait.element)
    return element.name if element is not None and element.name else wait.name


def _runs(deal: Deal) -> bool:
    return Instance.objects.filter(deal=deal, parent=None, status__in=("running", "suspended")).exists()
