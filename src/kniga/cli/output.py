"""How commands speak: tables for people, JSON for machines, errors on the error stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import typer

_WHOLE = 16


def print_json(value: Any) -> None:
    """One JSON document; dates and decimals become text."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """The rows as a table, or as JSON; `empty` is said where there are none."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        print(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in rows[0]:
        cells = [str(row[column]) for row in rows]
        # Numbers, keys and moments stay whole; names and lists share what room is left.
        table.add_column(column.replace("_", " "), no_wrap=all(len(cell) <= _WHOLE for cell in cells))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def shown_time(moment: datetime | None) -> str:
    """A moment for a table, to the minute, in the time zone of the installation: 2026-11-29 10:00."""
    if moment is None:
        return ""
    from django.utils.timezone import localtime

    return f"{localtime(moment):%Y-%m-%d %H:%M}"


def refuse(message: str, *, code: int = 1) -> NoReturn:
    """Say what is wrong and how to cure it, and end with `code`."""
    print(f"kniga: {message}", file=sys.stderr)
    raise typer.Exit(code)
