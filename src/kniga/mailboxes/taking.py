"""A letter that came: kept, brought to its deal, told to the rep, all in one transaction with the place reading has
come to. Killed before it commits, the letter is fetched again; killed after, it is behind that place."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import DataError, InterfaceError, OperationalError, transaction

from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Client
from kniga.clients.reference import get_or_create_source
from kniga.clients.services import create_client
from kniga.mailboxes import events, telling
from kniga.mailboxes.finding import COLLEAGUE, NO_DEAL, STRANGER, Found, is_colleague, is_own, whose
from kniga.mailboxes.imap import Fetched
from kniga.mailboxes.models import LetterKind, LetterPlace, Mailbox, ReceivedLetter
from kniga.mailboxes.reading import ReadLetter
from kniga.people.permissions import Act, may
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.correlation.messages import is_known
from kniga.processes.correlation.messaging import receive_message
from kniga.processes.correlation.requests import begin_request, seller_for

PER_HOUR: Final = 60
"""So many letters of strangers an hour begin deals; more are a flood, which a person looks at."""
LONGEST_ANSWER: Final = 4000
FORGED: Final = "forged"
OWNER_GONE: Final = "owner_gone"
LOG = logging.getLogger(__name__)


@transaction.atomic
def take_letter(
    *, mailbox_id: int, uid_validity: int, fetched: Fetched, letter: ReadLetter, now: datetime
) -> ReceivedLetter | None:
    """Take in one letter, as it was given out and as it reads; None when another worker has, or it had come before by
    another way."""
    mailbox = Mailbox.objects.select_for_update(of=("self",)).select_related("process", "owner").get(pk=mailbox_id)
    if not mailbox.is_active or mailbox.uid_validity != uid_validity or fetched.uid <= mailbox.last_uid:
        return None
    mailbox.last_uid = fetched.uid
    mailbox.save(update_fields=["last_uid"])
    if ReceivedLetter.objects.filter(digest=letter.digest).exists():
        return None
    kept = _keep(mailbox, uid_validity, letter, fetched, now)
    try:
        with transaction.atomic():
            _bring(kept, letter, mailbox, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one letter must not hold up those behind it
        _leave(kept, error)
    tell_taken(kept, now)
    return kept


def offer(kept: ReceivedLetter, *, thread: str | None, now: datetime) -> None:
    """Let the processes of the letter's deal have it as a message, if any process knows one of that name."""
    mailbox = kept.mailbox
    if kept.kind == LetterKind.LETTER and kept.deal_id is not None and is_known(mailbox.message):
        came = receive_message(
            name=mailbox.message, source="email", deal_id=kept.deal_id, thread=thread, payload=answers_of(kept), now=now
        )
        kept.flow_message_id = came.message_id


def begin_deal(kept: ReceivedLetter, mailbox: Mailbox, *, client_id: int | None, now: datetime) -> None:
    """Begin a deal with a letter, as the mailbox says, for this client or a new one. Raises Refused."""
    assert mailbox.process is not None, "asked for only where letters begin a process"
    if client_id is not None:
        client = Client.objects.select_related("owner").get(pk=client_id)
    else:
        name = kept.sender_name or kept.sender
        client = create_client(
            owner=mailbox.owner, contacts=[ContactInput(name=name, emails=(kept.sender,))], by=mailbox.owner, now=now,
            name=name, kind="person", source_id=get_or_create_source(mailbox.name).pk,
        )  # fmt: skip
    owner = seller_for(client=client, process=mailbox.process, otherwise=mailbox.owner)
    kept.client_id = client.pk
    kept.deal_id = begin_request(
        process=mailbox.process, client=client, owner=owner, channel="email", source=mailbox.name,
        values=answers_of(kept), now=now,
    )  # fmt: skip
    kept.is_new_request = True
    kept.place = LetterPlace.CLIENT if kept.deal_id is None else LetterPlace.DEAL


def answers_of(kept: ReceivedLetter) -> dict[str, str]:
    """What a letter says, under the keys that questions of processes may have."""
    found = {
        "name": kept.sender_name or kept.sender, "email": kept.sender, "subject": kept.subject,
        "message": kept.body[:LONGEST_ANSWER],
    }  # fmt: skip
    return {key: text for key, text in found.items() if text}


