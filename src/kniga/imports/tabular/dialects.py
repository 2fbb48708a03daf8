"""How a text file separates its cells: delimiter and quote, found by what makes the rows equally wide."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _

from kniga.imports.tabular.errors import TabularError

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE_RECORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Dialect:
    """One delimiter, one quote; `skipped` lines at the top hold no table (`sep=;` of spreadsheets)."""

    delimiter: str
    quote: str
    skipped: int = 0


def find_dialect(lines: list[str], *, delimiter: str | None = None) -> Dialect:
    """The dialect of a file that begins with `lines`; a given delimiter is kept."""
    first = lines[0].lstrip("\ufeff").strip() if lines else ""
    if delimiter is not None and not _may_part(delimiter):
        raise TabularError(
            "bad_delimiter",
            place=_("The delimiter"),
            message=_("“%(mark)s” cannot stand between cells.") % {"mark": delimiter[:10]},
            cure=_("Choose comma, semicolon, tab or bar."),
        )
    if first.lower().startswith("sep=") and len(first) == 5 and _may_part(first[4]):
        return Dialect(delimiter or first[4], '"', 1)
    quote = _quote_of(lines)
    if delimiter:
        return Dialect(delimiter, quote)
    best = max(DELIMITERS, key=lambda candidate: _evenness(lines, candidate, quote))
    return Dialect(best, quote)


def _may_part(mark: str) -> bool:
    return len(mark) == 1 and mark not in "\"'\r\n\x00"


def _quote_of(lines: list[str]) -> str:
    text = "".join(lines)
    single = sum(text.count(f"{mark}'") + text.count(f"'{mark}") for mark in DELIMITERS)
    return "'" if '"' not in text and single >= 2 * max(1, len(lines)) else '"'


def _evenness(lines: list[str], delimiter: str, quote: str) -> float:
    """How equally wide the records are; 0 for a single column."""
    try:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True)
        widths = Counter(len(record) for record in islice(reader, SAMPLE_RECORDS) if any(record))
    except csv.Error:
        return 0.0
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0
    usual, count = max(wide.items(), key=lambda item: (item[1], item[0]))
    share = count / sum(widths.values())
    return share**3 * (1 + math.log2(usual))
