"""Whom a letter is about: by its thread, else by the address of who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from kniga.clients.models import Channel, ChannelKind
from kniga.deals.models import Deal
from kniga.documents.models import Letter
from kniga.documents.threads import threads_in
from kniga.mailboxes.models import Mailbox
from kniga.mailboxes.reading import ReadLetter
from kniga.people.models import User
from kniga.processes.models import Instance
from kniga.processes.running.effects import thread_of

STRANGER: Final = "stranger"
MANY_CLIENTS: Final = "many_clients"
MANY_DEALS: Final = "many_deals"
NO_DEAL: Final = "no_deal"
COLLEAGUE: Final = "colleague"


@dataclass(frozen=True, slots=True)
class Found:
    """The deal and client a letter is about, as far as they are known; `thread` is the one it answers in, `why` says
    why there is no deal."""

    deal_id: int | None = None
    client_id: int | None = None
    thread: str | None = None
    why: str = ""


def whose(letter: ReadLetter) -> Found:
    """The deal in whose thread the letter is; else the client with the sender's address, and its only open deal, or
    of several the one letters went to this address for.

    A thread that this installation has not signed counts only for letters of the deal's own client."""
    clients = _clients_of(letter.sender)
    for thread in threads_in(letter.references):
        deal = Instance.objects.filter(pk=thread.instance_id).values_list("deal_id", "deal__client_id").first()
        if deal is not None and (thread.is_signed or deal[1] in clients):
            return Found(deal[0], deal[1], thread_of(thread.instance_id))
    if not clients:
        return Found(why=STRANGER)
    if len(clients) > 1:
        return Found(why=MANY_CLIENTS)
    return _deal_of(clients[0], letter.sender)


def is_own(letter: ReadLetter, mailbox: Mailbox) -> bool:
    """Whether Kniga sent it: a notice, or a letter from the very address it came to."""
    ours = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">").strip().lower()
    return letter.message_id.startswith("<kniga-") or letter.sender in (ours, mailbox.address)


def is_colleague(letter: ReadLetter) -> bool:
    """Whether somebody who signs in wrote it."""
    return User.objects.filter(email=letter.sender).exists()


def _clients_of(address: str) -> list[int]:
    if not address:
        return []
    found = Channel.objects.filter(kind=ChannelKind.EMAIL, value=address).order_by("contact__client_id")
    return list(found.values_list("contact__client_id", flat=True).distinct()[:20])


def _deal_of(client_id: int, address: str) -> Found:
    deals = list(Deal.objects.filter(client_id=client_id, status="open").values_list("pk", flat=True)[:200])
    if not deals:
        return Found(client_id=client_id, why=NO_DEAL)
    if len(deals) == 1:
        return Found(deals[0], client_id)
    written = Letter.objects.filter(deal_id__in=deals, to=address).order_by("-sent_at", "-id")
    deal_id = written.values_list("deal_id", flat=True).first()
    return Found(deal_id, client_id) if deal_id is not None else Found(client_id=client_id, why=MANY_DEALS)
