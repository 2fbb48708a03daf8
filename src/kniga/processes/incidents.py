"""Work the machine cannot do: a person sees it, has it tried again, or lets it be skipped."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.models import Instance, Work


def raise_incident(*, work: Work, error: str, now: datetime) -> None:
    """Leave work to a person, and tell the ledger why."""
    error = error.replace("\0", "").encode(errors="replace").decode()
    with transaction.atomic():
        open_work = Work.objects.filter(pk=work.pk, status__in=("queued", "running"))
        if not open_work.update(status="incident", error=error[:2000]):
            return
        tell_of_work("processes.work.incident", work, now, {"error": error[:2000]})


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
