"""Streams the records of one XLSX sheet; every cell comes out as text, dates as ISO, numbers with a point."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime, time

from django.utils.translation import gettext as _
from lxml import etree
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import Limits
from kniga.imports.tabular.text_source import Record
from kniga.imports.tabular.workbook import Sheet, Workbook, elements, reading_part, text_of

NO_VALUE = "\ufffd="
"""Stands for a formula without a computed value; `rows()` reports it instead of showing it."""


def workbook_records(workbook: Workbook, sheet: Sheet, limits: Limits) -> Iterator[Record]:
    """Yield (row number, cells) of the sheet's rows that are not empty."""
    with reading_part(_("Sheet “%(name)s”") % {"name": sheet.name}), zipfile.ZipFile(workbook.path) as archive:
        number = 0
        # Trailing cells may be empty but formatted; far more of them than columns is no table.
        most = limits.columns * 40
        for row in elements(archive, sheet.part, "row", child="c", most_children=most):
            number = int(row.get("r") or number + 1)
            cells = _cells(workbook, row, number, limits)
            if any(cells):
                yield number, cells


def _cells(workbook: Workbook, row: etree._Element, number: int, limits: Limits) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if not str(cell.tag).endswith("}c"):
            continue
        column = _column(cell.get("r"), len(cells))
        if column >= limits.columns:
            text = _text(workbook, cell)
            if text:
                raise too_many_columns(number, column + 1, limits)
            continue
        cells.extend([""] * (column - len(cells)))
        cells.append(_text(workbook, cell))
    return cells


def _column(reference: str | None, otherwise: int) -> int:
    if not reference:
        return otherwise
    index = 0
    for character in reference:
        if not "A" <= character <= "Z":
            break
        index = index * 26 + ord(character) - 64
    return max(index - 1, otherwise)


def _text(workbook: Workbook, cell: etree._Element) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find("{*}is")
        return "" if inline is None else text_of(inline).replace("\x00", "").strip()
    raw = cell.findtext("{*}v")
    if raw is None or raw == "":
        return NO_VALUE if cell.find("{*}f") is not None else ""
    if kind == "s":
        return workbook.strings[int(raw)].strip()
    if kind == "b":
        return _("yes") if raw == "1" else _("no")
    if kind in {"str", "e", "d"}:
        return raw.strip()
    return _number(workbook, cell, raw)


def _number(workbook: Workbook, cell: etree._Element, raw: str) -> str:
    value = float(raw)
    if int(cell.get("s", "0")) in workbook.date_styles:
        epoch = CALENDAR_MAC_1904 if workbook.is_1904 else CALENDAR_WINDOWS_1900
        try:
            moment = from_excel(value, epoch)
        except (ValueError, OverflowError):
            return raw
        if isinstance(moment, datetime):
            midnight = moment.time() == time(0)
            return moment.date().isoformat() if midnight else moment.isoformat(" ", "seconds")
        return str(moment)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10f}".rstrip("0") if 1e-6 < abs(value) < 1e15 else repr(value)
    # Three digits after the point could be read as thousands; a fourth one leaves no doubt.
    return text + "0" if len(text.rpartition(".")[2]) == 3 else text


def too_many_columns(row: int, count: int, limits: Limits) -> TabularError:
    """The error for a row wider than a table may be."""
    return TabularError(
        "too_many_columns",
        place=_("Row %(row)d") % {"row": row},
        message=_("it has %(count)d columns; at most %(limit)d are read.") % {"count": count, "limit": limits.columns},
        cure=_("Keep the columns you need, or check the delimiter."),
    )
