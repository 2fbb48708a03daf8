"""A message of a client without a deal opens one."""

from __future__ import annotations

from datetime import datetime

from kniga.clients.models import Client
from kniga.deals.services import create_deal
from kniga.people.models import User
from kniga.processes.models import Process


def deal_for_message(*, client_id: int, version_id: int, owner: User | None, now: datetime) -> int | None:
    """A new deal of `owner` (else of the client's owner) in the pipeline of the version's process, called after it;
    None when there is neither."""
    client = Client.objects.select_related("owner").filter(pk=client_id).first()
    owner = owner or (None if client is None else client.owner)
    if client is None or owner is None:
        return None
    process = Process.objects.select_related("pipeline").get(versions=version_id)
    deal = create_deal(
        client=client, pipeline=process.pipeline, owner=owner, lines=(), by=owner, now=now, name=process.name
    )
    return int(deal.pk)
