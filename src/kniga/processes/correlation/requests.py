"""What strangers ask for by a form or a letter becomes a client with a deal of a process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import override

from kniga.clients.models import Client
from kniga.clients.reference import get_or_create_source
from kniga.deals.models import Deal
from kniga.deals.services import update_deal
from kniga.engine import StartEvent
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.platform.organisation import current_organisation
from kniga.platform.textkeys import fold
from kniga.processes.correlation.messaging import Beginning, receive_message
from kniga.processes.models import Process, ProcessVersion, VersionStatus
from kniga.processes.opening import start_deal
from kniga.processes.versions.definitions import runnable_version

_LONGEST: Final = 200


def seller_for(*, client: Client, process: Process, otherwise: User) -> User:
    """Whose the deal will be: the client's owner, where it has one who works deals and whose branch the process is
    open to."""
    owner, branch = client.owner, process.branch_id
    fits = owner is not None and branch in (None, owner.branch_id) and owner.is_active and may(owner, Act.WORK_DEALS)
    return owner if owner is not None and fits else otherwise


def begin_request(
    *, process: Process, client: Client, owner: User, channel: Literal["form", "email"], source: str,
    values: Mapping[str, str], now: datetime,
) -> int | None:  # fmt: skip
    """A deal of `owner` begun by the process's message start for `channel`, with `values` as answers; at its plain
    start if it has none. Its note is `values["message"]`, its source the one named `source`. None: the message waits.

    Raises Refused and NotVisible as `start_deal`."""
    start = _message_of(process, channel)
    if start is None:
        return _begin_plainly(process, client, owner, channel, source, values, now)
    version_id, name = start
    came = receive_message(
        name=name, source=channel, client_id=client.pk, payload=dict(values), now=now,
        beginning=Beginning(version_id, owner),
    )  # fmt: skip
    if came.status == "failed":
        return _begin_plainly(process, client, owner, channel, source, values, now)
    deal = None if came.deal_id is None else Deal.objects.get(pk=came.deal_id)
    if deal is not None and not deal.note and deal.name == process.name:
        note, called = values.get("message", ""), _name_of(process, channel, source)
        update_deal(deal=deal, revision=deal.revision, by=owner, now=now, note=note, name=called)
    return came.deal_id


def _begin_plainly(
    process: Process, client: Client, owner: User, channel: str, source: str, values: Mapping[str, str], now: datetime
) -> int:
    return start_deal(
        client=client, process_key=process.key, owner=owner, by=owner, now=now, note=values.get("message", ""),
        source_id=get_or_create_source(source).pk, name=_name_of(process, channel, source),
    ).deal_id  # fmt: skip


def _name_of(process: Process, channel: str, source: str) -> str:
    """What the deal is called, in the organisation's language: who asks is said by its client."""
    if channel != "form":
        return process.name
    with override(current_organisation().language):
        says_so = fold(source).startswith(fold(_("Request from the site")))
        return (source if says_so else _("Request from the site: %(form)s") % {"form": source})[:_LONGEST]


def _message_of(process: Process, channel: str) -> tuple[int, str] | None:
    """The published version, and the message of this channel that it begins with; None when it begins plainly."""
    published = ProcessVersion.objects.filter(process=process, status=VersionStatus.PUBLISHED)
    version_id = published.values_list("pk", flat=True).first()
    if version_id is None:
        return None
    definition = runnable_version(version_id).definition
    for element in (definition.elements[id] for id in definition.starts):
        if isinstance(element, StartEvent) and element.message is not None and element.channel in (channel, "any"):
            return version_id, element.message.name
    return None
