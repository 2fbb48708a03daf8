"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final, Literal

from django.utils.translation import gettext as _

from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import Limits

Container = Literal["text", "xlsx"]

# Signature, whether a zero byte must follow (short signatures also begin honest words), what it is.
_BINARY: Final[tuple[tuple[bytes, bool, str], ...]] = (
    (b"MZ", True, "program"),
    (b"\x7fELF", False, "program"),
    (b"\xfe\xed\xfa", False, "program"),
    (b"\xcf\xfa\xed\xfe", False, "program"),
    (b"\xca\xfe\xba\xbe", False, "program"),
    (b"#!", False, "program"),
    (b"%PDF", False, "pdf"),
    (b"\x89PNG", False, "image"),
    (b"\xff\xd8\xff", False, "image"),
    (b"GIF8", False, "image"),
    (b"BM", True, "image"),
    (b"II*\x00", False, "image"),
    (b"MM\x00*", False, "image"),
    (b"RIFF", True, "image"),
    (b"\x1f\x8b", False, "archive"),
    (b"7z\xbc\xaf", False, "archive"),
    (b"Rar!", False, "archive"),
    (b"BZh", True, "archive"),
    (b"\xfd7zXZ", False, "archive"),
    (b"\x28\xb5\x2f\xfd", False, "archive"),
    (b"SQLite format 3", False, "database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", False, "old_excel"),
    (b"{\\rtf", False, "text_document"),
)
_MARKUP: Final = ((b"<!doctype html", "web_page"), (b"<html", "web_page"), (b"<table", "web_page"), (b"<?xml", "xml"))


def container_of(path: Path, limits: Limits) -> Container:
    """`text` or `xlsx`; anything else, an empty file and one over the size limit raise TabularError."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise TabularError(
            "too_large",
            place=_("The whole file"),
            message=_("it has %(size)d MB, more than the %(limit)d MB allowed.")
            % {"size": size // 1_048_576, "limit": limits.file_bytes // 1_048_576},
            cure=_("Split it into parts and import them one after another."),
        )
    with path.open("rb") as file:
        head = file.read(65_536)
    if not head.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise TabularError(
            "empty",
            place=_("The whole file"),
            message=_("there is nothing in it."),
            cure=_("Choose the file with the table, or export it again."),
        )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _inside_zip(path)
    for signature, needs_zero, name in _BINARY:
        if head.startswith(signature) and (not needs_zero or b"\x00" in head[:512]):
            raise _not_a_table(name)
    opening = head[:4096].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    for mark, name in _MARKUP:
        if opening.startswith(mark):
            raise _not_a_table(name)
    if opening.startswith((b'{"', b'[{"')) or (opening[:1] in b"{[" and opening[1:].lstrip()[:1] in b'"{'):
        raise _not_a_table("json")
    return "text"


def not_binary(head: bytes) -> None:
    """Refuse single-byte text with control characters: what is left are files of unknown formats."""
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b" for byte in head)
    if b"\x00" in head or control * 50 > len(head):
        raise _not_a_table("binary")


def _inside_zip(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise broken_workbook(_("The archive's table of contents")) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise _not_a_table("binary_excel")
    if "content.xml" in names and "mimetype" in names:
        raise _not_a_table("open_document")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise _not_a_table("text_document")
    raise _not_a_table("archive")


def broken_workbook(place: str) -> TabularError:
    """An XLSX file that was cut off or damaged, at `place`."""
    return TabularError(
        "broken_workbook",
        place=place,
        message=_("the workbook is damaged or was cut off on its way."),
        cure=_("Open it in a spreadsheet program, save it again as XLSX, and choose the new file."),
    )


def _not_a_table(name: str) -> TabularError:
    names = {
        "program": _("it is a program, whatever its name says."),
        "pdf": _("it is a PDF document."),
        "image": _("it is a picture."),
        "archive": _("it is an archive."),
        "database": _("it is a database file."),
        "old_excel": _("it is an old XLS workbook, or one protected by a password."),
        "binary_excel": _("it is a binary XLSB workbook."),
        "open_document": _("it is an OpenDocument file."),
        "text_document": _("it is a text document or a presentation."),
        "web_page": _("it is a web page, even if its name ends with xls."),
        "xml": _("it is an XML file."),
        "json": _("it is a JSON file."),
        "binary": _("it is not text: it holds control characters."),
    }
    cures = {
        "archive": _("Unpack it and choose the table inside."),
        "program": _("Choose a table: CSV, TSV or XLSX."),
    }
    save_as = _("Open it in a spreadsheet program and save it as XLSX or CSV (UTF-8), without a password.")
    return TabularError(name, place=_("The beginning of the file"), message=names[name], cure=cures.get(name, save_as))