def _keep(mailbox: Mailbox, uid_validity: int, letter: ReadLetter, fetched: Fetched, now: datetime) -> ReceivedLetter:
    kept = ReceivedLetter(
        mailbox=mailbox, uid_validity=uid_validity, uid=fetched.uid, digest=letter.digest, kind=letter.kind,
        place=LetterPlace.UNSORTED, message_id=letter.message_id, sender=letter.sender, sender_name=letter.sender_name,
        to=letter.to, subject=letter.subject, body=letter.body, quoted=letter.quoted,
        attachments=[{"name": one.name, "type": one.type, "size": one.size} for one in letter.attachments],
        is_cut=letter.is_cut, is_broken=letter.is_broken, written_at=letter.written_at,
        came_at=fetched.came_at or letter.written_at or now, taken_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            kept.save(force_insert=True)
    except DataError:  # what no column takes: the letter is known to have come, the mailbox has the rest
        LOG.exception("letter %s of mailbox %s cannot be kept as it is", fetched.uid, mailbox.pk)
        kept = ReceivedLetter(
            mailbox=mailbox, uid_validity=uid_validity, uid=fetched.uid, digest=letter.digest,
            kind=letter.kind, place=LetterPlace.UNSORTED, is_broken=True, came_at=now, taken_at=now,
        )  # fmt: skip
        kept.save(force_insert=True)
    return kept


def _bring(kept: ReceivedLetter, letter: ReadLetter, mailbox: Mailbox, now: datetime) -> None:
    """Find out where the letter belongs, and let it do there what it does."""
    if is_own(letter, mailbox):
        kept.kind, kept.place = LetterKind.OWN, LetterPlace.ASIDE
        kept.save()
        return
    if letter.is_forged and kept.kind == LetterKind.LETTER:
        kept.why = FORGED
        kept.save()
        return
    found = whose(letter)
    kept.deal_id, kept.client_id, kept.why = found.deal_id, found.client_id, found.why
    is_from_us = is_colleague(letter.sender)
    if kept.deal_id is not None:
        kept.place = LetterPlace.DEAL
        if not is_from_us:
            offer(kept, thread=found.thread, now=now)
    elif kept.kind != LetterKind.LETTER:
        kept.place = LetterPlace.ASIDE if kept.client_id is None else LetterPlace.CLIENT
    elif is_from_us:
        kept.why = COLLEAGUE
    elif letter.is_broken:
        kept.why = "broken"
    else:
        _begin_if_wanted(kept, mailbox, found, now)
    kept.save()


def _begin_if_wanted(kept: ReceivedLetter, mailbox: Mailbox, found: Found, now: datetime) -> None:
    if found.why not in (STRANGER, NO_DEAL):
        return
    if mailbox.process is None:
        kept.place = LetterPlace.UNSORTED if found.client_id is None else LetterPlace.CLIENT
        return
    if not mailbox.owner.is_active or not may(mailbox.owner, Act.WORK_DEALS):
        kept.why = OWNER_GONE
        return
    begun = ReceivedLetter.objects.filter(mailbox=mailbox, is_new_request=True, taken_at__gt=now - timedelta(hours=1))
    if begun.count() >= PER_HOUR:
        kept.why = "flood"
        return
    begin_deal(kept, mailbox, client_id=found.client_id, now=now)
    kept.why = ""


def _leave(kept: ReceivedLetter, error: Exception) -> None:
    """Leave a letter to be sorted, with the reason; what `_bring` did is undone."""
    kept.refresh_from_db()
    kept.why = "refused"
    if isinstance(error, Refused | NotVisible):
        kept.error = error.message if isinstance(error, Refused) else ""
    else:
        kept.why = "inside"
        LOG.error("letter %s could not be brought to anybody", kept.pk, exc_info=error)
    kept.save(update_fields=["why", "error"])


def tell_taken(kept: ReceivedLetter, now: datetime) -> None:
    """Tell the ledger, and whom it concerns, of a letter that came."""
    payload = {
        "letter": kept.pk, "subject": kept.subject[:300], "from": kept.sender_name or kept.sender,
        "address": kept.sender, "kind": kept.kind, "place": kept.place, "is_new": kept.is_new_request,
    }  # fmt: skip
    told = LedgerEvent(events.LETTER_RECEIVED, now, client_id=kept.client_id, deal_id=kept.deal_id, payload=payload)
    record([told])
    telling.tell_of(kept, now=now)
