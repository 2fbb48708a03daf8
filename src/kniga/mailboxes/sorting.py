"""What people do with letters that found nobody: bring them to a deal, begin one, set them aside."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.clients.contact_services import ContactInput, add_contact
from kniga.clients.models import Channel, ChannelKind, Client
from kniga.clients.queries import get_visible_client
from kniga.deals.queries import get_visible_deal
from kniga.mailboxes import events, telling
from kniga.mailboxes.finding import clients_of, is_colleague
from kniga.mailboxes.models import LetterKind, LetterPlace, ReceivedLetter
from kniga.mailboxes.queries import get_received
from kniga.mailboxes.taking import begin_deal, offer
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, Refused
from kniga.platform.ledger import LedgerEvent, record


@transaction.atomic
def attach_letter(*, letter_id: int, deal_id: int, remember: bool, by: User, now: datetime) -> ReceivedLetter:
    """Bring a letter to a deal; `remember`: the sender's address becomes one of the deal's client, so that further
    letters come by themselves. Raises NotVisible, Refused `not_allowed`, Conflict `sorted_already`."""
    require(by, Act.WORK_DEALS)
    kept = _sortable(letter_id, by)
    deal = get_visible_deal(user=by, id=deal_id)
    kept.deal, kept.client_id, kept.place = deal, deal.client_id, LetterPlace.DEAL
    if remember and deal.client is not None and _is_of_client(kept):
        _remember(deal.client, kept, by, now)
    if _is_of_client(kept):
        offer(kept, thread=None, now=now)
    _sorted(kept, events.LETTER_ATTACHED, by, now)
    telling.tell_of(kept, now=now, besides=by.pk)
    return kept


@transaction.atomic
def begin_with_letter(*, letter_id: int, by: User, now: datetime) -> ReceivedLetter:
    """Begin a deal with a letter that was left to be sorted, as its mailbox does it for strangers. Raises NotVisible,
    Refused `not_allowed`, `no_process`, `no_sender`, `many_clients`, what `begin_request` raises, Conflict
    `sorted_already`."""
    require(by, Act.WORK_DEALS)
    kept = _sortable(letter_id, by)
    mailbox = kept.mailbox
    if mailbox.process is None:
        text = _("This mailbox begins no process. Attach the letter to a deal, or begin one from the client's card.")
        raise Refused("no_process", text)
    if not _is_of_client(kept):
        raise Refused("no_sender", _("No client is known to have written this letter. Attach it to a deal."))
    client_id = kept.client_id or _only_client(kept.sender)
    if client_id is not None:
        get_visible_client(user=by, id=client_id)
    begin_deal(kept, mailbox, client_id=client_id, now=now)
    _sorted(kept, events.LETTER_ATTACHED, by, now)
    telling.tell_of(kept, now=now, besides=by.pk)
    return kept


@transaction.atomic
def set_letter_aside(*, letter_id: int, by: User, now: datetime) -> ReceivedLetter:
    """Put a letter away that is nobody's business. Raises NotVisible, Refused `not_allowed`, Conflict
    `sorted_already`."""
    require(by, Act.WORK_DEALS)
    kept = _sortable(letter_id, by)
    kept.place = LetterPlace.ASIDE
    _sorted(kept, events.LETTER_SET_ASIDE, by, now)
    return kept


def _sortable(letter_id: int, by: User) -> ReceivedLetter:
    get_received(user=by, id=letter_id)
    locked = ReceivedLetter.objects.select_for_update(of=("self",))
    kept = locked.select_related("mailbox__process", "mailbox__owner").get(pk=letter_id)
    if kept.place == LetterPlace.DEAL:
        raise Conflict("sorted_already", _("Somebody has brought this letter to a deal meanwhile."))
    return kept


def _is_of_client(kept: ReceivedLetter) -> bool:
    return bool(kept.sender) and kept.kind == LetterKind.LETTER and not is_colleague(kept.sender)


def _only_client(address: str) -> int | None:
    """The client with this address, None without one. Raises Refused `many_clients`."""
    found = clients_of(address)
    if len(found) > 1:
        text = _("Several clients have this address. Attach the letter to a deal, or begin one from the client's card.")
        raise Refused("many_clients", text)
    return found[0] if found else None


def _remember(client: Client, kept: ReceivedLetter, by: User, now: datetime) -> None:
    known = Channel.objects.filter(contact__client=client, kind=ChannelKind.EMAIL, value=kept.sender)
    if not known.exists():
        contact = ContactInput(name=kept.sender_name or kept.sender, emails=(kept.sender,))
        add_contact(client=client, contact=contact, by=by, now=now)


def _sorted(kept: ReceivedLetter, kind: str, by: User, now: datetime) -> None:
    kept.sorted_by, kept.sorted_at = by, now
    kept.save()
    payload = {
        "letter": kept.pk, "subject": kept.subject[:300], "from": kept.sender_name or kept.sender,
        "address": kept.sender,
    }  # fmt: skip
    told = LedgerEvent(kind, now, actor_id=by.pk, client_id=kept.client_id, deal_id=kept.deal_id, payload=payload)
    record([told])
