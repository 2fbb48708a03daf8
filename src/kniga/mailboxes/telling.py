"""Whom a letter is told to: the rep of its deal or client, else who keeps the mailbox, else those above."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.mailboxes.models import LetterKind, LetterPlace, ReceivedLetter
from kniga.people.models import User
from kniga.people.notice_kinds import LETTER
from kniga.people.notices import notify
from kniga.people.roles import Role
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
    people = [id for id in _readers_of(kept) if id != besides]
    notify(user_ids=people, kind=LETTER, title=title, body=kept.body[:1000], url=f"/letters/{kept.pk}/", now=now)


def _readers_of(kept: ReceivedLetter) -> list[int]:
    """The rep, else who keeps the mailbox, else those above the rep: whoever of them works here still."""
    owner: int | None = None
    if kept.deal_id is not None:
        owner = Deal.objects.filter(pk=kept.deal_id).values_list("owner_id", flat=True).first()
    elif kept.client_id is not None:
        owner = Client.objects.filter(pk=kept.client_id).values_list("owner_id", flat=True).first()
    near = [id for id in (owner, kept.mailbox.owner_id) if id is not None]
    people = User.objects.select_related("team__lead").in_bulk(near)
    found = [id for id in near if people[id].is_active][:1]
    return found or _above(people[near[0]])


def _above(person: User) -> list[int]:
    """The lead of a person's team; without one, the heads of the branch, else whoever is highest."""
    lead = None if person.team is None else person.team.lead
    if lead is not None and lead.is_active:
        return [lead.pk]
    for role in (Role.HEAD, Role.OWNER, Role.ADMINISTRATOR):
        of_role = User.objects.filter(role=role, is_active=True)
        if role is Role.HEAD:
            of_role = of_role.filter(Q(branch=None) | Q(branch_id=person.branch_id))
        found = list(of_role.order_by("pk").values_list("pk", flat=True))
        if found:
            return found
    return []
