"""Streams the records of a CSV or TSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from kniga.imports.tabular.dialects import SAMPLE_RECORDS, Dialect
from kniga.imports.tabular.encodings import undecodable
from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import Limits

Record = tuple[int, list[str]]


def first_lines(path: Path, encoding: str, limits: Limits) -> list[str]:
    """The first lines of the file, enough to find its dialect."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            return list(islice(_lines(file, limits), SAMPLE_RECORDS))
    except UnicodeError as error:
        raise undecodable(path, encoding) from error


def text_records(path: Path, encoding: str, dialect: Dialect, limits: Limits) -> Iterator[Record]:
    """Yield (number of the record's first line, cells); cells are stripped, empty records left out."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(
            _lines(file, limits),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            skipinitialspace=dialect.delimiter != " ",
        )
        line = 1
        try:
            for cells in reader:
                if line > dialect.skipped and any(cells):
                    yield line, [_clean(cell) for cell in cells]
                line = reader.line_num + 1
        except UnicodeError as error:
            raise undecodable(path, encoding) from error
        except csv.Error as error:
            raise _unclosed_quote(line) from error


def _lines(file: TextIO, limits: Limits) -> Iterator[str]:
    number = 0
    while line := file.readline(limits.record_characters + 1):
        number += 1
        if len(line) > limits.record_characters:
            raise TabularError(
                "line_too_long",
                place=_("Line %(line)d") % {"line": number},
                message=_("it is longer than %(limit)d characters.") % {"limit": limits.record_characters},
                cure=_("Check that the file is a table with one record in a line."),
            )
        yield line


def _clean(cell: str) -> str:
    # PostgreSQL stores no zero character, and a mark of byte order inside a cell is never meant.
    if "\x00" in cell or "\ufeff" in cell:
        cell = cell.replace("\x00", "").replace("\ufeff", "")
    return cell.strip()


def _unclosed_quote(line: int) -> TabularError:
    return TabularError(
        "unclosed_quote",
        place=_("Line %(line)d") % {"line": line},
        message=_("a quotation mark opens a cell there and nothing closes it."),
        cure=_("Close or double the mark in this line, or save the table again as XLSX."),
    )
