"""A message of a client without a deal opens one."""

from __future__ import annotations

from datetime import datetime

from kniga.clients.models import Client
from kniga.deals.services import create_deal
from kniga.processes.models import Process


def deal_for_message(*, client_id: int, version_id: int, name: str, now: datetime) -> int | None:
    """A new deal of the client's owner in the pipeline of the version's process; None when nobody owns the client."""
    client = Client.objects.select_related("owner").filter(pk=client_id).first()
    if client is None or client.owner is None:
        return None
    process = Process.objects.select_related("pipeline").get(versions=version_id)
    deal = create_deal(client=client, pipeline=process.pipeline, owner=client.owner, lines=(), by=client.owner, now=now)
    return int(deal.pk)
