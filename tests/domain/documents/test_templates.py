"""Templates are kept by the head; a document never changes once it is made."""

from __future__ import annotations

import pytest

from kniga.documents.models import Document, DocumentTemplate
from kniga.documents.queries import active_template, documents_of_deal, get_document, get_template, template_rows
from kniga.documents.services import create_document, create_template, update_template
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from tests.processes.conftest import NOW, Department, department

__all__ = ["department"]


def offer(department: Department, key: str = "offer") -> DocumentTemplate:
    return create_template(key=key, name="Offer", body="Dear {{client.name}}", by=department.head, now=NOW)


def test_a_template_is_saved_with_its_event_and_changed_by_revision(department: Department) -> None:
    template = offer(department)
    told = Event.objects.get(kind="documents.template.saved")
    assert told.payload == {"template": "offer", "name": "Offer", "revision": 1, "is_active": True}
    changed = update_template(
        template=template, revision=1, name="Our offer", body="Hello", is_active=False, by=department.head, now=NOW
    )
    assert (changed.revision, changed.is_active, active_template(key="offer")) == (2, False, None)
    with pytest.raises(Conflict):
        update_template(
            template=template, revision=1, name="X", body="Y", is_active=True, by=department.head, now=NOW
        )  # fmt: skip
    same = update_template(
        template=template, revision=2, name="Our offer", body="Hello", is_active=False, by=department.head, now=NOW
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
        create_template(key=key, name=name, body=body, by=department.head, now=NOW)
    assert [one.field for one in (refused.value, *refused.value.also)] == fields


def test_a_rep_keeps_no_templates(department: Department) -> None:
    template = offer(department)
    with pytest.raises(Refused):
        create_template(key="act", name="Act", body="x", by=department.rep, now=NOW)
    with pytest.raises(Refused):
        update_template(
            template=template, revision=1, name="X", body="Y", is_active=True, by=department.rep, now=NOW
        )  # fmt: skip
    with pytest.raises(NotVisible):
        get_template(user=department.head, key="nothing")


def test_a_document_is_seen_by_those_who_see_its_deal(department: Department) -> None:
    template = offer(department)
    made = create_document(
        deal_id=department.deal.pk, template=template, name="", body="Dear Warehouse", by=department.rep, now=NOW
    )
    update_template(
        template=template, revision=1, name="X", body="Changed", is_active=True, by=department.head, now=NOW
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
