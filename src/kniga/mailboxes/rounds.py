"""One round of reading a mailbox: bounded in letters and time, and noted on it however it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import override

from kniga.mailboxes.apart import Reader, reader
from kniga.mailboxes.imap import Door, MailTrouble, OpenedMailbox, opened
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.sealing import Unreadable, unseal
from kniga.mailboxes.stuck import is_stuck, note_try, pass_stuck
from kniga.mailboxes.taking import take_letter
from kniga.mailboxes.troubles import trouble_of
from kniga.people.models import User
from kniga.people.notice_kinds import MAILBOX
from kniga.people.notices import notify
from kniga.people.permissions import ROLES_FOR, Act
from kniga.platform.said import said as _

MOST_LETTERS: Final = 100
"""Letters of one round; the rest comes in the next one, which begins at once."""
MOST_SECONDS: Final = 120.0
EVERY: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=30)
TOLD_AFTER: Final = 5
"""So many rounds in a row must fail before anybody is told."""
_SLACK: Final = timedelta(minutes=10)
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: letters taken, letters looked at, whether more wait, and the code of what broke ("")."""

    taken: int
    looked_at: int
    is_more: bool
    trouble: str = ""


def read_round(*, mailbox_id: int, clock: Callable[[], datetime], most: int = MOST_LETTERS) -> Round:
    """Read the new letters of a mailbox. What goes wrong with the mailbox is noted on it, never raised."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id, is_active=True).first()
    if mailbox is None:
        return Round(0, 0, False)
    try:
        with opened(door_of(mailbox)) as box, reader() as letters:
            done = _read(mailbox, box, letters, clock, most)
    except MailTrouble as trouble:
        _note_trouble(mailbox_id, trouble, clock())
        return Round(0, 0, False, trouble.code)
    except (OperationalError, InterfaceError):  # ours is the trouble, not the mailbox's: the next round is soon
        raise
    except Exception as error:
        LOG.exception("mailbox %s could not be read", mailbox_id)
        _note_trouble(mailbox_id, MailTrouble("inside", type(error).__name__), clock())
        return Round(0, 0, False, "inside")
    now = clock()
    # Whoever has changed the mailbox meanwhile has said when it is read next.
    Mailbox.objects.filter(pk=mailbox_id, revision=mailbox.revision).update(
        checked_at=now, next_at=now if done.is_more else now + EVERY, failures=0, trouble="", trouble_said=""
    )
    return done


def due_mailboxes(*, now: datetime) -> list[int]:
    """The mailboxes whose next round is due."""
    return list(
        Mailbox.objects.filter(is_active=True, next_at__lte=now).order_by("next_at").values_list("pk", flat=True)
    )


def door_of(mailbox: Mailbox) -> Door:
    """How one gets into a mailbox. Raises MailTrouble `sealed`."""
    try:
        password = unseal(mailbox.password)
    except Unreadable as error:
        raise MailTrouble("sealed") from error
    return Door(mailbox.host, mailbox.port, mailbox.security, mailbox.login, password, mailbox.folder)


def _read(mailbox: Mailbox, box: OpenedMailbox, letters: Reader, clock: Callable[[], datetime], most: int) -> Round:
    last = _settle(mailbox.pk, box.uid_validity)
    # The clocks of two machines differ a little: a letter is rather looked at twice than missed.
    since = mailbox.since - _SLACK
    waiting = box.uids_after(last, (since - timedelta(days=1)).date())
    taken = looked_at = 0
    ends = time.monotonic() + MOST_SECONDS
    for uid in waiting[:most]:
        looked_at += 1
        if is_stuck(mailbox, uid):
            kept = pass_stuck(mailbox_id=mailbox.pk, uid_validity=box.uid_validity, uid=uid, now=clock())
        else:
            kept = _take(mailbox, box, letters, uid, since, clock)
        taken += kept is not None
        if time.monotonic() > ends:
            break
    return Round(taken, looked_at, looked_at < len(waiting))


def _take(
    mailbox: Mailbox, box: OpenedMailbox, letters: Reader, uid: int, since: datetime, clock: Callable[[], datetime]
) -> ReceivedLetter | None:
    """Fetch, read and take in one letter. What breaks here is counted against the letter."""
    try:
        fetched = box.fetch(uid)
        if fetched is None or (fetched.came_at is not None and fetched.came_at < since):
            _pass(mailbox.pk, box.uid_validity, uid)
            return None
        letter = letters.read(fetched.content, is_cut=fetched.is_cut)
        return take_letter(
            mailbox_id=mailbox.pk, uid_validity=box.uid_validity, fetched=fetched, letter=letter, now=clock()
        )
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        is_line = isinstance(error, MailTrouble) and error.code == "broken_off"
        note_try(mailbox_id=mailbox.pk, uid=uid, is_line=is_line, now=clock())
        raise


@transaction.atomic
def _settle(mailbox_id: int, uid_validity: int) -> int:
    """The UID up to which letters are taken. A server that has numbered its letters anew is read again from the
    beginning; what had come is known by its digest."""
    mailbox = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox_id)
    if mailbox.uid_validity != uid_validity:
        mailbox.uid_validity, mailbox.last_uid = uid_validity, 0
        mailbox.stuck_uid, mailbox.stuck_tries = None, 0
        mailbox.save(update_fields=["uid_validity", "last_uid", "stuck_uid", "stuck_tries"])
    return mailbox.last_uid


def _pass(mailbox_id: int, uid_validity: int, uid: int) -> None:
    """Go past a letter that has gone, or is older than the mailbox is read."""
    Mailbox.objects.filter(pk=mailbox_id, uid_validity=uid_validity, last_uid__lt=uid).update(last_uid=uid)


@transaction.atomic
def _note_trouble(mailbox_id: int, trouble: MailTrouble, now: datetime) -> None:
    mailbox = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox_id)
    mailbox.failures += 1
    mailbox.trouble, mailbox.trouble_said, mailbox.checked_at = trouble.code, trouble.said, now
    mailbox.next_at = now + min(LONGEST_PAUSE, EVERY * 2 ** min(mailbox.failures, 10))
    mailbox.save()
    if mailbox.failures == TOLD_AFTER:
        keepers = User.objects.filter(is_active=True, role__in=ROLES_FOR[Act.MANAGE_ORGANISATION])
        notify(
            user_ids=list(keepers.values_list("pk", flat=True)), kind=MAILBOX,
            title=_("The mailbox “%(name)s” cannot be read") % {"name": mailbox.name},
            body=_(_source(trouble_of(trouble.code).cause)), url=f"/mailboxes/{mailbox.pk}/", now=now,
        )  # fmt: skip


def _source(text: object) -> str:
    """The source string of a text that is translated lazily."""
    with override(None):
        return str(text)
