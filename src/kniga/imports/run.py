"""What one pass over a file works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from kniga.imports.fields import KindSpec
from kniga.imports.models import ImportJob
from kniga.imports.options import Options
from kniga.imports.references import References
from kniga.imports.sight import Sight
from kniga.imports.tabular.table import Table

Progress = Callable[[str, int, int], None]


def no_progress(phase: str, done: int, total: int) -> None:
    """For callers that watch nothing."""


@dataclass(slots=True)
class Run:
    """One check or apply of a job. `notes` go into the report as they are."""

    job: ImportJob
    spec: KindSpec
    table: Table
    options: Options
    references: References
    now: datetime
    actor_id: int | None
    progress: Progress = no_progress
    sight: Sight = field(default_factory=Sight)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def makes(self) -> bool:
        """Whether this run writes, not only looks."""
        return self.references.makes

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        """Run one statement over the job's rows (`%(job)s`, `%(now)s`, `%(actor)s` are given); rows touched."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {"job": self.job.pk, "now": self.now, "actor": self.actor_id, **(parameters or {})})
            return int(cursor.rowcount)

    def fetch(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of one statement, parameters as in `execute`."""
        with connection.cursor() as cursor:
            cursor.execute(sql, {"job": self.job.pk, "now": self.now, "actor": self.actor_id, **(parameters or {})})
            return list(cursor.fetchall())
