"""Whom a letter is told to: the rep of its deal or client, else who sorts the letters of the mailbox."""

from __future__ import annotations

from datetime import datetime

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.mailboxes.models import LetterKind, LetterPlace, ReceivedLetter
from kniga.people.notice_kinds import LETTER
from kniga.people.notices import notify
from kniga.platform.said import said as _


def tell_of(kept: ReceivedLetter, *, now: datetime, besides: int | None = None) -> None:
    """Tell of a letter under the bell; answers of machines and what was set aside are told to nobody, nor is it told
    to the person `besides`."""
    if kept.place == LetterPlace.ASIDE or kept.kind in (LetterKind.AUTO, LetterKind.OWN):
        return
    told = {"who": kept.sender_name or kept.sender or "—", "subject": kept.subject or "—"}
    if kept.kind == LetterKind.BOUNCE:
        title = _("A letter did not arrive: %(subject)s") % told
    elif kept.place == LetterPlace.UNSORTED:
        title = _("A letter to be sorted. %(who)s: %(subject)s") % told
    else:
        title = _("A letter from %(who)s: %(subject)s") % told
    people = [id for id in [_reader_of(kept)] if id is not None and id != besides]
    notify(user_ids=people, kind=LETTER, title=title, body=kept.body[:1000], url=f"/letters/{kept.pk}/", now=now)


def _reader_of(kept: ReceivedLetter) -> int | None:
    owner: int | None = None
    if kept.deal_id is not None:
        owner = Deal.objects.filter(pk=kept.deal_id).values_list("owner_id", flat=True).first()
    elif kept.client_id is not None:
        owner = Client.objects.filter(pk=kept.client_id).values_list("owner_id", flat=True).first()
    return owner or kept.mailbox.owner_id
