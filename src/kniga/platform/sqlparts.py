"""Build a WHERE clause from fixed pieces of SQL; values travel as parameters only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

_LOOKS_FOR_TEXT = re.compile(r"\bLIKE %|<%%")


@dataclass(slots=True)
class Conditions:
    """Conditions joined by AND, with their parameters in order."""

    clauses: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, clause: str, *parameters: Any) -> None:
        """Add one condition."""
        self.clauses.append(clause)
        self.parameters.extend(parameters)

    def narrow(self, clause: str, value: int | str | None) -> None:
        """Add a condition of one parameter, unless the value says nothing: None or ""."""
        if value is not None and value != "":
            self.add(clause, value)

    def among(self, column: str, values: list[int] | tuple[int, ...] | None) -> None:
        """Keep rows whose `column` is one of `values`; None keeps all."""
        if values is not None and len(values) == 1:
            # With "=" an index on (column, sort key) still gives the rows in order; with "= ANY" it does not.
            self.add(f"{column} = %s::bigint", values[0])
        elif values is not None:
            self.add(f"{column} = ANY(%s::bigint[])", list(values))

    def also(self, clause: str) -> str:
        """The WHERE clause with one more condition, which has no parameters."""
        return f"WHERE {' AND '.join([*self.clauses, clause])}"

    @property
    def where(self) -> str:
        """The WHERE clause, or nothing."""
        return f"WHERE {' AND '.join(self.clauses)}" if self.clauses else ""


def rows_of(sql: str, parameters: list[Any] | dict[str, Any], *, one_plan: bool = False) -> list[tuple[Any, ...]]:
    """The rows of one SELECT.

    A statement that looks for text is planned for the very values (see `_planned_for_values`), unless the caller knows
    that `one_plan` serves all of them.
    """
    by_values = not one_plan and _LOOKS_FOR_TEXT.search(sql) is not None
    with connection.cursor() as cursor, _planned_for_values() if by_values else nullcontext():
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@contextmanager
def _planned_for_values() -> Iterator[None]:
    """Do not prepare the statements of the block.

    After a few runs PostgreSQL keeps one plan of a prepared statement for all values. How many rows a pattern finds
    lies in the pattern, so that plan is ten times slower for most of them.
    """
    kept, connection.connection.prepare_threshold = connection.connection.prepare_threshold, None
    try:
        yield
    finally:
        connection.connection.prepare_threshold = kept


def like(text: str) -> str:
    """A pattern for LIKE that finds `text` anywhere; its special characters mean themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
