"""Templates are kept by the head; a document never changes once it is made."""

from __future__ import annotations

import pytest

from kniga.documents.letter_services import keep_letter
from kniga.documents.models import Document, DocumentTemplate
from kniga.documents.queries import (
    active_template,
    active_template_names,
    documents_of_deal,
    get_document,
    get_letter,
    get_template,
    letters_of_deal,
    template_rows,
)
from kniga.documents.services import TemplateText, create_document, create_template, update_template
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from tests.processes.conftest import NOW, Department, department

__all__ = ["department"]


def offer(department: Department, key: str = "offer") -> DocumentTemplate:
    return create_template(key=key, text=TemplateText("Offer", "Dear {{client.name}}"), by=department.head, now=NOW)


def test_a_template_is_saved_with_its_event_and_changed_by_revision(department: Department) -> None:
    template = offer(department)
    told = Event.objects.get(kind="documents.template.saved")
    assert told.payload == {"template": "offer", "kind": "document", "name": "Offer", "revision": 1, "is_active": True}
    changed = update_template(
        template=template,
        revision=1,
        text=TemplateText("Our offer", "Hello"),
        is_active=False,
        by=department.head,
        now=NOW,
    )
    assert (changed.revision, changed.is_active, active_template(key="offer")) == (2, False, None)
    with pytest.raises(Conflict):
        update_template(
            template=template, revision=1, text=TemplateText("X", "Y"), is_active=True, by=department.head, now=NOW
        )  # fmt: skip
    same = update_template(
        template=template,
        revision=2,
        text=TemplateText("Our offer", "Hello"),
        is_active=False,
        by=department.head,
        now=NOW,
    )
    assert same.revision == 2 and Event.objects.filter(kind="documents.template.saved").count() == 2
    assert [row.name for row in template_rows(user=department.head)] == ["Our offer"]


@pytest.mark.parametrize(
    ("key", "name", "body", "fields"),
    [
        ("", "", " ", ["key", "name", "body"]),
        ("Offer", "Offer", "x", ["key"]),
        ("new", "Offer", "x", ["key"]),
        ("offer", "Offer", "x", ["key"]),
        ("act", "a" * 301, "x" * 100_001, ["name", "body"]),
    ],
)
def test_what_is_no_template_is_refused_at_its_fields(
    department: Department, key: str, name: str, body: str, fields: list[str]
) -> None:
    offer(department)
    with pytest.raises(Refused) as refused:
        create_template(key=key, text=TemplateText(name, body), by=department.head, now=NOW)
    assert [one.field for one in (refused.value, *refused.value.also)] == fields


def test_a_rep_keeps_no_templates(department: Department) -> None:
    template = offer(department)
    with pytest.raises(Refused):
        create_template(key="act", text=TemplateText("Act", "x"), by=department.rep, now=NOW)
    with pytest.raises(Refused):
        update_template(
            template=template, revision=1, text=TemplateText("X", "Y"), is_active=True, by=department.rep, now=NOW
        )  # fmt: skip
    with pytest.raises(NotVisible):
        get_template(user=department.head, key="nothing")


def test_a_document_is_seen_by_those_who_see_its_deal(department: Department) -> None:
    template = offer(department)
    made = create_document(
        deal_id=department.deal.pk, template=template, name="", body="Dear Warehouse", by=department.rep, now=NOW
    )
    update_template(
        template=template, revision=1, text=TemplateText("X", "Changed"), is_active=True, by=department.head, now=NOW
    )  # fmt: skip
    assert get_document(user=department.rep, id=made.pk).body == "Dear Warehouse"
    assert get_document(user=department.head, id=made.pk).client_id == department.deal.client_id
    with pytest.raises(NotVisible):
        get_document(user=department.other, id=made.pk)
    (row,) = documents_of_deal(user=department.rep, deal=department.deal)
    assert (row.name, row.made_by) == ("Offer", "Roman")
    told = Event.objects.get(kind="documents.document.created")
    assert (told.deal_id, told.client_id, told.payload["template"]) == (
        department.deal.pk, department.deal.client_id, "offer",
    )  # fmt: skip


def test_one_piece_of_work_makes_one_document(department: Department) -> None:
    template = offer(department)
    first, again = (
        create_document(
            deal_id=department.deal.pk, template=template, name=name, body=name, by=None, now=NOW, work_id=7
        )
        for name in ("One", "Two")
    )
    assert first == again and Document.objects.get().name == "One"
    assert Event.objects.filter(kind="documents.document.created").count() == 1


def hello(department: Department, **changed: str) -> DocumentTemplate:
    said = {"name": "Hello", "body": "Dear {{contact.name}}", "subject": "{{deal.name}}", "language": "ru", **changed}
    return create_template(key="hello", kind="letter", text=TemplateText(**said), by=department.head, now=NOW)


def test_a_template_of_a_letter_has_a_subject_and_a_language(department: Department) -> None:
    template = hello(department)
    assert (template.kind, template.subject, template.language) == ("letter", "{{deal.name}}", "ru")
    assert active_template(key="hello") is None and active_template(key="hello", kind="letter") == template
    offer(department)
    assert (active_template_names(), active_template_names(kind="letter")) == ({"offer": "Offer"}, {"hello": "Hello"})
    named = TemplateText("Act for {{ client.name }}", "x")
    create_template(key="act", text=named, by=department.head, now=NOW)
    assert active_template_names()["act"] == "Act for …"
    DocumentTemplate.objects.filter(key="act").delete()
    text = TemplateText("Hello", "Dear {{contact.name}}", "Another", "en")
    changed = update_template(
        template=template, revision=1, text=text, is_active=True, by=department.head, now=NOW
    )  # fmt: skip
    assert (changed.revision, changed.subject, changed.language) == (2, "Another", "en")
    assert [row.kind for row in template_rows(user=department.head)] == ["document", "letter"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"subject": " "}, "subject"), ({"subject": "{{deal.nothing}}"}, "subject"), ({"language": "xx"}, "language")],
)
def test_what_is_no_letter_is_refused_at_its_field(department: Department, changed: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        hello(department, **changed)
    assert refused.value.field == field


def test_there_are_templates_of_documents_and_letters_only(department: Department) -> None:
    with pytest.raises(Refused) as refused:
        create_template(key="film", kind="film", text=TemplateText("Film", "x"), by=department.head, now=NOW)
    assert refused.value.field == "kind"


def test_a_letter_is_kept_and_seen_by_those_who_see_its_deal(department: Department) -> None:
    kept = keep_letter(
        deal_id=department.deal.pk, template_key="hello", to="a@example.com", subject="S", body="B",
        by=department.rep, now=NOW,
    )  # fmt: skip
    assert get_letter(user=department.rep, id=kept.pk).body == "B"
    with pytest.raises(NotVisible):
        get_letter(user=department.other, id=kept.pk)
    (row,) = letters_of_deal(user=department.rep, deal=department.deal)
    assert (row.subject, row.to, row.sent_by) == ("S", "a@example.com", "Roman")
    told = Event.objects.get(kind="documents.letter.sent")
    assert told.payload == {"letter": kept.pk, "subject": "S", "to": "a@example.com", "template": "hello"}
