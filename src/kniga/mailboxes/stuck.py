"""Letters that reading breaks at: tried a few rounds, then noted as not given out, so that those behind them come."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from django.db import transaction

from kniga.mailboxes.models import LetterKind, LetterPlace, Mailbox, ReceivedLetter
from kniga.mailboxes.taking import tell_taken

MOST_TRIES: Final = 4
"""Rounds that may break at one letter before it is passed."""
NOT_GIVEN: Final = "not_given"


@transaction.atomic
def note_try(*, mailbox_id: int, uid: int, is_line: bool, now: datetime) -> None:
    """Count that a round has broken at this letter. `is_line`: the connection broke, which is the letter's fault only
    where it goes on through the growing pauses; rounds that somebody asked for in between do not count."""
    mailbox = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox_id)
    if is_line and now < mailbox.next_at:
        return
    mailbox.stuck_tries = mailbox.stuck_tries + 1 if mailbox.stuck_uid == uid else 1
    mailbox.stuck_uid = uid
    mailbox.save(update_fields=["stuck_uid", "stuck_tries"])


def is_stuck(mailbox: Mailbox, uid: int) -> bool:
    """Whether so many rounds broke at this letter that it is passed."""
    return mailbox.stuck_uid == uid and mailbox.stuck_tries >= MOST_TRIES


@transaction.atomic
def pass_stuck(*, mailbox_id: int, uid_validity: int, uid: int, now: datetime) -> ReceivedLetter | None:
    """Go past a letter, and leave word of it to be sorted; None when another worker has."""
    mailbox = Mailbox.objects.select_for_update(of=("self",)).select_related("owner").get(pk=mailbox_id)
    if not mailbox.is_active or mailbox.uid_validity != uid_validity or uid <= mailbox.last_uid:
        return None
    mailbox.last_uid, mailbox.stuck_uid, mailbox.stuck_tries = uid, None, 0
    mailbox.save(update_fields=["last_uid", "stuck_uid", "stuck_tries"])
    named = f"{NOT_GIVEN} {mailbox.pk} {mailbox.since.isoformat()} {uid_validity} {uid}"
    digest = hashlib.sha256(named.encode()).hexdigest()
    if ReceivedLetter.objects.filter(digest=digest).exists():
        return None
    kept = ReceivedLetter.objects.create(
        mailbox=mailbox, uid_validity=uid_validity, uid=uid, digest=digest, kind=LetterKind.LETTER,
        place=LetterPlace.UNSORTED, why=NOT_GIVEN, is_broken=True, came_at=now, taken_at=now,
    )  # fmt: skip
    tell_taken(kept, now)
    return kept
