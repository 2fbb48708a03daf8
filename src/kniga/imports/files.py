"""Uploaded files rest in the database until they are applied, so that any server or worker can read them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kniga.imports.models import ImportJob, ImportPart

PART_BYTES: Final = 1024 * 1024


def store_file(job: ImportJob, chunks: Iterable[bytes]) -> None:
    """Keep the file with the job, and note its size and SHA-256."""
    digest, size, position, waiting = hashlib.sha256(), 0, 0, b""
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            ImportPart.objects.create(job=job, position=position, data=waiting[:PART_BYTES])
            waiting, position = waiting[PART_BYTES:], position + 1
    if waiting:
        ImportPart.objects.create(job=job, position=position, data=waiting)
    ImportJob.objects.filter(pk=job.pk).update(sha256=digest.hexdigest(), file_size=size)
    job.sha256, job.file_size = digest.hexdigest(), size


@contextmanager
def stored_file(job: ImportJob) -> Iterator[Path]:
    """The job's file on disk, for the time of the block."""
    with tempfile.NamedTemporaryFile(prefix="kniga-import-") as file:
        for position in range(job.parts.count()):
            file.write(ImportPart.objects.values_list("data", flat=True).get(job=job, position=position))
        file.flush()
        yield Path(file.name)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
