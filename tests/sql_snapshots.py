"""Statements a piece of code sends, in a shape that can be compared between 1 row and N rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext

_LITERALS = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_LISTS = re.compile(r"\((?:\?(?:::\w+)?(?:, ?)?)+\)")
_SAVEPOINTS = re.compile(r"^(?:RELEASE )?SAVEPOINT .*|^ROLLBACK TO SAVEPOINT .*")


@dataclass
class SqlLog:
    """The statements that were sent, in order."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)

    @property
    def shapes(self) -> list[str]:
        """The statements without their values, so that runs over different rows compare equal."""
        return [_LISTS.sub("(…)", _LITERALS.sub("?", statement)) for statement in self.statements]


@contextmanager
def record_sql() -> Iterator[SqlLog]:
    """Collect the statements of the block (savepoints left out)."""
    log = SqlLog()
    with CaptureQueriesContext(connection) as captured:
        yield log
    log.statements = [query["sql"] for query in captured.captured_queries if not _SAVEPOINTS.match(query["sql"])]
