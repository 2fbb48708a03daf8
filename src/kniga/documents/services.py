"""Changes to templates, and making documents. Every change is one transaction with its ledger event."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from kniga.deals.models import Deal
from kniga.documents import events
from kniga.documents.models import Document, DocumentTemplate, TemplateKind
from kniga.documents.placeholders import PLACEHOLDERS, left_in_braces, unknown_placeholders
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, Refused, check_all
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said as _

LONGEST_NAME: Final = 300
LONGEST_BODY: Final = 100_000
"""Characters of a template."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
# "new" is the address of the form that makes one.
_TAKEN_BY_PAGES: Final = frozenset({"new"})


@dataclass(frozen=True, slots=True)
class TemplateText:
    """What a template says: its name, its text, for a letter its subject, and the language values are filled in in
    ("" the organisation's)."""

    name: str
    body: str
    subject: str = ""
    language: str = ""


@transaction.atomic
def create_template(
    *, key: str, text: TemplateText, by: User, now: datetime, kind: str = TemplateKind.DOCUMENT, is_active: bool = True
) -> DocumentTemplate:
    """A new template under a key of its own.

    Raises Refused: `key_invalid`, `key_taken`, `kind_unknown`, `name_missing`, `subject_missing`, `body_missing`,
    `language_unknown`, `placeholder_unknown`, `placeholder_open`, `not_allowed`."""
    require(by, Act.EDIT_BOOK)
    check_all(lambda: _check_kind(kind), lambda: _check_key(key), *_checks(text, kind))
    template = DocumentTemplate(key=key, kind=kind, is_active=is_active, created_at=now, updated_at=now)
    _write(template, text)
    template.save()
    _tell_saved(template, by, now)
    return template


@transaction.atomic
def update_template(
    *, template: DocumentTemplate, revision: int, text: TemplateText, is_active: bool, by: User, now: datetime
) -> DocumentTemplate:
    """Change a template; documents made from it and letters sent stay as they are.

    Raises Refused: `name_missing`, `subject_missing`, `body_missing`, `language_unknown`, `placeholder_unknown`,
    `placeholder_open`, `not_allowed`; Conflict `changed_meanwhile` if `revision` is not the present one."""
    require(by, Act.EDIT_BOOK)
    check_all(*_checks(text, template.kind))
    template = DocumentTemplate.objects.select_for_update().get(pk=template.pk)
    if template.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    before = _said_by(template)
    template.is_active = is_active
    _write(template, text)
    if before != _said_by(template):
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


def _said_by(template: DocumentTemplate) -> tuple[object, ...]:
    return template.name, template.subject, template.body, template.language, template.is_active


def _write(template: DocumentTemplate, text: TemplateText) -> None:
    template.name, template.body, template.language = _clean_name(text.name), _clean_body(text.body), text.language
    template.subject = _clean_subject(text.subject) if template.kind == TemplateKind.LETTER else ""


def _checks(text: TemplateText, kind: str) -> tuple[Callable[[], object], ...]:
    """What has to hold for the text of a template, in the order of the form."""
    subject = (lambda: _clean_subject(text.subject),) if kind == TemplateKind.LETTER else ()
    return (
        lambda: _clean_name(text.name), *subject, lambda: _clean_body(text.body),
        lambda: _check_language(text.language),
    )  # fmt: skip


def _check_kind(kind: str) -> None:
    if kind not in TemplateKind.values:
        raise Refused("kind_unknown", _("Choose a document or a letter."), field="kind")


def _check_language(language: str) -> None:
    if language and language not in dict(settings.LANGUAGES):
        raise Refused("language_unknown", _("Choose one of the languages offered."), field="language")


def _clean_subject(text: str) -> str:
    subject = _one_line(text)
    if not subject or len(subject) > LONGEST_NAME:
        raise Refused("subject_missing", _("Enter a subject of at most 300 characters."), field="subject")
    _check_placeholders(subject, "subject")
    return subject


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
    left = left_in_braces(text)
    if left:
        message = _("“%(left)s” would reach people as it stands: write what is to be filled in as {{client.name}}.")
        raise Refused("placeholder_open", message % {"left": left}, field=field)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _tell_saved(template: DocumentTemplate, by: User, now: datetime) -> None:
    payload = {
        "template": template.key, "kind": template.kind, "name": template.name, "revision": template.revision,
        "is_active": template.is_active,
    }  # fmt: skip
    record([LedgerEvent(events.TEMPLATE_SAVED, now, actor_id=by.pk, payload=payload)])
