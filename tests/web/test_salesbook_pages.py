"""The sales book in the browser: read, confirmed, compared with the edition one knows, printed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from kniga.people.models import User
from kniga.processes.versions.publishing import publish_version, retire_version, upload_version
from tests.processes.conftest import NOW, SMALL_SALE, Department, department

__all__ = ["department"]


def page(user: User, address: str, language: str = "en") -> str:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client.get(address).content.decode()


def publish_renamed() -> None:
    xml = SMALL_SALE.replace(b'name="Call the client"', b'name="Ring &lt;b&gt; the client"')
    version = upload_version(xml=xml, note="Ring, do not write", by=None, now=NOW)
    publish_version(version_id=version.pk, by=None, now=NOW)


def confirm(user: User, number: int) -> int:
    client = Client()
    client.force_login(user)
    return client.post(f"/book/editions/{number}/read/").status_code


def test_the_book_holds_every_step_with_script_and_outcomes(department: Department) -> None:
    html = page(department.rep, "/book/")
    for text in (
        "Small sale",
        "Call the client",
        "Interested",
        "Make an offer",
        'id="small_sale-offer"',
        "1 working day",
    ):
        assert text in html, text


def test_one_confirms_once_and_is_asked_again_with_the_difference(department: Department) -> None:
    rep = department.rep
    assert "Please read the book and confirm it" in page(rep, "/book/")
    assert "Edition 1 of the sales book is new" in page(rep, "/desk/")
    assert confirm(rep, 1) == 302 and confirm(rep, 99) == 404
    assert "You have confirmed this edition." in page(rep, "/book/")
    assert "of the sales book is new" not in page(rep, "/desk/")
    publish_renamed()
    html = page(rep, "/book/")
    assert "What changed since you last read the book" in html
    assert "<del>Call the client</del>" in html and "<ins>Ring &lt;b&gt; the client</ins>" in html


def test_an_old_edition_stays_readable_and_asks_nobody(department: Department) -> None:
    publish_renamed()
    html = page(department.rep, "/book/editions/1/")
    assert "Call the client" in html and "an older edition" in html and "I have read" not in html
    assert "Ring &lt;b&gt; the client" in page(department.rep, "/book/")


def test_the_pdf_comes_in_the_language_asked_for(department: Department) -> None:
    client = Client()
    client.force_login(department.rep)
    answer = client.get("/book/editions/1/pdf/?language=en")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert client.get("/book/editions/1/pdf/?language=ru").content != answer.content
    assert client.get("/book/editions/7/pdf/").status_code == 404


def test_the_head_sees_who_has_read_and_reminds_the_others(department: Department) -> None:
    confirm(department.rep, 1)
    html = page(department.head, "/book/readers/")
    assert "2 people have not confirmed the edition in force" in html and "Roman" in html
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(department.head)
    assert client.post("/book/readers/remind/").status_code == 302
    assert "2 people were reminded" in client.get("/book/readers/").content.decode()


def test_the_map_is_filtered_and_comes_as_a_file(department: Department) -> None:
    html = page(department.rep, "/book/map/?process=small_sale&role=owner")
    assert "Interested" in html and "Owner of the deal" in html
    assert "Nothing matches the filter" in page(department.rep, "/book/map/?role=nobody")
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(department.rep)
    rows = list(csv.reader(io.StringIO(client.get("/book/map/file/").content.decode("utf-8-sig"))))
    assert rows[0][4] == "Action" and rows[1][4] == "Call the client" and "Interested → Make an offer" in rows[1][8]


def test_a_name_that_looks_like_a_formula_stays_text_in_the_file(department: Department) -> None:
    xml = SMALL_SALE.replace(b'name="Call the client"', b'name="=1+1"')
    publish_version(version_id=upload_version(xml=xml, note="", by=None, now=NOW).pk, by=None, now=NOW)
    client = Client()
    client.force_login(department.rep)
    assert "'=1+1" in client.get("/book/map/file/").content.decode("utf-8-sig")


@pytest.mark.parametrize("address", ["/book/", "/book/map/", "/book/map/file/", "/book/readers/"])
def test_before_the_first_publishing_the_book_says_where_it_comes_from(db: None, address: str) -> None:
    head = User.objects.create_user("head@example.com", name="Hanna", role="head")
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(head)
    assert client.get(address).status_code == 200


def test_a_book_from_which_everything_was_withdrawn_is_empty(department: Department) -> None:
    confirm(department.rep, 1)
    version_id = department.pipeline.processes.get().versions.get().pk
    retire_version(version_id=version_id, by=None, now=NOW)
    assert "process withdrawn" in page(department.rep, "/book/")


@pytest.mark.parametrize("address", ["/book/", "/book/map/"])
def test_more_processes_need_no_more_statements(
    department: Department, sql_log: Callable[[], Any], address: str
) -> None:
    counted = []
    for number in range(3):
        if number:
            xml = SMALL_SALE.replace(b'id="small_sale"', f'id="small_sale_{number}"'.encode())
            publish_version(version_id=upload_version(xml=xml, note="", by=None, now=NOW).pk, by=None, now=NOW)
        page(department.rep, address)  # what is kept of a version is made
        with sql_log() as log:
            page(department.rep, address)
        counted.append(len(log))
    assert counted[1] == counted[2]
