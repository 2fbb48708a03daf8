"""Changes to templates, and making documents. Every change is one transaction with its ledger event."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.deals.models import Deal
from kniga.documents import events
from kniga.documents.models import Document, DocumentTemplate
from kniga.documents.placeholders import PLACEHOLDERS, unknown_placeholders
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, Refused, check_all
from kniga.platform.ledger import LedgerEvent, record

LONGEST_NAME: Final = 300
LONGEST_BODY: Final = 100_000
"""Characters of a template."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
# "new" is the address of the form that makes one.
_TAKEN_BY_PAGES: Final = frozenset({"new"})


@transaction.atomic
def create_template(
    *, key: str, name: str, body: str, by: User, now: datetime, is_active: bool = True
) -> DocumentTemplate:
    """A new template under a key of its own.

    Raises Refused: `key_invalid`, `key_taken`, `name_missing`, `body_missing`, `placeholder_unknown`,
    `not_allowed`."""
    require(by, Act.EDIT_BOOK)
    check_all(lambda: _check_key(key), lambda: _clean_name(name), lambda: _clean_body(body))
    template = DocumentTemplate.objects.create(
        key=key, name=_clean_name(name), body=_clean_body(body), is_active=is_active, created_at=now, updated_at=now
    )
    _tell_saved(template, by, now)
    return template


@transaction.atomic
def update_template(
    *, template: DocumentTemplate, revision: int, name: str, body: str, is_active: bool, by: User, now: datetime
) -> DocumentTemplate:
    """Change a template; documents made from it stay as they are.

    Raises Refused: `name_missing`, `body_missing`, `placeholder_unknown`, `not_allowed`; Conflict `changed_meanwhile`
    if `revision` is not the present one."""
    require(by, Act.EDIT_BOOK)
    check_all(lambda: _clean_name(name), lambda: _clean_body(body))
    template = DocumentTemplate.objects.select_for_update().get(pk=template.pk)
    if template.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    before = (template.name, template.body, template.is_active)
    template.name, template.body, template.is_active = _clean_name(name), _clean_body(body), is_active
    if before != (template.name, template.body, template.is_active):
        template.revision += 1
        template.updated_at = now
        template.save()
        _tell_saved(template, by, now)
    return template


@transaction.atomic
def create_document(
    *, deal_id: int, template: DocumentTemplate, name: str, body: str, by: User | None, now: datetime,
    instance_id: int | None = None, work_id: int | None = None,
) -> Document:  # fmt: skip
    """Keep a document for a deal: `body` is the text as it shall stay, its placeholders filled in. An empty `name`
    is the template's.

    `by` None: a process made it. The same `work_id` again gives the document it has made already."""
    if work_id is not None:
        _alone_with(work_id)
        made = Document.objects.filter(work_id=work_id).first()
        if made is not None:
            return made
    deal = Deal.objects.only("id", "client_id").get(pk=deal_id)
    document = Document.objects.create(
        deal=deal, client_id=deal.client_id, template_key=template.key, body=body, made_at=now, made_by=by,
        name=_one_line(name)[:LONGEST_NAME] or template.name, instance_id=instance_id, work_id=work_id,
    )  # fmt: skip
    payload = {"document": document.pk, "name": document.name, "template": template.key}
    told = LedgerEvent(
        events.DOCUMENT_CREATED, now, actor_id=None if by is None else by.pk, client_id=deal.client_id,
        deal_id=deal.pk, instance_id=instance_id, payload=payload,
    )  # fmt: skip
    record([told])
    return document


def _alone_with(work_id: int) -> None:
    """Let only one transaction at a time make the document of a piece of work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"document of work {work_id}"])


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key) or key in _TAKEN_BY_PAGES:
        message = _("Enter a key of small Latin letters, digits, “-” and “_”, beginning with a letter.")
        raise Refused("key_invalid", message, field="key")
    if DocumentTemplate.objects.filter(key=key).exists():
        raise Refused("key_taken", _("Another template has this key."), field="key")


def _clean_name(text: str) -> str:
    name = _one_line(text)
    if not name or len(name) > LONGEST_NAME:
        raise Refused("name_missing", _("Enter a name of at most 300 characters."), field="name")
    _check_placeholders(name, "name")
    return name


def _clean_body(text: str) -> str:
    body = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body or len(body) > LONGEST_BODY:
        raise Refused("body_missing", _("Enter a text of at most 100,000 characters."), field="body")
    _check_placeholders(body, "body")
    return body


def _check_placeholders(text: str, field: str) -> None:
    unknown = unknown_placeholders(text)
    if unknown:
        message = _("Nothing fills in “%(unknown)s”. Known are: %(known)s and answer.… with the key of a question.")
        told = {"unknown": ", ".join(unknown), "known": ", ".join(PLACEHOLDERS)}
        raise Refused("placeholder_unknown", message % told, field=field)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _tell_saved(template: DocumentTemplate, by: User, now: datetime) -> None:
    payload = {
        "template": template.key, "name": template.name, "revision": template.revision, "is_active": template.is_active,
    }  # fmt: skip
    record([LedgerEvent(events.TEMPLATE_SAVED, now, actor_id=by.pk, payload=payload)])
