"""Opening a deal with its process: the deal and its first task come together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.clients.models import Client
from kniga.deals.lines import LineInput
from kniga.deals.models import Deal
from kniga.deals.services import DealFields, create_deal
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.processes.models import Process, VersionStatus
from kniga.processes.services import Advanced, start_process


@transaction.atomic
def open_deal(
    *,
    client: Client | None,
    process_key: str,
    owner: User | None,
    lines: Sequence[LineInput] = (),
    element: str | None = None,
    external_key: str | None = None,
    by: User,
    now: datetime,
    **fields: Unpack[DealFields],
) -> tuple[Deal, Advanced]:
    """A new deal in the pipeline of a process, and the process started on it (at `element`, else its start).

    Raises Refused as `create_deal` and `start_process` do; then there is no deal either.
    """
    process = (
        Process.objects.select_related("pipeline")
        .filter(key=process_key, is_active=True, versions__status=VersionStatus.PUBLISHED)
        .first()
    )
    if process is None:
        raise Refused("unknown_process", _("There is no published process “%s”.") % process_key, field="process")
    deal = create_deal(
        client=client, pipeline=process.pipeline, owner=owner, lines=lines, external_key=external_key, by=by,
        now=now, **fields,
    )  # fmt: skip
    advanced = start_process(deal_id=deal.pk, process_key=process_key, by=by, now=now, element=element)
    deal.refresh_from_db()
    return deal, advanced
