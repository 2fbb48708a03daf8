"""Work the machine cannot do: a person sees it, has it tried again, or lets it be skipped."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import kept
from kniga.platform.storable import storable
from kniga.processes.models import Instance, Work
from kniga.processes.running.incident_news import tell_of_incident

LONGEST: Final = 2_000
"""How many characters are kept of what went wrong."""


def trouble(error: str, code: str) -> dict[str, Any]:
    """What is kept of an error: its text as it was said then, its code, and what it takes to tell it again in the
    language of whoever reads it (nothing for a text that nobody here has said)."""
    told = kept(error)
    return {"error": storable(error)[:LONGEST], "error_told": {"code": code, **told} if told else None}


def raise_incident(*, work: Work, error: str, now: datetime, code: str = "failed") -> None:
    """Leave work to a person, and tell why: the ledger, and those who may deal with it."""
    found = trouble(error, code)
    with transaction.atomic():
        open_work = Work.objects.filter(pk=work.pk, status__in=("queued", "running"))
        if not open_work.update(status="incident", **found):
            return
        tell_of_work(
            "processes.work.incident", work, now, {key: value for key, value in found.items() if value is not None}
        )
        tell_of_incident(work=work, error=error, now=now)


def tell_of_work(kind: str, work: Work, now: datetime, payload: dict[str, object], actor_id: int | None = None) -> None:
    """Write a ledger event about work; must run in the transaction of the change."""
    deal_id, client_id = Instance.objects.values_list("deal_id", "deal__client_id").get(pk=work.instance_id)
    facts = {"work": work.pk, "token": work.token, "element": work.element, "action": work.action, **payload}
    record(
        [
            LedgerEvent(
                kind, now, actor_id=actor_id, client_id=client_id, deal_id=deal_id, instance_id=work.instance_id,
                payload=facts,
            )
        ]
    )  # fmt: skip
