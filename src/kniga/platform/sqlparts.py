"""Build a WHERE clause from fixed pieces of SQL; values travel as parameters only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection


@dataclass(slots=True)
class Conditions:
    """Conditions joined by AND, with their parameters in order."""

    clauses: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, clause: str, *parameters: Any) -> None:
        """Add one condition."""
        self.clauses.append(clause)
        self.parameters.extend(parameters)

    def among(self, column: str, values: list[int] | tuple[int, ...] | None) -> None:
        """Keep rows whose `column` is one of `values`; None keeps all."""
        if values is not None and len(values) == 1:
            # With "=" an index on (column, sort key) still gives the rows in order; with "= ANY" it does not.
            self.add(f"{column} = %s::bigint", values[0])
        elif values is not None:
            self.add(f"{column} = ANY(%s::bigint[])", list(values))

    @property
    def where(self) -> str:
        """The WHERE clause, or nothing."""
        return f"WHERE {' AND '.join(self.clauses)}" if self.clauses else ""


def rows_of(sql: str, parameters: list[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one SELECT."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def like(text: str) -> str:
    """A pattern for LIKE that finds `text` anywhere; its special characters mean themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
