"""Deals with their process: opened and started in one transaction, so that none stands without a next step;
handed over together with their open tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from django.db import transaction
from django.db.models import F

from kniga.clients.models import Client
from kniga.deals.lines import LineInput
from kniga.deals.models import Deal
from kniga.deals.services import DealFields, assign_deal, create_deal
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.processes.models import Instance, Process, Task, TaskStatus
from kniga.processes.running.stepping import Advanced
from kniga.processes.services import start_process


def open_deal(
    *,
    client: Client | None,
    process_key: str,
    lines: Sequence[LineInput] = (),
    owner: User | None = None,
    by: User,
    now: datetime,
    **fields: Unpack[DealFields],
) -> int:
    """A new deal of `owner` (else of `by`) going by the published version of the process; returns its id.

    Raises Refused as `create_deal` and `start_process` do, `process_unknown` at the field `process`.
    """
    opened = start_deal(
        client=client, process_key=process_key, lines=lines, owner=owner or by, by=by, now=now, **fields
    )
    return opened.deal_id


@transaction.atomic
def start_deal(
    *,
    client: Client | None,
    process_key: str,
    lines: Sequence[LineInput] = (),
    owner: User,
    element: str | None = None,
    external_key: str | None = None,
    by: User,
    now: datetime,
    **fields: Unpack[DealFields],
) -> Advanced:
    """As `open_deal`, entering the process at `element` if one is named; tells which tasks have come."""
    process = Process.objects.select_related("pipeline").filter(key=process_key, is_active=True).first()
    if process is None:
        raise Refused("process_unknown", _("Choose the process of the deal."), field="process")
    deal = create_deal(
        client=client, pipeline=process.pipeline, owner=owner, lines=lines, external_key=external_key, by=by,
        now=now, **fields,
    )  # fmt: skip
    return start_process(deal_id=deal.pk, process_key=process_key, by=by, now=now, element=element)


@transaction.atomic
def hand_over_deal(*, deal: Deal, owner: User, by: User, now: datetime) -> Deal:
    """Hand a deal to another person; its open tasks that were the owner's go along.

    Raises Refused `not_allowed`, `owner_inactive`.
    """
    before = deal.owner_id
    # The step in flight was computed for the old owner: the new revision makes it, or its undoing, look again. The
    # instance is locked before the deal, as every step does it.
    Instance.objects.filter(deal=deal, status__in=("running", "suspended")).update(revision=F("revision") + 1)
    deal = assign_deal(deal=deal, owner=owner, by=by, now=now)
    Task.objects.filter(deal=deal, status=TaskStatus.OPEN, assignee_id=before).update(assignee=owner)
    return deal
