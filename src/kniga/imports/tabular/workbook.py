"""The parts of an XLSX workbook: sheets, shared strings, which styles are dates. Sizes are checked first."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from kniga.imports.tabular.container import broken_workbook
from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import Limits

MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_DAMAGE: Final = (
    etree.XMLSyntaxError,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """What is needed to read a sheet: its shared strings, the numbers of date styles, the date system."""

    path: Path
    sheets: tuple[Sheet, ...]
    strings: list[str]
    date_styles: frozenset[int]
    is_1904: bool


def open_workbook(path: Path, limits: Limits) -> Workbook:
    """Read everything but the sheets; raises TabularError for damage, bombs and entity declarations."""
    with reading_part(_("The workbook")), zipfile.ZipFile(path) as archive:
        _check_sizes(archive, limits)
        sheets, is_1904 = _sheets(archive)
        return Workbook(path, sheets, _shared_strings(archive), _date_styles(archive), is_1904)


@contextmanager
def reading_part(place: str) -> Iterator[None]:
    """Turn every kind of damage met inside into one TabularError at `place`."""
    try:
        yield
    except TabularError:
        raise
    except _DAMAGE as error:
        raise broken_workbook(place) from error
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]
        raise broken_workbook(place) from error


def elements(
    archive: zipfile.ZipFile, part: str, tag: str, *, child: str = "", most_children: int = 0
) -> Iterator[etree._Element]:
    """Stream the elements named `tag` of a part, forgetting each after its turn.

    With `child`, an element that has more than `most_children` of them is cut there: it comes out as far as it
    was read, and the reader sees that it is too wide."""
    with archive.open(part) as opened:
        head = opened.read(4096)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise TabularError(
            "entities",
            place=part,
            message=_("it declares entities, which no spreadsheet program does and which can be a bomb."),
            cure=_("Save the table again from a spreadsheet program."),
        )
    names = [tag, child] if child else [tag]
    wanted = [f"{space}{name}" for name in names for space in (MAIN, STRICT)]
    with archive.open(part) as stream:
        found = etree.iterparse(
            stream, events=("end",), tag=wanted, resolve_entities=False, no_network=True, huge_tree=False
        )
        children = 0
        for _event, element in found:
            if child and str(element.tag).endswith(f"}}{child}"):
                children += 1
                parent = element.getparent()
                if children > most_children and parent is not None:
                    yield parent
                    return
                continue
            children = 0
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    for info in archive.infolist():
        ratio = info.file_size / max(1, info.compress_size)
        is_bomb = info.file_size > limits.unpacked_always_fine and ratio > limits.unpacked_ratio
        is_huge_text = info.filename.endswith("sharedStrings.xml") and info.file_size > limits.shared_strings_bytes
        if is_bomb or is_huge_text:
            raise _too_much(info.filename, info.file_size)
    total = sum(info.file_size for info in archive.infolist())
    if total > limits.unpacked_bytes:
        raise _too_much(_("The workbook"), total)


def _too_much(place: str, size: int) -> TabularError:
    return TabularError(
        "unpacks_too_large",
        place=place,
        message=_("it unpacks to %(size)d MB, which is more than a table of this kind needs.")
        % {"size": size // 1_048_576},
        cure=_("Delete unused rows and sheets, or save the table as CSV."),
    )


def _sheets(archive: zipfile.ZipFile) -> tuple[tuple[Sheet, ...], bool]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    links = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
    properties = book.find("{*}workbookPr")
    sheets = []
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        link = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), None)
        target = targets.get(str(link), "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if sheet.get("state", "visible") == "visible" and part in archive.namelist():
            sheets.append(Sheet(str(sheet.get("name")), part))
    if not sheets:
        raise broken_workbook(_("The list of sheets"))
    return tuple(sheets), properties is not None and properties.get("date1904") in {"1", "true"}


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in archive.namelist():
        return []
    return [text_of(entry) for entry in elements(archive, name, "si")]


def text_of(entry: etree._Element) -> str:
    """The text of a shared or inline string, without phonetic hints."""
    parts = []
    for node in entry.iter():
        parent = node.getparent()
        if str(node.tag).endswith("}t") and (parent is None or not str(parent.tag).endswith("}rPh")):
            parts.append(node.text or "")
    return "".join(parts)


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    name = "xl/styles.xml"
    if name not in archive.namelist():
        return frozenset()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(archive.read(name), parser)
    codes = dict(BUILTIN_FORMATS)
    for entry in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[int(entry.get("numFmtId", "0"))] = entry.get("formatCode", "")
    found = set()
    for index, style in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
        code = codes.get(int(style.get("numFmtId", "0")), "")
        if code and is_date_format(code):
            found.add(index)
    return frozenset(found)
