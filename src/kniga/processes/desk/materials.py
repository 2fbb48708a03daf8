"""Documents and letters a person uses at a step: made from the templates the book names, with the deal's data in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from kniga.documents.letter_services import keep_letter
from kniga.documents.line_tables import lines_as_table, shown_lines
from kniga.documents.models import Document, DocumentTemplate, Letter
from kniga.documents.queries import active_template, active_template_names
from kniga.documents.services import create_document
from kniga.engine import Material
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.queries import administrators
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible, Refused, check_all
from kniga.platform.phones import format_phone
from kniga.processes.actions.documents import as_plain_text, filled_document, gaps_of_document
from kniga.processes.actions.doing import ActionFailed
from kniga.processes.actions.letters import post
from kniga.processes.actions.placeholders import filled_known, letter_values, missing_in
from kniga.processes.desk.task_card import TaskCard, book_step
from kniga.processes.running.effects import loops_over_contacts
from kniga.processes.running.reading import TaskSnapshot, read_task
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.script_words import gaps_in_words

_MOST_READ, _MOST_SHOWN = 60, 3
LONGEST_SUBJECT = 1000
LONGEST_LETTER = 100_000
"""Characters of a letter."""


@dataclass(frozen=True, slots=True)
class Made:
    """What has been made from a template for the deal, by anybody: `name` of the document or subject of the letter."""

    id: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """A document or letter to use at a task; `name` is the template's, "" when it is not there or not in use. `made`
    are the newest three made from it for this deal."""

    kind: str
    template: str
    name: str
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class FilledLetter:
    """A letter as it may be sent: `missing` are the placeholders nobody has filled in, which still stand in it, with
    their names for people."""

    name: str
    to: str
    subject: str
    body: str
    missing: tuple[tuple[str, str], ...]


class Gaps(Refused):
    """Somebody has to fill in something first: `missing` are the placeholders with their names for people."""

    def __init__(self, missing: tuple[tuple[str, str], ...]) -> None:
        names = ", ".join(name for _key, name in missing)
        super().__init__("gaps", _("Nobody has filled in yet: %(names)s.") % {"names": names})
        self.missing = missing


def materials_of(*, card: TaskCard) -> tuple[MaterialRow, ...]:
    """What the book gives the person of a task that came through `get_task_card`. No statement where it gives
    nothing; otherwise two for each kind."""
    named = card.step.materials
    names = {kind: active_template_names(kind=kind) for kind in {one.kind for one in named}}
    made = {kind: _made(kind, card.deal.id, [one.template for one in named if one.kind == kind]) for kind in names}
    return tuple(
        MaterialRow(one.kind, one.template, names[one.kind].get(one.template, ""), tuple(made[one.kind][one.template]))
        for one in named
    )


@transaction.atomic
def make_document(*, task_id: int, template_key: str, by: User, now: datetime) -> Document:
    """Make a document from a template that the task's step names, and keep it with the deal.

    Raises NotVisible (no such task, or its step does not name the template); Refused `not_yours`, `template_gone`,
    Gaps."""
    task, template = _workable(task_id, Material("document", template_key), by)
    values = _values(task, template, by, now)
    missing = gaps_of_document(template.name, template.body, values)
    if missing:
        raise Gaps(gaps_in_words(missing, runnable_version(task.version_id).definition))
    with translation.override(template.language or settings.LANGUAGE_CODE):
        table = lines_as_table(shown_lines(deal_id=task.deal.id), as_plain_text)
    name, body = filled_document(template.name, template.body, values, table)
    return create_document(
        deal_id=task.deal.id, template=template, name=name, body=body, by=by, now=now, instance_id=task.instance_id
    )


def letter_for(*, task_id: int, template_key: str, by: User, now: datetime) -> FilledLetter:
    """A letter of the task's step with the client's data filled in. Raises as `make_document` does, but for gaps:
    those stay in the text for the person to fill."""
    task, template = _workable(task_id, Material("letter", template_key), by)
    values = _values(task, template, by, now)
    empty = missing_in(f"{template.subject}\n{template.body}", values)
    missing = gaps_in_words(empty, runnable_version(task.version_id).definition)
    subject = " ".join(filled_known(template.subject, values).split())
    body = filled_known(template.body, values)
    return FilledLetter(template.name, values.get("contact.email", ""), subject, body, missing)


@transaction.atomic
def send_letter_by_hand(
    *, task_id: int, template_key: str, to: str, subject: str, body: str, by: User, now: datetime
) -> Letter:
    """Send a letter of the task's step as the person has left it, and keep it as it was sent.

    Raises as `make_document` does, and Refused `bad_address`, `subject_missing`, `body_missing`, `gaps` (a
    placeholder still stands in it) at its field, `no_mail_server`, `mail_server`."""
    task, template = _workable(task_id, Material("letter", template_key), by)
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    check_all(
        lambda: _check_address(to.strip()),
        lambda: _check_text("subject", subject, LONGEST_SUBJECT, _("Enter a subject.")),
        lambda: _check_text("body", body, LONGEST_LETTER, _("Write the letter.")),
    )
    try:
        post(
            instance_id=task.instance_id, mark=f"task-{task_id}-{uuid4().hex}", to=to.strip(), subject=subject,
            body=body, reply_to=by.email,
        )  # fmt: skip
    except ActionFailed as failed:
        message = _no_mail_server(by) if failed.code == "no_mail_server" else failed.message
        raise Refused(failed.code, message) from failed
    return keep_letter(
        deal_id=task.deal.id, template_key=template.key, to=to.strip(), subject=subject, body=body, by=by, now=now,
        instance_id=task.instance_id, task_id=task_id,
    )  # fmt: skip


def _no_mail_server(by: User) -> str:
    """What one who sends letters may do about it; who sets the server up is told how."""
    if may(by, Act.MANAGE_ORGANISATION):
        return _("No mail server is set up: see KNIGA_SMTP_HOST.")
    people = ", ".join(administrators(user=by))
    if not people:
        return _("Letters cannot be sent from here yet. Copy the text and send it from your own mail.")
    message = _(
        "Letters cannot be sent from here yet: ask %(people)s to set up the mail server. "
        "Until then copy the text and send it from your own mail."
    )
    return message % {"people": people}


def _workable(task_id: int, material: Material, by: User) -> tuple[TaskSnapshot, DocumentTemplate]:
    """The open task and the template, if its step names it and `by` may work on it."""
    task = read_task(task_id=task_id, visible_to=visible_owner_ids(by, Entity.DEAL), user_id=by.pk)
    if task is None or material not in book_step(task.version_id, task.element).materials:
        raise NotVisible
    if task.status != "open":
        raise Refused("task_over", _("The task is over; its documents and letters are with the deal."))
    if task.assignee_id not in (by.pk, None) and not may(by, Act.COMPLETE_FOR_OTHERS):
        raise Refused("not_yours", _("This task is assigned to somebody else."))
    template = active_template(key=material.template, kind=material.kind)
    if template is None:
        text = _("The template “%s” is not in use any more. Ask the head of sales.")
        raise Refused("template_gone", text % material.template)
    return task, template


def _values(task: TaskSnapshot, template: DocumentTemplate, by: User, now: datetime) -> Mapping[str, str]:
    """What is filled in: as in letters of the process, but “user” is who does it."""
    with translation.override(template.language or settings.LANGUAGE_CODE):
        values = letter_values(instance_id=task.instance_id, contact=_contact_of(task), now=now)
    phone = format_phone(by.phone) if by.phone else ""
    return values | {"user.name": by.name, "user.email": by.email, "user.phone": phone}


def _contact_of(task: TaskSnapshot) -> str | None:
    """The id of the contact the step is done for, where it is done for each; else None: the main one."""
    body = task.state.token(task.token)
    holder = None if body is None or body.item is None else task.state.token(body.parent)
    if body is None or body.item is None or holder is None or holder.loop is None:
        return None
    step = book_step(task.version_id, task.element)
    return holder.loop.items[body.item] if loops_over_contacts(step) else None


def _made(kind: str, deal_id: int, keys: list[str]) -> dict[str, list[Made]]:
    found: dict[str, list[Made]] = {key: [] for key in keys}
    for key, id_, name, at in (
        _rows_of_letters(deal_id, keys) if kind == "letter" else _rows_of_documents(deal_id, keys)
    ):
        if len(found[key]) < _MOST_SHOWN:
            found[key].append(Made(id_, name, at))
    return found


def _rows_of_letters(deal_id: int, keys: list[str]) -> list[tuple[str, int, str, datetime]]:
    found = Letter.objects.filter(deal_id=deal_id, template_key__in=keys).order_by("-sent_at", "-id")
    return list(found.values_list("template_key", "id", "subject", "sent_at")[:_MOST_READ])


def _rows_of_documents(deal_id: int, keys: list[str]) -> list[tuple[str, int, str, datetime]]:
    found = Document.objects.filter(deal_id=deal_id, template_key__in=keys).order_by("-made_at", "-id")
    return list(found.values_list("template_key", "id", "name", "made_at")[:_MOST_READ])


def _check_address(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        text = _("Enter the e-mail address of whom the letter goes to.")
        raise Refused("bad_address", text, field="to") from error


def _check_text(field: str, text: str, longest: int, missing: str) -> None:
    if not text or len(text) > longest:
        raise Refused(f"{field}_missing", missing, field=field)
    gaps = missing_in(text, {})
    if gaps:
        told = _("Fill in what nobody knew: %(names)s.") % {"names": ", ".join(f"{{{{{name}}}}}" for name in gaps)}
        raise Refused("gaps", told, field=field)
