"""Word files as others read them: the package by the rules of ECMA-376, the text by an independent reader."""

from __future__ import annotations

import io
import posixpath
import zipfile
from datetime import UTC, datetime

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from lxml import etree

from kniga.documents.paper.word import word_file
from kniga.platform.press.tree import tree_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/"
# ECMA-376 part 1, 17 (wml.xsd): the children in the order the schema demands, as far as they are written here.
ORDER = {
    "document": ("body",),
    "body": ("p", "tbl", "sectPr"),
    "p": ("pPr", "r", "fldSimple"),
    "pPr": ("pStyle", "keepNext", "pBdr", "spacing", "ind", "jc", "outlineLvl"),
    "pBdr": ("bottom",),
    "r": ("rPr", "t", "tab", "br"),
    "rPr": ("rFonts", "b", "i", "strike", "sz", "u"),
    "fldSimple": ("r",),
    "tbl": ("tblPr", "tblGrid", "tr"),
    "tblPr": ("tblW", "tblBorders"),
    "tblBorders": ("top", "left", "bottom", "right", "insideH", "insideV"),
    "tblGrid": ("gridCol",),
    "tr": ("trPr", "tc"),
    "trPr": ("tblHeader",),
    "tc": ("p",),
    "sectPr": ("pgSz", "pgMar"),
    "styles": ("docDefaults", "style"),
    "docDefaults": ("rPrDefault", "pPrDefault"),
    "rPrDefault": ("rPr",),
    "pPrDefault": ("pPr",),
    "style": ("name", "basedOn", "next", "pPr", "rPr"),
    "settings": ("compat",),
    "compat": ("compatSetting",),
    "fonts": ("font",),
    "font": ("family", "pitch"),
}
IN_ANY_ORDER = {"body": {"p", "tbl"}, "p": {"r", "fldSimple"}, "r": {"t", "tab", "br"}}
TEXT = """# Договор № 7

Для **ООО «Север»**, *с* ~~прочими~~ [на сайте](https://example.com/?a=1&b=2)
новая строка\tс табуляцией

| № | Товар | Сумма |
| ---: | --- | ---: |
| 1 | Стеллаж **P90** | 2 000 ₽ |
| 2 | Уголок |

| пусто |
| --- |

3. три

   ещё абзац
4. четыре
   - внутри

> ## Цитата

---
```
код
```
###### Последнее
"""


@pytest.fixture(scope="module")
def content() -> bytes:
    return word_file(tree_of(TEXT, {}), title="Договор & <приложение>", made_at=NOW)


@pytest.fixture(scope="module")
def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def test_every_part_is_declared_and_every_relationship_leads_to_one(parts: dict[str, bytes]) -> None:
    assert next(iter(parts)) == "[Content_Types].xml"
    types = etree.fromstring(parts["[Content_Types].xml"])
    endings = {one.get("Extension") for one in types.iter(f"{PACKAGE}content-types}}Default")}
    declared = {one.get("PartName") for one in types.iter(f"{PACKAGE}content-types}}Override")}
    assert declared <= {f"/{name}" for name in parts} and endings == {"rels", "xml"}
    led_to = set()
    for name in (one for one in parts if one.endswith(".rels")):
        source = posixpath.dirname(posixpath.dirname(name))
        found = list(etree.fromstring(parts[name]).iter(f"{PACKAGE}relationships}}Relationship"))
        assert len({one.get("Id") for one in found}) == len(found)
        led_to |= {f"/{posixpath.join(source, one.get('Target', ''))}" for one in found}
    assert led_to == declared


def test_elements_stand_in_the_order_of_the_schema(parts: dict[str, bytes]) -> None:
    seen = set()
    for name in ("document", "styles", "settings", "fontTable"):
        for element in etree.fromstring(parts[f"word/{name}.xml"]).iter():
            tag = str(element.tag).removeprefix(W)
            children = [str(child.tag).removeprefix(W) for child in element]
            order = ORDER.get(tag, ())
            assert set(children) <= set(order), (tag, children)
            loose = IN_ANY_ORDER.get(tag, set())
            # Where the schema lets children take turns, they share one place.
            places = [min(map(order.index, loose)) if child in loose else order.index(child) for child in children]
            assert places == sorted(places), (tag, children)
            seen.add(tag)
            assert all(str(name).startswith((W, "{http://www.w3.org/XML/1998/namespace}")) for name in element.attrib)
    assert set(ORDER) <= seen
    cells = etree.fromstring(parts["word/document.xml"]).iter(f"{W}tc")
    assert all(str(cell[-1].tag) == f"{W}p" for cell in cells), "a cell ends with a paragraph, or Word repairs the file"


def test_styles_that_are_used_are_there(parts: dict[str, bytes]) -> None:
    known = {one.get(f"{W}styleId") for one in etree.fromstring(parts["word/styles.xml"]).iter(f"{W}style")}
    used = {one.get(f"{W}val") for one in etree.fromstring(parts["word/document.xml"]).iter(f"{W}pStyle")}
    assert used == {"Heading1", "Heading2", "Heading6"} and used <= known


def test_an_independent_reader_finds_what_was_written(content: bytes) -> None:
    read = docx.Document(io.BytesIO(content))
    assert (read.core_properties.title, read.core_properties.created) == ("Договор & <приложение>", NOW)
    told = [(one.style.name if one.style else "", one.text) for one in read.paragraphs]
    assert told[0] == ("Heading 1", "Договор № 7") and told[-1] == ("Heading 6", "Последнее")
    assert ("Heading 2", "Цитата") in told and ("Normal", "4.\tчетыре") in told and ("Normal", "•\tвнутри") in told
    first = read.paragraphs[1]
    assert "новая строка\tс табуляцией" in first.text and "\n" in first.text
    assert [run.text for run in first.runs if run.bold] == ["ООО «Север»"]
    assert [run.text for run in first.runs if run.font.strike] == ["прочими"]
    table, empty = read.tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows == [["№", "Товар", "Сумма"], ["1", "Стеллаж P90", "2 000 ₽"], ["2", "Уголок", ""]]
    assert [[cell.text for cell in row.cells] for row in empty.rows] == [["пусто"]]
    assert table.cell(1, 2).paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.RIGHT


def test_what_the_reader_writes_again_reads_the_same(content: bytes) -> None:
    again = io.BytesIO()
    docx.Document(io.BytesIO(content)).save(again)
    texts = [[one.text for one in docx.Document(io.BytesIO(one)).paragraphs] for one in (content, again.getvalue())]
    assert texts[0] == texts[1] and len(texts[0]) > 10
