"""Documents as their pages need them; every query shows only what the user may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kniga.deals.models import Deal
from kniga.documents.models import Document, DocumentTemplate
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible

MOST_OF_DEAL: Final = 200


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list."""

    key: str
    name: str
    is_active: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in its deal's card; `made_by` "" for a process."""

    id: int
    name: str
    made_at: datetime
    made_by: str


def template_rows(*, user: User) -> tuple[TemplateRow, ...]:
    """All templates by name, those in use first. Templates are part of the sales book: they are nobody's own."""
    found = DocumentTemplate.objects.order_by("-is_active", "name", "id")
    return tuple(TemplateRow(*row) for row in found.values_list("key", "name", "is_active", "updated_at"))


def get_template(*, user: User, key: str) -> DocumentTemplate:
    """The template of this key. Raises NotVisible."""
    found = DocumentTemplate.objects.filter(key=key).first()
    if found is None:
        raise NotVisible
    return found


def active_template(*, key: str) -> DocumentTemplate | None:
    """The template of this key if documents may be made from it."""
    return DocumentTemplate.objects.filter(key=key, is_active=True).first()


def active_template_keys() -> tuple[str, ...]:
    """The keys a process may name, sorted."""
    return tuple(DocumentTemplate.objects.filter(is_active=True).order_by("key").values_list("key", flat=True))


def documents_of_deal(*, user: User, deal: Deal) -> tuple[DocumentRow, ...]:
    """The documents of a deal that came through `get_visible_deal`, newest first, at most 200."""
    found = Document.objects.filter(deal=deal).order_by("-made_at", "-id")
    rows = found.values_list("id", "name", "made_at", "made_by__name")[:MOST_OF_DEAL]
    return tuple(DocumentRow(id_, name, made_at, made_by or "") for id_, name, made_at, made_by in rows)


def get_document(*, user: User, id: int) -> Document:
    """The document with its deal and maker, if `user` sees the deal. Raises NotVisible."""
    found = Document.objects.select_related("deal", "made_by").filter(pk=id).first()
    owners = visible_owner_ids(user, Entity.DEAL)
    if found is None or not user.is_active or (owners is not None and found.deal.owner_id not in owners):
        raise NotVisible
    return found
