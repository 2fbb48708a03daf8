"""Documents and their templates in the browser."""

from __future__ import annotations

import pytest
from django.core import mail

from kniga.deals.models import Deal
from kniga.documents.letter_services import keep_letter
from kniga.documents.models import Document, DocumentTemplate
from kniga.documents.services import TemplateText, create_document, create_template
from kniga.platform.models import Paper
from tests.processes.conftest import NOW, Department, department
from tests.processes.test_materials import begun
from tests.web.test_processes_pages import client_of

__all__ = ["department"]
SENT = {"key": "offer", "name": "Offer", "body": "Dear {{client.name}}", "is_active": "on"}


def test_placeholders_in_a_templates_name_are_read_in_words(department: Department) -> None:
    head = client_of(department.head)
    name = "Offer {{deal.number}} until {{answer.last_day}}"
    create_template(key="offer", text=TemplateText(name, "x"), by=department.head, now=NOW)
    listed = head.get("/documents/templates/").content.decode()
    assert '<span class="k-gap">Deal: number</span> until <span class="k-gap">answer “last_day”</span>' in listed
    assert "<code>offer</code>" not in listed
    page = head.get("/documents/templates/offer/").content.decode()
    assert "Offer ‹Deal: number› until ‹answer “last_day”›" in page
    assert "<dt>Deal: lines with their sum</dt>" in page


@pytest.fixture
def document(department: Department) -> Document:
    template = create_template(key="offer", text=TemplateText("Offer", "x"), by=department.head, now=NOW)
    body = "# Offer\n\n**Dear** Warehouse <script>alert(1)</script>"
    name = 'Offer "Racks" / Предложение'
    return create_document(deal_id=department.deal.pk, template=template, name=name, body=body, by=None, now=NOW)


def test_the_head_adds_and_changes_a_template(department: Department) -> None:
    head = client_of(department.head)
    assert "Templates" in head.get("/processes/").content.decode()
    assert "No templates yet" in head.get("/documents/templates/").content.decode()
    assert "{{client.name}}" in head.get("/documents/templates/new/").content.decode()
    wrong = head.post("/documents/templates/new/", SENT | {"key": "Not a key"})
    assert wrong.status_code == 422 and "small Latin letters" in wrong.content.decode()
    assert head.post("/documents/templates/new/", SENT)["Location"] == "/documents/templates/"
    assert "Offer" in head.get("/documents/templates/").content.decode()
    page = head.get("/documents/templates/offer/").content.decode()
    assert "Dear {{client.name}}" in page and 'name="key"' not in page
    changed = {"name": "Our offer", "body": "Hello", "revision": "1"}
    assert head.post("/documents/templates/offer/", changed).status_code == 302
    template = DocumentTemplate.objects.get()
    assert (template.key, template.name, template.is_active, template.revision) == ("offer", "Our offer", False, 2)
    assert "not in use" in head.get("/documents/templates/").content.decode()
    late = head.post("/documents/templates/offer/", changed)
    assert late.status_code == 422 and "Somebody changed this" in late.content.decode()


def test_a_rep_has_no_templates(department: Department) -> None:
    rep = client_of(department.rep)
    assert 'href="/documents/templates/"' not in rep.get("/processes/").content.decode()
    for path in ("/documents/templates/", "/documents/templates/new/"):
        assert rep.get(path).status_code == 403


def test_the_deal_shows_its_documents_and_each_has_a_page(department: Department, document: Document) -> None:
    rep = client_of(department.rep)
    assert f"/documents/{document.pk}/" in rep.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    page = rep.get(f"/documents/{document.pk}/").content.decode()
    assert "<strong>Dear</strong> Warehouse" in page and "<script>alert" not in page
    timeline = rep.get(f"/deals/{department.deal.pk}/timeline/").content.decode()
    assert "Document made: Offer" in timeline
    russian = client_of(department.rep, "ru")
    department.rep.language = "ru"
    department.rep.save()
    assert "PDF" in russian.get(f"/documents/{document.pk}/").content.decode()


