"""The one door: look at a file once, then stream its rows as often as needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from kniga.imports.tabular.container import container_of
from kniga.imports.tabular.dialects import Dialect, find_dialect
from kniga.imports.tabular.encodings import FoundEncoding, find_encoding, name_encoding, sample_of
from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import LIMITS, Limits
from kniga.imports.tabular.profiles import ColumnWatch, Profile
from kniga.imports.tabular.text_source import Record, first_lines, text_records
from kniga.imports.tabular.values import date_order_of, looks_like_number
from kniga.imports.tabular.workbook import Sheet, Workbook, open_workbook
from kniga.imports.tabular.workbook_source import NO_VALUE, too_many_columns, workbook_records

PREVIEW_ROWS: Final = 20
_HEADER_WITHIN: Final = 40
_MAIL: Final = re.compile(r"\S+@\S+\.\S+$")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person has decided; None means: find it. `header_row` 0 means there is no header."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    index: int
    name: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, one cell per column, what is wrong with it as a whole (or empty)."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What was found in the file. `rows()` streams it; nothing is kept in memory but this description."""

    path: Path
    container: str
    encoding: FoundEncoding | None
    dialect: Dialect | None
    sheets: tuple[str, ...]
    sheet: str
    header_row: int
    columns: tuple[Column, ...]
    row_count: int
    preview: tuple[Row, ...]
    limits: Limits = LIMITS
    workbook: Workbook | None = field(default=None, repr=False)

    def rows(self) -> Iterator[Row]:
        """Stream the rows below the header; raises TabularError where the file breaks off."""
        source = _Source(self.path, self.encoding, self.dialect, self.workbook, self.sheet, self.limits)
        for number, cells in source.records():
            if number > self.header_row:
                yield _row(number, cells, len(self.columns), self.limits)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    encoding: FoundEncoding | None
    dialect: Dialect | None
    workbook: Workbook | None
    sheet: str
    limits: Limits

    def records(self) -> Iterator[Record]:
        if self.workbook is not None:
            return workbook_records(self.workbook, _sheet_named(self.workbook, self.sheet), self.limits)
        assert self.encoding is not None and self.dialect is not None
        return text_records(self.path, self.encoding.name, self.dialect, self.limits)


def open_table(path: Path, options: ReadOptions | None = None, limits: Limits = LIMITS) -> Table:
    """Look at the whole file; raises TabularError if it is no table, too large, or torn."""
    options = options or ReadOptions()
    container = container_of(path, limits)
    source = _text_source(path, options, limits) if container == "text" else _sheet_source(path, options, limits)
    sample = list(islice(source.records(), 200))
    if not sample:
        raise _nothing(source.sheet)
    for number, cells in sample:
        if len(cells) > limits.columns:
            raise too_many_columns(number, len(cells), limits)
    header_row = _header_row(sample) if options.header_row is None else options.header_row
    names, first_data = _names(sample, header_row)
    watches = [ColumnWatch() for _name in names]
    count, preview = _watch(source, header_row if first_data else 0, watches, limits)
    columns = tuple(
        Column(i, name, watch.profile()) for i, (name, watch) in enumerate(zip(names, watches, strict=True))
    )
    return Table(
        path, container, source.encoding, source.dialect,
        tuple(sheet.name for sheet in source.workbook.sheets) if source.workbook else (),
        source.sheet, header_row, columns, count, preview, limits, source.workbook,
    )  # fmt: skip


def _text_source(path: Path, options: ReadOptions, limits: Limits) -> _Source:
    if options.encoding:
        name = name_encoding(options.encoding)
        # A given encoding may still carry its mark; the decoder that drops it reads both.
        found = FoundEncoding("utf-8-sig" if name == "utf-8" else name, 1.0, sample_of(path, name))
    else:
        found = find_encoding(path)
    dialect = find_dialect(first_lines(path, found.name, limits), delimiter=options.delimiter)
    return _Source(path, found, dialect, None, "", limits)


