"""Documents, letters and templates as their pages need them; every query shows only what the user may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kniga.deals.models import Deal
from kniga.documents.models import Document, DocumentTemplate, Letter, TemplateKind
from kniga.documents.placeholders import without_placeholders
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible

MOST_OF_DEAL: Final = 200


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list; in its name “…” for what will be filled in."""

    key: str
    kind: str
    language: str
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


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter in its deal's card; `sent_by` "" for a process."""

    id: int
    subject: str
    to: str
    sent_at: datetime
    sent_by: str


def template_rows(*, user: User) -> tuple[TemplateRow, ...]:
    """All templates, those in use first, documents before letters, by name; names may have placeholders. Templates are
    part of the sales book: they are nobody's own."""
    found = DocumentTemplate.objects.order_by("-is_active", "kind", "name", "id")
    fields = ("key", "kind", "language", "name", "is_active", "updated_at")
    return tuple(TemplateRow(*row) for row in found.values_list(*fields))


def get_template(*, user: User, key: str) -> DocumentTemplate:
    """The template of this key. Raises NotVisible."""
    found = DocumentTemplate.objects.filter(key=key).first()
    if found is None:
        raise NotVisible
    return found


def active_template(*, key: str, kind: str = TemplateKind.DOCUMENT) -> DocumentTemplate | None:
    """The template of this key and kind if documents or letters may be made from it."""
    return DocumentTemplate.objects.filter(key=key, kind=kind, is_active=True).first()


def active_template_names(*, kind: str = TemplateKind.DOCUMENT) -> dict[str, str]:
    """The templates of a kind that a process may name: names by key, sorted by key; what will be filled in is “…”."""
    found = DocumentTemplate.objects.filter(kind=kind, is_active=True).order_by("key")
    return {key: without_placeholders(name) for key, name in found.values_list("key", "name")}


def documents_of_deal(*, user: User, deal: Deal) -> tuple[DocumentRow, ...]:
    """The documents of a deal that came through `get_visible_deal`, newest first, at most 200."""
    found = Document.objects.filter(deal=deal).order_by("-made_at", "-id")
    rows = found.values_list("id", "name", "made_at", "made_by__name")[:MOST_OF_DEAL]
    return tuple(DocumentRow(id_, name, made_at, made_by or "") for id_, name, made_at, made_by in rows)


def letters_of_deal(*, user: User, deal: Deal) -> tuple[LetterRow, ...]:
    """The letters of a deal that came through `get_visible_deal`, newest first, at most 200."""
    found = Letter.objects.filter(deal=deal).order_by("-sent_at", "-id")
    rows = found.values_list("id", "subject", "to", "sent_at", "sent_by__name")[:MOST_OF_DEAL]
    return tuple(LetterRow(*row[:4], row[4] or "") for row in rows)


def get_document(*, user: User, id: int) -> Document:
    """The document with its deal and maker, if `user` sees the deal. Raises NotVisible."""
    found = Document.objects.select_related("deal", "made_by").filter(pk=id).first()
    if found is None or not _sees(user, found.deal):
        raise NotVisible
    return found


def get_letter(*, user: User, id: int) -> Letter:
    """The letter with its deal and sender, if `user` sees the deal. Raises NotVisible."""
    found = Letter.objects.select_related("deal", "sent_by").filter(pk=id).first()
    if found is None or not _sees(user, found.deal):
        raise NotVisible
    return found


def _sees(user: User, deal: Deal) -> bool:
    owners = visible_owner_ids(user, Entity.DEAL)
    return user.is_active and (owners is None or deal.owner_id in owners)
