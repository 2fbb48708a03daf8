"""A letter's text as it would go for a real deal, before anybody sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import translation

from kniga.deals.models import Deal
from kniga.deals.numbers import deal_number
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.processes.actions.placeholders import filled_known, letter_values, missing_in
from kniga.processes.models import Instance
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.script_words import gaps_in_words

MOST_DEALS: Final = 50


@dataclass(frozen=True, slots=True)
class LetterPreview:
    """A letter for one deal: `to` is "" where the client's contact has no address; what nobody has filled in still
    stands in double braces, and `missing` has its names for people."""

    to: str
    subject: str
    body: str
    missing: tuple[str, ...]


def deals_to_try(*, user: User) -> tuple[tuple[int, str], ...]:
    """Deals a letter can be tried with, the newest 50 the user sees that a process runs for: id; number and names."""
    found = Deal.objects.filter(Exists(Instance.objects.filter(deal_id=OuterRef("pk")))).order_by("-id")
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None:
        found = found.filter(owner_id__in=owners)
    rows = found.values_list("id", "number", "name", "client__name")[:MOST_DEALS]
    return tuple((id_, f"{deal_number(number)} {name} · {client}") for id_, number, name, client in rows)


def letter_preview(*, user: User, deal_id: int, subject: str, body: str, language: str, now: datetime) -> LetterPreview:
    """The texts with the data of a deal filled in as its process would send them; `language` "" is the
    organisation's. Raises NotVisible for a deal that the user does not see or that no process runs for."""
    owners = visible_owner_ids(user, Entity.DEAL)
    found = Instance.objects.filter(deal_id=deal_id) if owners is None else Instance.objects.filter(
        deal_id=deal_id, deal__owner_id__in=owners
    )  # fmt: skip
    instance = found.order_by("-id").only("id", "version_id").first()
    if instance is None:
        raise NotVisible
    with translation.override(language or settings.LANGUAGE_CODE):
        values = letter_values(instance_id=instance.pk, contact=None, now=now)
    gaps = gaps_in_words(missing_in(f"{subject}\n{body}", values), runnable_version(instance.version_id).definition)
    shown = " ".join(filled_known(subject, values).split())
    return LetterPreview(
        values.get("contact.email", ""), shown, filled_known(body, values), tuple(name for _key, name in gaps)
    )