def _sheet_source(path: Path, options: ReadOptions, limits: Limits) -> _Source:
    workbook = open_workbook(path, limits)
    if options.sheet:
        return _Source(path, None, None, workbook, _sheet_named(workbook, options.sheet).name, limits)
    for sheet in workbook.sheets:
        source = _Source(path, None, None, workbook, sheet.name, limits)
        if next(source.records(), None) is not None:
            return source
    raise _nothing(workbook.sheets[0].name)


def _sheet_named(workbook: Workbook, name: str) -> Sheet:
    for sheet in workbook.sheets:
        if sheet.name == name:
            return sheet
    raise TabularError(
        "no_sheet",
        place=_("The workbook"),
        message=_("it has no sheet “%(name)s”.") % {"name": name},
        cure=_("Choose one of: %(names)s.") % {"names": ", ".join(sheet.name for sheet in workbook.sheets)},
    )


def _nothing(sheet: str) -> TabularError:
    place = _("Sheet “%(name)s”") % {"name": sheet} if sheet else _("The whole file")
    return TabularError(
        "empty",
        place=place,
        message=_("there is nothing in it."),
        cure=_("Choose the file with the table, or export it again."),
    )


def _header_row(sample: list[Record]) -> int:
    """The number of the first row that is as wide as the table and holds only words; 0 if there is none."""
    widths = [sum(map(bool, cells)) for _number, cells in sample]
    usual = sorted(widths)[int(len(widths) * 0.75)]
    for (number, cells), width in zip(sample[:_HEADER_WITHIN], widths, strict=False):
        if width >= max(1, usual * 0.7):
            return number if all(_is_word(cell) for cell in cells if cell) else 0
    return 0


def _is_word(cell: str) -> bool:
    return not (looks_like_number(cell) and len(cell) != 4) and date_order_of(cell) == "none" and not _MAIL.match(cell)


def _names(sample: list[Record], header_row: int) -> tuple[list[str], bool]:
    """Unique names for the columns, and whether they come from a header."""
    header = next((cells for number, cells in sample if number == header_row), None)
    if header is None:
        width = max(len(cells) for _number, cells in sample)
        return [_("Column %(number)d") % {"number": i + 1} for i in range(width)], False
    while header and not header[-1]:
        header = header[:-1]
    names: list[str] = []
    for index, cell in enumerate(header):
        name = " ".join(cell.split())[:200] or _("Column %(number)d") % {"number": index + 1}
        wanted, copy = name, 2
        while name in names:
            name, copy = f"{wanted} ({copy})", copy + 1
        names.append(name)
    return names, True


def _watch(source: _Source, after: int, watches: list[ColumnWatch], limits: Limits) -> tuple[int, tuple[Row, ...]]:
    count = 0
    preview: list[Row] = []
    width = len(watches)
    for number, cells in source.records():
        if max(width, len(cells)) > limits.columns:
            raise too_many_columns(number, max(width, len(cells)), limits)
        if number <= after:
            continue
        count += 1
        if count > limits.rows:
            raise _too_many_rows(limits)
        if len(preview) < PREVIEW_ROWS:
            preview.append(_row(number, cells, width, limits))
        for watch, cell in zip(watches, cells, strict=False):
            watch.see(cell)
    return count, tuple(preview)


def _row(number: int, cells: list[str], width: int, limits: Limits) -> Row:
    problem = ""
    if len(cells) != width:
        if any(cells[width:]):
            problem = _("the row has %(count)d cells, the header %(width)d: check quotes and delimiter") % {
                "count": len(cells),
                "width": width,
            }
        cells = [*cells[:width], *[""] * (width - len(cells))]
    if any(len(cell) > limits.cell_characters for cell in cells):
        problem = _("a cell is longer than %(limit)d characters") % {"limit": limits.cell_characters}
        cells = [cell[: limits.cell_characters] for cell in cells]
    if NO_VALUE in cells:
        problem = _("a formula has no computed value: open the file in a spreadsheet program and save it")
        cells = ["" if cell == NO_VALUE else cell for cell in cells]
    return Row(number, cells, problem)


def _too_many_rows(limits: Limits) -> TabularError:
    return TabularError(
        "too_many_rows",
        place=_("Row %(row)d") % {"row": limits.rows + 1},
        message=_("there are more than %(limit)d rows.") % {"limit": limits.rows},
        cure=_("Split the file into parts and import them one after another."),
    )
