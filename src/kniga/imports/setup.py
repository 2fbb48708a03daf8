"""The steps a person takes in the wizard: bring a file, settle how it is read and mapped, explain names, check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec.structs import replace

from kniga.imports.files import stored_file
from kniga.imports.finding import found_in
from kniga.imports.jobs import queue_check
from kniga.imports.kinds import IMPORTERS
from kniga.imports.mapping import remembered_options
from kniga.imports.models import ImportJob, JobStatus, KindKey
from kniga.imports.options import Options, options_of
from kniga.imports.services import check_job, look, new_job, set_options
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Refused

CHECKED_AT_ONCE: Final = 20_000
"""Rows up to which a check is answered at once; longer files are checked by a worker."""
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person said an unknown name means: another name, a new entry (`makes`), or for a stage a step."""

    reference: str
    text: str
    name: str = ""
    makes: bool = False


@transaction.atomic
def bring_file(*, kind: str, file_name: str, path: Path, by: User, now: datetime) -> ImportJob:
    """Look at an uploaded file and keep it as a new job with its guesses. Raises TabularError, Refused."""
    require(by, Act.IMPORT)
    if kind not in KindKey.values:
        raise Refused("unknown_kind", _("Choose what the file holds."), field="kind")
    table, options = look(kind=kind, path=path, options=Options())
    spec = IMPORTERS[kind].spec
    known = remembered_options(table, spec)
    if known is not None:
        options = replace(options, key=known.key, process=known.process, stages=known.stages)
    job = new_job(kind=kind, file_name=file_name, options=options, by=by, now=now, chunks=_pieces(path))
    job.found = asdict(found_in(table, spec, options))
    job.save(update_fields=["found"])
    return job


@transaction.atomic
def settle(*, job: ImportJob, options: Options, by: User) -> ImportJob:
    """Take over how the file is read and mapped; it is looked at again if it is to be read in another way.

    Raises TabularError, Refused."""
    before = options_of(job.options)
    is_read_anew = before.reading() != options.reading()
    # The names of columns may change with the way of reading; then the mapping is guessed anew.
    wanted = replace(options, mapping={}) if is_read_anew else options
    spec = IMPORTERS[job.kind].spec
    job = set_options(job=job, options=wanted, by=by)
    if is_read_anew or before.date_order != options.date_order or before.number_style != options.number_style:
        with stored_file(job) as path:
            table, wanted = look(kind=job.kind, path=path, options=wanted)
        job.options, job.found = wanted.stored(), asdict(found_in(table, spec, wanted))
        job.save(update_fields=["options", "found"])
    return job


@transaction.atomic
def explain(
    *, job: ImportJob, explanations: Iterable[Explanation], create_missing: Iterable[str] = (), by: User
) -> ImportJob:
    """Take over what unknown names mean, and of which references all unknown ones are to be made.

    The next check uses it."""
    options = options_of(job.options)
    confirmed = {reference: dict(names) for reference, names in options.confirmed.items()}
    stages = dict(options.stages)
    for said in explanations:
        if said.reference == "stage":
            stages[said.text] = said.name
        else:
            confirmed.setdefault(said.reference, {})[said.text] = said.text if said.makes else said.name
    missing = tuple(dict.fromkeys((*options.create_missing, *create_missing)))
    return set_options(
        job=job, options=replace(options, confirmed=confirmed, stages=stages, create_missing=missing), by=by
    )


def check(*, job: ImportJob, by: User, now: datetime) -> ImportJob:
    """Check a job: a short file at once, a long one in the background. Raises TabularError, Refused."""
    if job.found.get("rows", 0) > CHECKED_AT_ONCE:
        return queue_check(job=job, by=by)
    with stored_file(job) as path:
        check_job(job=job, path=path, by=by, now=now)
    job.refresh_from_db()
    return job


@transaction.atomic
def discard(*, job: ImportJob, by: User) -> None:
    """Throw away a job that was never applied, with its file. Raises Refused `not_allowed`."""
    require(by, Act.IMPORT)
    waiting = (JobStatus.NEW, JobStatus.CHECKED, JobStatus.REFUSED)
    ImportJob.objects.filter(pk=job.pk, status__in=waiting).delete()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
