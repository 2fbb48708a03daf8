"""The sales book in the browser: everybody reads, the head changes, a bad file leaves no trace."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kniga.people.models import User
from kniga.processes.models import Draft, ProcessVersion
from kniga.processes.versions.publishing import BOOKS, upload_version
from tests.processes.conftest import NOW, SMALL_SALE, Department, department
from tests.processes.drawn import drawn

__all__ = ["department"]


def client_of(user: User, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def upload(user: User, content: bytes, act: str = "upload") -> tuple[int, str]:
    file = SimpleUploadedFile("book.bpmn", content)
    answer = client_of(user).post("/processes/upload/", {"file": file, "note": "New words", "act": act})
    return answer.status_code, answer.content.decode()


FOREIGN = b"""<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="other">
<process id="foreign" name="Foreign" isExecutable="true"><startEvent id="Event_1"/><userTask id="Task_1" name="Look"/>
<exclusiveGateway id="Gateway_1"/><endEvent id="Event_2" name="Over"/><endEvent id="Event_3"/>
<sequenceFlow id="Flow_1" sourceRef="Event_1" targetRef="Task_1"/>
<sequenceFlow id="Flow_2" sourceRef="Task_1" targetRef="Gateway_1"/>
<sequenceFlow id="Flow_3" sourceRef="Gateway_1" targetRef="Event_2"/>
<sequenceFlow id="Flow_4" sourceRef="Gateway_1" targetRef="Event_3"/></process></definitions>"""


def test_a_foreign_file_names_its_places_and_is_opened_in_the_designer(department: Department) -> None:
    head = client_of(department.head)
    file = SimpleUploadedFile("foreign.bpmn", drawn(FOREIGN))
    page = head.post("/processes/upload/", {"file": file, "act": "upload"}).content.decode()
    assert "A gateway without a name → Over" in page and "Flow_3" not in page
    again = re.search(r'name="again" value="([^"]+)"', page)
    assert again is not None and "Open this file in the designer" in page
    opened = head.post("/processes/new/", {"origin": "file", "again": again[1]})
    assert opened.status_code == 302 and bytes(Draft.objects.get().xml).count(b"sequenceFlow id=") == 4
    broken = head.post("/processes/new/", {"origin": "file", "again": "%"})
    assert broken.status_code == 422 and "Choose a BPMN file" in broken.content.decode()
    for undrawn in (b"<html/>", FOREIGN):
        file = SimpleUploadedFile("foreign.bpmn", undrawn)
        assert 'name="again"' not in head.post("/processes/upload/", {"file": file}).content.decode()


def test_everybody_reads_the_book(department: Department) -> None:
    rep = client_of(department.rep)
    assert "Small sale" in rep.get("/processes/").content.decode()
    html = rep.get("/processes/small_sale/", follow=True).content.decode()
    assert "Call the client" in html and "Interested" in html and "1 working day" in html
    assert '<a href="#offer">Make an offer</a>' in html and "Publish version" not in html
    assert rep.get("/processes/small_sale/1/file/").content == SMALL_SALE


def test_a_rep_changes_nothing(department: Department) -> None:
    assert upload(department.rep, SMALL_SALE)[0] == 403
    assert client_of(department.rep).post("/processes/small_sale/1/publish/").status_code == 403
    assert client_of(department.rep).get("/processes/nothing/").status_code == 404
    assert client_of(department.rep).get("/processes/small_sale/9/").status_code == 404


def test_the_head_uploads_a_draft_and_publishes_it(department: Department) -> None:
    changed = SMALL_SALE.replace(b"Make an offer", b"Make a good offer")
    assert upload(department.head, changed)[0] == 302
    draft = ProcessVersion.objects.get(number=2)
    assert (draft.status, draft.note, draft.created_by) == ("draft", "New words", department.head)
    answer = client_of(department.head).post("/processes/small_sale/2/publish/", {"note": "Better words"})
    draft.refresh_from_db()
    assert answer.status_code == 302
    assert (draft.status, draft.note) == ("published", "Better words")
    assert ProcessVersion.objects.get(number=1).status == "retired"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not xml at all", "The file cannot be read"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "DOCTYPE"),
        (SMALL_SALE.replace(b"userTask", b"scriptTask"), "scriptTask"),
        (SMALL_SALE.replace(b'targetRef="offer"', b'targetRef="nowhere"', 1), "nowhere"),
        (b"", "empty"),
    ],
)
def test_a_bad_file_is_refused_with_place_and_cure_and_nothing_is_saved(
    department: Department, content: bytes, said: str
) -> None:
    status, html = upload(department.head, content)
    assert status == 422
    assert said in html and "nothing was saved" in html
    assert ProcessVersion.objects.count() == 1


def test_checking_only_saves_nothing(department: Department) -> None:
    status, html = upload(department.head, SMALL_SALE.replace(b"Make an offer", b"Offer"), act="check")
    assert status == 200 and ("is fine" in html or "remark" in html)
    assert ProcessVersion.objects.count() == 1


def test_no_file_is_named(department: Department) -> None:
    answer = client_of(department.head).post("/processes/upload/", {"act": "upload"})
    assert answer.status_code == 422 and "Choose a BPMN file." in answer.content.decode()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_shipped_book_is_drawn_and_outlined(department: Department, language: str) -> None:
    upload(department.head, (BOOKS / f"b2b_sale.{language}.bpmn").read_bytes())
    html = client_of(department.head, language).get("/processes/b2b_sale/1/").content.decode()
    assert html.count("k-diagram__task") == html.count('class="k-book__step"') > 10
    assert ("если" if language == "ru" else "if ") in html


def test_two_versions_are_compared_step_by_step(department: Department) -> None:
    longer = SMALL_SALE.replace(b'name="Small sale"', b'name="Little sale"')
    assert longer != SMALL_SALE
    upload_version(xml=longer, note="", by=None, now=NOW)
    client = client_of(department.rep)
    page = client.get("/processes/small_sale/compare/?from=1&to=2").content.decode()
    assert "<del>Small sale</del>" in page and "<ins>Little sale</ins>" in page
    same = client.get("/processes/small_sale/compare/?from=1&to=1").content.decode()
    assert "<del>" not in same
    assert client.get("/processes/small_sale/compare/?from=9").status_code == 404