def test_a_document_is_downloaded_as_markdown_and_as_html(department: Department, document: Document) -> None:
    rep = client_of(department.rep)
    text = rep.get(f"/documents/{document.pk}/markdown/")
    assert text.content.decode() == document.body + "\n"
    assert text["Content-Type"] == "text/markdown; charset=utf-8"
    assert text["Content-Disposition"].startswith("attachment; filename*=utf-8''Offer%20-Racks-")
    html = rep.get(f"/documents/{document.pk}/html/")
    shown = html.content.decode()
    assert "<h1>Offer</h1>" in shown and "<script" not in shown and "<!doctype html>" in shown
    assert ".html" in html["Content-Disposition"] and html["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["", "markdown/", "html/", "pdf/", "docx/"])
def test_a_document_of_a_foreign_deal_is_not_there(department: Department, document: Document, path: str) -> None:
    assert client_of(department.other).get(f"/documents/{document.pk}/{path}").status_code == 404
    assert client_of(department.head).get(f"/documents/{document.pk + 1}/{path}").status_code == 404


def test_a_kept_pdf_is_given_only_to_who_sees_the_document(department: Department, document: Document) -> None:
    address = f"/documents/{document.pk}/pdf/"
    made = client_of(department.rep).get(address).content
    assert made.startswith(b"%PDF-") and Paper.objects.count() == 1
    assert client_of(department.other).get(address).status_code == 404
    Deal.objects.update(owner=department.other)
    assert client_of(department.rep).get(address).status_code == 404
    assert client_of(department.other).get(address).content == made
    assert Paper.objects.count() == 1


def test_the_head_adds_a_template_of_a_letter(department: Department) -> None:
    head = client_of(department.head)
    page = head.get("/documents/templates/new/?kind=letter").content.decode()
    assert 'name="subject"' in page and 'value="letter"' in page
    sent = {"kind": "letter", "key": "hello", "name": "Hello", "body": "Dear {{contact.name}}", "is_active": "on"}
    wrong = head.post("/documents/templates/new/", sent)
    assert wrong.status_code == 422 and "Enter a subject" in wrong.content.decode()
    assert head.post("/documents/templates/new/", sent | {"subject": "{{deal.name}}"}).status_code == 302
    assert 'value="{{deal.name}}"' in head.get("/documents/templates/hello/").content.decode()


def test_a_letter_has_a_page_and_stands_in_the_history(department: Department) -> None:
    kept = keep_letter(
        deal_id=department.deal.pk, template_key="", to="ann@example.com", subject="Hello", body="<b>Dear</b> Ann",
        by=department.rep, now=NOW,
    )  # fmt: skip
    rep = client_of(department.rep)
    page = rep.get(f"/documents/letters/{kept.pk}/").content.decode()
    assert "ann@example.com" in page and "&lt;b&gt;Dear&lt;/b&gt; Ann" in page
    assert f"/documents/letters/{kept.pk}/" in rep.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    timeline = rep.get(f"/deals/{department.deal.pk}/timeline/").content.decode()
    assert "Letter sent: Hello" in timeline and f"/documents/letters/{kept.pk}/" in timeline
    assert client_of(department.other).get(f"/documents/letters/{kept.pk}/").status_code == 404


def test_the_task_makes_its_document_and_sends_its_letter(department: Department) -> None:
    task_id = begun(department)
    rep = client_of(department.rep)
    page = rep.get(f"/tasks/{task_id}/").content.decode()
    assert "Documents and letters" in page and f"/tasks/{task_id}/letters/hello/" in page
    assert rep.post(f"/tasks/{task_id}/documents/offer/").status_code == 302
    assert f"/documents/{Document.objects.get().pk}/" in rep.get(f"/tasks/{task_id}/").content.decode()
    form = rep.get(f"/tasks/{task_id}/letters/hello/").content.decode()
    assert "Dear Ann, ₽1,000" in form and "ann@example.com" in form
    typed = {"to": "nobody", "subject": "Hi", "body": "Dear {{contact.position}}"}
    wrong = rep.post(f"/tasks/{task_id}/letters/hello/", typed)
    assert wrong.status_code == 422 and "contact.position" in wrong.content.decode() and not mail.outbox
    sent = rep.post(
        f"/tasks/{task_id}/letters/hello/", typed | {"to": "ann@example.com", "body": "Dear Ann"},
        headers={"HX-Request": "true", "HX-Target": "letter-form"},
    )  # fmt: skip
    assert sent.status_code == 204 and "materials-changed" in sent["HX-Trigger"] and len(mail.outbox) == 1
    shown = rep.get(f"/tasks/{task_id}/", headers={"HX-Request": "true", "HX-Target": "materials"}).content.decode()
    assert shown.lstrip().startswith("<h3>") and "/documents/letters/" in shown


def test_the_book_names_the_documents_and_letters_of_a_step(department: Department) -> None:
    begun(department)
    page = client_of(department.head).get("/processes/small/1/").content.decode()
    assert "Documents and letters" in page and "Hello" in page


def test_a_letter_template_is_seen_with_a_deal_before_it_is_saved(department: Department) -> None:
    begun(department)
    head = client_of(department.head)
    text = TemplateText("Hello", "Saved", "Subject")
    create_template(key="greeting", kind="letter", text=text, by=department.head, now=NOW)
    address = "/documents/templates/greeting/"
    assert f'<option value="{department.deal.pk}">' in head.get(address).content.decode()
    body = "Dear {{contact.name}} of {{client.name}}, {{answer.last_day}}"
    typed = {"name": "Hello", "subject": "For {{client.name}}", "body": body, "act": "try", "deal": department.deal.pk}
    shown = head.post(address, typed, headers={"HX-Request": "true", "HX-Target": "template-preview"}).content.decode()
    assert f"For {department.deal.client.name}" in shown and "<form" not in shown
    assert '<span class="k-gap">answer “last_day”</span>' in shown
    assert "Nobody has filled in yet" in shown
    assert DocumentTemplate.objects.get(key="greeting").body == "Saved"
    assert head.post(address, typed | {"deal": 4711}).status_code == 404
