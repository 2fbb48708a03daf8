"""A tree of Markdown as DOCX (ECMA-376, WordprocessingML): a package of a few parts that word processors open."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from kniga.platform.press.tree import Node

_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES: Final = f"""{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/word/styles.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>
<Override PartName="/word/settings.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>
<Override PartName="/word/fontTable.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"/>
<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
</Types>"""
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS: Final = f"""{_HEAD}<Relationships xmlns="{_PACKAGE}">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>
<Relationship Id="rId2" Type="{_PACKAGE}/metadata/core-properties" Target="docProps/core.xml"/>
</Relationships>"""
_STYLED: Final = f"""{_HEAD}<Relationships xmlns="{_PACKAGE}">
<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>
<Relationship Id="rId2" Type="{_OFFICE}/settings" Target="settings.xml"/>
<Relationship Id="rId3" Type="{_OFFICE}/fontTable" Target="fontTable.xml"/>
</Relationships>"""
# Without it Word opens the file in a mode for versions of long ago.
_SETTINGS: Final = f"""{_HEAD}<w:settings xmlns:w="{_MAIN}"><w:compat>
<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>
</w:settings>"""
_FONTS: Final = f"""{_HEAD}<w:fonts xmlns:w="{_MAIN}"><w:font w:name="Times New Roman"><w:family w:val="roman"/>
<w:pitch w:val="variable"/></w:font></w:fonts>"""
_HEADINGS: Final = "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
    f'<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="120"/>'
    f'<w:outlineLvl w:val="{level - 1}"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
    for level, size in enumerate((36, 28, 24, 22, 22, 22), 1)
)
_STYLES: Final = f"""{_HEAD}<w:styles xmlns:w="{_MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>
<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="22"/></w:rPr>
</w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>{_HEADINGS}</w:styles>"""
_INDENT: Final = 360
"""Twentieths of a point that a list or a quotation stands in."""
_LINES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKS: Final = {"strong": "b", "em": "i", "s": "strike"}


def word_file(nodes: Sequence[Node], *, title: str, made_at: datetime) -> bytes:
    """The DOCX of a text that `tree_of` has read; the same text and moment give the same bytes."""
    page = _w(
        "sectPr",
        _w("pgSz", _own(w="11906", h="16838")),
        _w("pgMar", _own(top="1134", right="1021", bottom="1134", left="1417", header="567", footer="567", gutter="0")),
    )
    document = _w("document", _w("body", *_blocks(nodes, 0), page))
    parts = {
        "[Content_Types].xml": _TYPES.encode(),
        "_rels/.rels": _PARTS.encode(),
        "word/_rels/document.xml.rels": _STYLED.encode(),
        "word/document.xml": etree.tostring(document, xml_declaration=True, encoding="UTF-8", standalone=True),
        "word/styles.xml": _STYLES.encode(),
        "word/settings.xml": _SETTINGS.encode(),
        "word/fontTable.xml": _FONTS.encode(),
        "docProps/core.xml": _core(title, made_at),
    }
    made = io.BytesIO()
    moment = made_at.astimezone(UTC)
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with zipfile.ZipFile(made, "w") as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _core(title: str, made_at: datetime) -> bytes:
    names = {
        "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
    }
    when = "http://www.w3.org/2001/XMLSchema-instance"
    root = etree.Element(f"{{{names['cp']}}}coreProperties", nsmap=names)
    etree.SubElement(root, f"{{{names['dc']}}}title").text = _NOT_IN_XML.sub("", title)
    created = etree.SubElement(root, f"{{{names['dcterms']}}}created", {f"{{{when}}}type": "dcterms:W3CDTF"})
    created.text = f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _w(tag: str, *content: etree._Element | dict[str, str] | str) -> etree._Element:
    """An element of WordprocessingML with attributes, children and text."""
    made = etree.Element(f"{{{_MAIN}}}{tag}", nsmap={"w": _MAIN})
    for one in content:
        if isinstance(one, str):
            made.text = one
        elif isinstance(one, dict):
            for name, value in one.items():
                made.set(name, value)
        else:
            made.append(one)
    return made


def _own(**values: str) -> dict[str, str]:
    return {f"{{{_MAIN}}}{name}": value for name, value in values.items()}


def _blocks(nodes: Sequence[Node], deep: int, mark: str = "") -> Iterator[etree._Element]:
    """Paragraphs and tables; `mark` stands before the first paragraph of an item of a list."""
    for node in nodes:
        kind = node["t"]
        if kind == "table":
            yield _table(node)
            yield _w("p")
        elif kind in ("bullet_list", "ordered_list"):
            for number, item in enumerate(node["c"], node.get("start", 1)):
                yield from _blocks(item["c"], deep + 1, "•\t" if kind == "bullet_list" else f"{number}.\t")
        elif kind == "blockquote":
            yield from _blocks(node["c"], deep + 1)
        elif kind == "pre":
            for line in node["text"].split("\n"):
                yield _paragraph([{"t": "text", "text": line}], deep)
        elif kind == "hr":
            yield _w("p", _w("pPr", _w("pBdr", _w("bottom", _own(val="single", sz="4", space="1", color="999999")))))
        elif kind == "heading":
            yield _paragraph(node["c"], deep, style=f"Heading{node['level']}")
        else:
            yield _paragraph(node.get("c", [node]), deep, mark=mark)
        mark = ""


def _paragraph(
    nodes: Sequence[Node], deep: int, *, mark: str = "", style: str = "", align: str = "", is_bold: bool = False
) -> etree._Element:
    told = _w("pPr")
    if style:
        told.append(_w("pStyle", _own(val=style)))
    if deep:
        hanging = {"hanging": str(_INDENT)} if mark else {}
        told.append(_w("ind", _own(left=str(deep * _INDENT), **hanging)))
    if align == "right":
        told.append(_w("jc", _own(val="right")))
    runs = list(_runs(nodes, ("b",) if is_bold else ()))
    return _w("p", told, *([_run(mark, ())] if mark else []), *runs)


def _runs(nodes: Sequence[Node], looks: tuple[str, ...]) -> Iterator[etree._Element]:
    for node in nodes:
        if node["t"] == "hardbreak":
            yield _w("r", _w("br"))
        elif node.get("href"):
            # A field needs no part of its own for its target, as a relationship would.
            field = f'HYPERLINK "{_NOT_IN_XML.sub("", node["href"]).replace(chr(34), "%22")}"'
            yield _w("fldSimple", _own(instr=field), *_runs(node["c"], (*looks, "u") if "u" not in looks else looks))
        elif "c" in node:
            more = _MARKS.get(node["t"])
            yield from _runs(node["c"], (*looks, more) if more and more not in looks else looks)
        else:
            yield _run(node.get("text", ""), looks)


def _run(text: str, looks: Sequence[str]) -> etree._Element:
    run = _w("r", _w("rPr", *(_w(look, _own(val="single")) if look == "u" else _w(look) for look in sorted(looks))))
    for place, piece in enumerate(_NOT_IN_XML.sub("", text).split("\t")):
        if place:
            run.append(_w("tab"))
        shown = _w("t", piece)
        shown.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(shown)
    return run


def _table(node: Node) -> etree._Element:
    rows = [row for group in node["c"] for row in group["c"]]
    columns = max((len(row["c"]) for row in rows), default=1)
    border = _own(val="single", sz="4", space="0", color="999999")
    table = _w(
        "tbl",
        _w("tblPr", _w("tblW", _own(w="5000", type="pct")), _w("tblBorders", *(_w(side, border) for side in _LINES))),
        _w("tblGrid", *(_w("gridCol") for _column in range(columns))),
    )
    for row in rows:
        # A table that goes on over a page has its head there, too.
        head = [_w("trPr", _w("tblHeader"))] if any(cell["t"] == "th" for cell in row["c"]) else []
        cells = [_cell(cell) for cell in row["c"]]
        cells += [_w("tc", _w("p")) for _missing in range(columns - len(cells))]
        table.append(_w("tr", *head, *cells))
    return table


def _cell(cell: Node) -> etree._Element:
    return _w("tc", _paragraph(cell["c"], 0, align=cell.get("align", ""), is_bold=cell["t"] == "th"))
