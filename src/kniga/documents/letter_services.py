"""Keeping letters as they were sent."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kniga.deals.models import Deal
from kniga.documents import events
from kniga.documents.models import Letter
from kniga.people.models import User
from kniga.platform.ledger import LedgerEvent, record


@transaction.atomic
def keep_letter(
    *, deal_id: int, template_key: str, to: str, subject: str, body: str, by: User | None, now: datetime,
    instance_id: int | None = None, work_id: int | None = None, task_id: int | None = None,
) -> Letter:  # fmt: skip
    """Keep a letter that has been sent with its deal. `by` None: a process sent it, as the work `work_id`; `task_id`
    is the task it was sent from."""
    deal = Deal.objects.only("id", "client_id").get(pk=deal_id)
    letter = Letter.objects.create(
        deal=deal, client_id=deal.client_id, template_key=template_key, to=to[:320], subject=subject[:1000], body=body,
        sent_at=now, sent_by=by, instance_id=instance_id, work_id=work_id,
    )  # fmt: skip
    payload = {"letter": letter.pk, "subject": letter.subject, "to": letter.to, "template": template_key}
    told = LedgerEvent(
        events.LETTER_SENT, now, actor_id=None if by is None else by.pk, client_id=deal.client_id, deal_id=deal.pk,
        instance_id=instance_id, task_id=task_id, payload=payload,
    )  # fmt: skip
    record([told])
    return letter


def letter_of_work(*, work_id: int) -> Letter | None:
    """The letter a piece of a process's work has sent already."""
    return Letter.objects.filter(work_id=work_id).first()
