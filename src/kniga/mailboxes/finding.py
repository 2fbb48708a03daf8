"""Whom a letter is about: by its thread, else by the address of who wrote it."""

from __future__ import annotations

import re
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
MOST_THREADS: Final = 20
"""Threads of a letter that are looked at, signed ones first."""
_NOTICE: Final = re.compile(r"<kniga-notice-\d+@([^\s<>@]+)>")


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
    clients = clients_of(letter.sender)
    threads = threads_in(letter.references)[:MOST_THREADS]
    found = Instance.objects.filter(pk__in={one.instance_id for one in threads})
    deals = {row[0]: row[1:] for row in found.values_list("pk", "deal_id", "deal__client_id")}
    for thread in threads:
        deal = deals.get(thread.instance_id)
        if deal is not None and (thread.is_signed or deal[1] in clients):
            return Found(deal[0], deal[1], thread_of(thread.instance_id))
    if not clients:
        return Found(why=STRANGER)
    if len(clients) > 1:
        return Found(why=MANY_CLIENTS)
    return _deal_of(clients[0], letter.sender)


def is_own(letter: ReadLetter, mailbox: Mailbox) -> bool:
    """Whether Kniga sent it: a letter of a deal, by its signed name; a notice; or one from the very address it came
    to. Another installation's letters are a client's like any other."""
    ours = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">").strip().lower()
    if letter.sender in (ours, mailbox.address) or any(one.is_signed for one in threads_in([letter.message_id])):
        return True
    notice = _NOTICE.fullmatch(letter.message_id)
    return notice is not None and notice[1].lower() == ours.rpartition("@")[2]


def is_colleague(address: str) -> bool:
    """Whether it is that of somebody who signs in."""
    return User.objects.filter(email=address).exists()


def clients_of(address: str) -> list[int]:
    """The clients with this address, at most twenty."""
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
