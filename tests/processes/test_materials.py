"""Documents and letters that a step gives its person: made and sent from the task, kept with the deal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import translation

from kniga.clients.models import Client
from kniga.documents.models import Document, DocumentTemplate, Letter
from kniga.documents.services import TemplateText, create_template
from kniga.people.models import User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.background.working import do_work, retry_work
from kniga.processes.desk.materials import letter_for, make_document, materials_of, send_letter_by_hand
from kniga.processes.desk.task_card import get_task_card
from kniga.processes.models import Work
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.publishing import BookRefused
from tests.processes.books import book, publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_machine_work import AFTER_UNDO, ask, contact, working_book

STEP = (
    '<userTask id="ask" name="Ask"><extensionElements><kniga:material kind="letter" template="hello"/>'
    '<kniga:material template="offer"/><kniga:outcome key="ok" label="OK"/></extensionElements></userTask>'
)
BOOK = book(
    "small", f'<startEvent id="start"/>{STEP}<endEvent id="end"/><flows>start -> ask\nask -> end\n</flows>'
)  # fmt: skip
SENT_BY_TEMPLATE = (
    '<sendTask id="work" name="Write"><extensionElements><kniga:letter template="hello"/></extensionElements>'
    "</sendTask>"
)


def templates(department: Department, letter: str = "Dear {{contact.name}}, {{deal.amount}}") -> None:
    hello = TemplateText("Hello", letter, subject="About {{deal.name}}", language="en")
    create_template(key="hello", kind="letter", text=hello, by=department.head, now=NOW)
    create_template(key="offer", text=TemplateText("Offer", "For {{client.name}}"), by=department.head, now=NOW)


def begun(department: Department, **more: str) -> int:
    contact(department)
    templates(department, **more)
    publish(BOOK)
    return start_process(deal_id=department.deal.pk, process_key="small", by=department.rep, now=NOW).created[0]


def test_a_step_gives_its_person_documents_and_letters(department: Department) -> None:
    task_id = begun(department)
    made = make_document(task_id=task_id, template_key="offer", by=department.rep, now=NOW)
    assert (made.name, made.body, made.made_by) == ("Offer", "For Warehouse", department.rep)
    letter, document = materials_of(card=get_task_card(user=department.rep, task_id=task_id))
    assert (letter.kind, letter.name, letter.made) == ("letter", "Hello", ())
    assert (document.kind, document.name, document.made[0].name) == ("document", "Offer", "Offer")
    DocumentTemplate.objects.filter(key="offer").update(is_active=False)
    _letter, document = materials_of(card=get_task_card(user=department.rep, task_id=task_id))
    assert document.name == "" and len(document.made) == 1
    with pytest.raises(Refused) as refused:
        make_document(task_id=task_id, template_key="offer", by=department.rep, now=NOW)
    assert refused.value.code == "template_gone"


def test_a_letter_opens_filled_in_and_is_kept_as_it_was_sent(department: Department) -> None:
    task_id = begun(department)
    filled = letter_for(task_id=task_id, template_key="hello", by=department.rep, now=NOW)
    assert (filled.to, filled.subject, filled.body, filled.missing) == (
        "ann@example.com", "About Racks", "Dear Ann, ₽1,000", (),
    )  # fmt: skip
    sent = send_letter_by_hand(
        task_id=task_id, template_key="hello", to=filled.to, subject=filled.subject, body="Dear Ann, see you!",
        by=department.rep, now=NOW,
    )  # fmt: skip
    (gone,) = mail.outbox
    assert (gone.to, gone.subject, gone.body) == (["ann@example.com"], "About Racks", "Dear Ann, see you!")
    assert gone.reply_to == [department.rep.email]
    assert Letter.objects.get() == sent and (sent.body, sent.sent_by) == ("Dear Ann, see you!", department.rep)
    told = Event.objects.get(kind="documents.letter.sent")
    assert (told.task_id, told.deal_id) == (task_id, department.deal.pk)
    letter, _document = materials_of(card=get_task_card(user=department.rep, task_id=task_id))
    assert letter.made[0].name == "About Racks"


def test_a_letter_with_holes_shows_them_and_is_not_sent(department: Department) -> None:
    task_id = begun(department, letter="Dear {{contact.position}}")
    with translation.override("en"):
        filled = letter_for(task_id=task_id, template_key="hello", by=department.rep, now=NOW)
    assert (
        filled.missing == (("contact.position", "contact's position"),) and filled.body == "Dear {{contact.position}}"
    )
    with pytest.raises(Refused) as refused:
        send_letter_by_hand(
            task_id=task_id, template_key="hello", to="nobody", subject="", body=filled.body, by=department.rep,
            now=NOW,
        )  # fmt: skip
    found = [(one.code, one.field) for one in (refused.value, *refused.value.also)]
    assert found == [("bad_address", "to"), ("subject_missing", "subject"), ("gaps", "body")]
    assert not mail.outbox and not Letter.objects.exists()


def test_without_a_mail_server_one_is_told_whom_to_ask_and_what_to_do_meanwhile(
    department: Department, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    task_id = begun(department)

    def told() -> str:
        with translation.override("en"), pytest.raises(Refused) as refused:
            send_letter_by_hand(
                task_id=task_id, template_key="hello", to="ann@example.com", subject="Racks", body="Dear Ann",
                by=department.rep, now=NOW,
            )  # fmt: skip
        assert refused.value.code == "no_mail_server"
        return refused.value.message

    assert told() == "Letters cannot be sent from here yet. Copy the text and send it from your own mail."
    admin = User.objects.create_user("admin@kniga.test", "correct horse 7", name="Darya", role="administrator")
    assert told().startswith("Letters cannot be sent from here yet: ask Darya to set up the mail server.")
    User.objects.filter(pk=admin.pk).update(is_active=False)
    User.objects.filter(pk=department.rep.pk).update(role="owner")
    department.rep.refresh_from_db()
    assert "KNIGA_SMTP_HOST" in told()


def test_a_document_with_holes_is_refused_by_name(department: Department) -> None:
    task_id = begun(department)
    Client.objects.update(name="")
    with translation.override("en"), pytest.raises(Refused, match=r"client's name"):
        make_document(task_id=task_id, template_key="offer", by=department.rep, now=NOW)
    assert not Document.objects.exists()


def test_only_who_works_on_the_task_uses_what_its_step_names(department: Department) -> None:
    task_id = begun(department)
    for key in ("hello", "nothing"):
        with pytest.raises(NotVisible):
            make_document(task_id=task_id, template_key=key, by=department.rep, now=NOW)
    with pytest.raises(NotVisible):
        letter_for(task_id=task_id, template_key="hello", by=department.other, now=NOW)
    complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=NOW)
    with pytest.raises(Refused) as refused:
        letter_for(task_id=task_id, template_key="hello", by=department.rep, now=NOW)
    assert refused.value.code == "task_over"


def test_a_book_that_names_unknown_templates_is_not_published(department: Department) -> None:
    with pytest.raises(BookRefused) as refused:
        publish(BOOK)
    assert [(one.code, one.params["template"]) for one in refused.value.problems] == [
        ("unknown_letter", "hello"), ("unknown_template", "offer"),
    ]  # fmt: skip
    with pytest.raises(BookRefused) as refused:
        publish(working_book(SENT_BY_TEMPLATE))
    assert [one.code for one in refused.value.problems] == ["unknown_letter"]


def test_a_send_task_sends_the_letter_of_its_template_once(department: Department) -> None:
    contact(department)
    templates(department)
    publish(working_book(SENT_BY_TEMPLATE))
    instance_id, _task = ask(department)
    assert do_work(now=AFTER_UNDO) == 1
    (gone,) = mail.outbox
    assert (gone.subject, gone.body) == ("About Racks", "Dear Ann, ₽1,000")
    kept = Letter.objects.get()
    assert (kept.body, kept.sent_by, kept.instance_id, kept.template_key) == (gone.body, None, instance_id, "hello")
    Work.objects.update(status="running", attempts=1, next_at=AFTER_UNDO)
    do_work(now=AFTER_UNDO + timedelta(minutes=9))
    assert len(mail.outbox) == 1 and Letter.objects.count() == 1


def test_a_letter_template_that_has_gone_is_an_incident_until_it_is_back(department: Department) -> None:
    contact(department)
    templates(department)
    publish(working_book(SENT_BY_TEMPLATE))
    ask(department)
    DocumentTemplate.objects.update(is_active=False)
    do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert work.status == "incident" and "hello" in work.error and not mail.outbox
    DocumentTemplate.objects.update(is_active=True)
    retry_work(work_id=work.pk, reason="It is back", by=department.head, now=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "done" and len(mail.outbox) == 1
