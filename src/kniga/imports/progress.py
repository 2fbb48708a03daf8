"""How far a job is, told through a connection of its own: the job's transaction shows nothing before its end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from django.db import connection

from kniga.imports.models import ImportProgress

_TELL = """
INSERT INTO imports_importprogress (job_id, phase, done, total) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id) DO UPDATE SET phase = excluded.phase, done = excluded.done, total = excluded.total
"""
_EVERY_SECONDS = 0.3


class StoredProgress:
    """A progress callback that others can read while the job runs: `with StoredProgress(job.pk) as progress:`."""

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._told_at = 0.0
        self._phase = ""

    def __enter__(self) -> Self:
        self._apart = connection.copy()
        return self

    def __call__(self, phase: str, done: int, total: int) -> None:
        moment = time.monotonic()
        if phase == self._phase and done < total and moment - self._told_at < _EVERY_SECONDS:
            return
        self._phase, self._told_at = phase, moment
        with self._apart.cursor() as cursor:
            cursor.execute(_TELL, [self._job_id, phase, done, total])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._apart.close()


def forget_progress(job_id: int) -> None:
    """Remove what was told of a job that is over."""
    ImportProgress.objects.filter(job_id=job_id).delete()
