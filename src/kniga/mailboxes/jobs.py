"""Mailboxes read in the background: each about every minute, more at once while letters wait."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kniga.mailboxes.rounds import due_mailboxes, read_round
from kniga.platform import clock


@app.periodic(cron="* * * * *")
@app.task(queue="mail", queueing_lock="mailboxes", pass_context=False)
def look_for_mailboxes(timestamp: int) -> None:
    """Every minute: queue the rounds that are due."""
    for mailbox_id in due_mailboxes(now=clock.now()):
        queue_round(mailbox_id)


@app.task(queue="mail")
def read_mailbox(mailbox_id: int) -> None:
    """One round; two at the same time take each letter once all the same."""
    done = read_round(mailbox_id=mailbox_id, clock=clock.now)
    if done.is_more:
        queue_round(mailbox_id)


def queue_round(mailbox_id: int) -> None:
    """Let a worker read a mailbox, unless one is asked to already."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        read_mailbox.configure(queueing_lock=f"mailbox-{mailbox_id}").defer(mailbox_id=mailbox_id)
