"""How commands speak: tables for people, JSON for machines, errors on the error stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import typer


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
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def refuse(message: str, *, code: int = 1) -> NoReturn:
    """Say what is wrong and how to cure it, and end with `code`."""
    print(f"kniga: {message}", file=sys.stderr)
    raise typer.Exit(code)
