"""A document as PDF and as a file for word processors."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
from django.utils import translation
from lxml import etree

from kniga.documents.models import Document
from kniga.documents.paper import files
from kniga.documents.paper.files import document_pdf, document_word
from kniga.platform.errors import Refused
from kniga.platform.press import presses
from kniga.platform.press.pressing import PressFailed

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BODY = """# Счёт № 7

Для **ООО «Север»** и *других*\x01

| № | Товар | Сумма |
| ---: | --- | ---: |
| 1 | Стеллаж \\| P90 | 2 000 ₽ |
| 2 | Уголок |

3. три
4. четыре
   - внутри

> Цитата
---
```
код
второй
```
"""


@pytest.fixture
def document() -> Document:
    return Document(pk=1, name="Счёт", body=BODY, made_at=NOW, template_key="invoice")


def test_a_word_file_holds_headings_tables_lists_and_marks(document: Document) -> None:
    content = document_word(document)
    assert content == document_word(document)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        roots = {name: etree.fromstring(package.read(name)) for name in package.namelist()}
    body = roots["word/document.xml"][0]
    paragraphs = ["".join(one.itertext(f"{W}t")) for one in body.iter(f"{W}p")]
    for text in ("Счёт № 7", "Стеллаж | P90", "2 000 ₽", "3.три", "4.четыре", "•внутри", "Цитата", "код", "второй"):
        assert text in paragraphs, text
    assert "Для ООО «Север» и других" in paragraphs
    (table,) = body.iter(f"{W}tbl")
    assert [len(row.findall(f"{W}tc")) for row in table.iter(f"{W}tr")] == [3, 3, 3]
    bold = ["".join(run.itertext()) for run in body.iter(f"{W}r") if run.find(f"{W}rPr/{W}b") is not None]
    assert sorted(bold) == sorted(["ООО «Север»", "№", "Товар", "Сумма"])
    assert roots["docProps/core.xml"][0].text == "Счёт"


def test_the_same_document_is_the_same_pdf(db: None, document: Document) -> None:
    content = document_pdf(document)
    assert content.startswith(b"%PDF-") and content == document_pdf(document)


def test_the_pdf_is_set_once_and_anew_for_another_word(
    db: None, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []

    def counted(*_data: object, **_more: object) -> bytes:
        times.append(1)
        return b"%%PDF- %d" % len(times)

    monkeypatch.setattr(files, "pressed", counted)
    assert (document_pdf(document), document_pdf(document)) == (b"%PDF- 1", b"%PDF- 1")
    document.body += "!"
    assert (document_pdf(document), len(times)) == (b"%PDF- 2", 2)


def test_a_pdf_that_could_not_be_made_is_refused_in_words(
    db: None, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_data: object, **_more: object) -> bytes:
        raise PressFailed("no paper")

    monkeypatch.setattr(files, "pressed", broken)
    with translation.override("en"), pytest.raises(Refused, match="PDF could not be made"):
        document_pdf(document)


@pytest.mark.django_db(transaction=True)
def test_documents_share_the_few_presses_with_the_book(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "pressed", lambda *_data, **_more: b"%PDF-")
    told = pytest.raises(Refused, match="half a minute")
    with presses.waiting(), presses.waiting(), translation.override("en"), told as refused:
        document_pdf(document)
    assert refused.value.code == "busy"
    assert document_pdf(document) == b"%PDF-"


def test_a_link_leads_where_it_led(document: Document) -> None:
    document.body = '[**сайт**](https://example.com/?a=1&b="2) и [никуда](javascript:x)'
    with zipfile.ZipFile(io.BytesIO(document_word(document))) as package:
        body = etree.fromstring(package.read("word/document.xml"))
    (field,) = body.iter(f"{W}fldSimple")
    assert field.get(f"{W}instr") == 'HYPERLINK "https://example.com/?a=1&b=%222"'
    assert "".join(field.itertext()) == "сайт"
    assert "никуда" in "".join(body.itertext())
