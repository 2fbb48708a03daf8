"""The book on paper: complete, the same each time, and deaf to markup in people's texts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.press import pressing as press
from kniga.platform.press.tree import tree_of
from kniga.processes.versions.publishing import BOOKS, publish_version, upload_version
from kniga.salesbook import paper
from kniga.salesbook.content import book_of
from kniga.salesbook.paper import book_pdf
from kniga.salesbook.pdf.source import source_of
from kniga.salesbook.pdf.strips import strips_of
from kniga.salesbook.queries import get_edition
from kniga.salesbook.technology import technology_map
from tests.processes.conftest import NOW, SMALL_SALE, Department, department

__all__ = ["department"]

NAUGHTY = (
    '#import "@preview/x:1.0.0" #panic("out") $x^2$ `code` *b* _i_ <label> @ref \\ // /* = Head #{1+1} '
    "[a](javascript:x) #read('/etc/passwd') #eval('1') ~ -- --- ... «»"
)


def test_the_same_edition_gives_the_same_pdf(department: Department) -> None:
    edition = get_edition(user=department.rep)
    one = book_pdf(user=department.rep, edition=edition, language="en")
    assert one.startswith(b"%PDF-") and one == book_pdf(user=department.rep, edition=edition, language="en")


def test_markup_of_the_typesetter_in_names_and_scripts_stays_text(department: Department) -> None:
    escaped = NAUGHTY.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    xml = SMALL_SALE.decode().replace('name="Call the client"', f'name="{escaped}"')
    xml = xml.replace("<kniga:outcome", f"<kniga:script>{escaped}\n\n- {escaped}</kniga:script><kniga:outcome", 1)
    version = upload_version(xml=xml.encode(), note=NAUGHTY, by=None, now=NOW)
    publish_version(version_id=version.pk, by=None, now=NOW)
    edition = get_edition(user=department.rep)
    with translation.override("en"):
        source = source_of(book_of(user=department.rep, edition=edition))
    assert source["chapters"][0]["note"] == NAUGHTY
    assert book_pdf(user=department.rep, edition=edition, language="en").startswith(b"%PDF-")


def test_deeply_nested_and_odd_markdown_is_set(department: Department) -> None:
    text = (
        "99999999. many\n\n***\n\n![picture](http://x/y.png) [l](https://a.b) <b>raw</b> ~~s~~\n\n    {{client.name}}\n"
    )
    text += "\n|a|b|\n|-|-|\n|c|\n\n" + ">" * 60 + " deep\n\n- a\n" + "".join("  " * n + "- b\n" for n in range(1, 60))
    source = {"script": tree_of(text, {"client.name": "the client's name"})}
    assert "raw" in str(source)
    edition = get_edition(user=department.rep)
    with translation.override("en"):
        data = source_of(book_of(user=department.rep, edition=edition))
    data["chapters"][0]["parts"][0]["steps"][0] |= source
    assert press.pressed(paper._TEMPLATE, data, made_at=NOW).startswith(b"%PDF-")


def test_placeholders_are_told_in_words() -> None:
    (paragraph,) = tree_of("Hello, {{ contact.name }}!", {"contact.name": "contact's name"})
    assert paragraph["c"] == [
        {"t": "text", "text": "Hello, "},
        {"t": "fill", "text": "contact's name"},
        {"t": "text", "text": "!"},
    ]


def test_a_link_that_could_run_something_leads_nowhere() -> None:
    (paragraph,) = tree_of("[a](javascript:alert%281%29) [b](https://x.example)", {})
    assert [node["href"] for node in paragraph["c"] if node["t"] == "link"] == ["https://x.example"]


def test_a_book_that_is_too_large_is_refused_by_name(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "MOST_BYTES", 100)
    with pytest.raises(Refused) as refused:
        book_pdf(user=department.rep, edition=get_edition(user=department.rep), language="en")
    assert refused.value.code == "too_large"


def test_a_press_that_takes_too_long_is_stopped(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "MOST_SECONDS", 0.01)
    with pytest.raises(Refused) as refused:
        book_pdf(user=department.rep, edition=get_edition(user=department.rep), language="en")
    assert refused.value.code == "too_slow"


def test_a_long_diagram_is_cut_between_its_steps(db: None) -> None:
    version = upload_version(xml=(BOOKS / "b2b_sale.en.bpmn").read_bytes(), note="", by=None, now=NOW)
    publish_version(version_id=version.pk, by=None, now=NOW + timedelta(minutes=1))
    reader = User.objects.create_user("reader@example.com", name="Reader", role="owner")
    (chapter,) = book_of(user=reader, edition=get_edition(user=reader)).chapters
    assert chapter.drawing is not None
    strips = strips_of(chapter.drawing)
    assert len(strips) == 3 and all(strip.svg.startswith("<svg ") for strip in strips)


def test_the_technology_map_has_a_row_for_every_step(department: Department) -> None:
    with translation.override("en"):
        book = book_of(user=department.rep, edition=get_edition(user=department.rep))
    rows = technology_map(book)
    assert [row.action for row in rows] == [step.name for step in book.chapters[0].steps]
    assert "Interested → Make an offer" in rows[0].results_in_words
    assert technology_map(book, process="other") == () and technology_map(book, role="nobody") == ()
