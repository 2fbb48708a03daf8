"""Imports: check a file, apply it, take it back. An apply is one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.imports import events, sets
from kniga.imports.files import sha256_of, store_file
from kniga.imports.finding import Found, found_in
from kniga.imports.kinds import IMPORTERS
from kniga.imports.mapping import remember_options, settle_options
from kniga.imports.models import ImportJob, JobStatus, KindKey
from kniga.imports.options import Options, options_of
from kniga.imports.planning import plan
from kniga.imports.references import References
from kniga.imports.report import Report, report_of
from kniga.imports.run import Progress, Run, no_progress
from kniga.imports.sight import sight_of
from kniga.imports.tabular.table import Table, open_table
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import ledger
from kniga.platform.errors import Conflict, Refused
from kniga.platform.waking import wake_workers

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('kniga.imports'), hashtext(%s))"


class ImportStopped(Refused):
    """Rows are in the way; nothing was saved. `report` tells which, why, and what to confirm."""

    def __init__(self, report: Report) -> None:
        text = _("%(count)d of %(rows)d rows cannot be applied; nothing was saved.")
        super().__init__("rows_in_the_way", text % {"count": report.stopped, "rows": report.rows})
        self.report = report


@transaction.atomic
def new_job(
    *, kind: str, file_name: str, options: Options, by: User | None, now: datetime, chunks: Iterable[bytes] = ()
) -> ImportJob:
    """A job for a file, kept with it if `chunks` are given. Raises Refused `unknown_kind`, `not_allowed`."""
    if by is not None:
        require(by, Act.IMPORT)
    if kind not in KindKey.values:
        raise Refused("unknown_kind", _("There is nothing of this kind to import."), field="kind")
    name = Path(file_name).name[:300] or "table"
    job = ImportJob.objects.create(
        kind=kind, file_name=name, file_size=0, sha256="", options=options.stored(), created_by=by, created_at=now
    )
    store_file(job, chunks)
    return job


@transaction.atomic
def set_options(*, job: ImportJob, options: Options, by: User) -> ImportJob:
    """Change the decisions of a job that is not applied yet. Raises Conflict `job_moved_on`, `not_allowed`."""
    require(by, Act.IMPORT)
    job = _open_job(job)
    if job.status in {JobStatus.QUEUED, JobStatus.CHECKING}:
        raise Conflict("job_moved_on", _("A worker has this import; wait for it to end."))
    job.options, job.status = options.stored(), JobStatus.NEW
    job.save(update_fields=["options", "status"])
    return job


@transaction.atomic
def check_job(
    *,
    job: ImportJob,
    path: Path,
    by: User | None,
    now: datetime,
    progress: Progress = no_progress,
    table: Table | None = None,
) -> Report:
    """Dry run: decide for every row and store the decisions, changing nothing else.

    `table` is the file as `look` has opened it, if it has. Raises TabularError, Refused for what concerns the
    whole file."""
    if by is not None:
        require(by, Act.IMPORT)
    job = _open_job(job)
    run = _run(job, path, by, now, progress, makes=False, table=table)
    plan(run)
    report = report_of(run)
    job.options, job.report, job.problem = run.options.stored(), report.stored(), ""
    job.status, job.checked_at = JobStatus.CHECKED, now
    job.save()
    return report


@transaction.atomic
def apply_job(
    *,
    job: ImportJob,
    path: Path,
    by: User | None,
    now: datetime,
    progress: Progress = no_progress,
    table: Table | None = None,
) -> Report:
    """Carry out the import in one transaction.

    Rows are decided anew, so a check that has become stale harms nothing. Raises ImportStopped if rows are in the
    way (unless `skip_errors`), TabularError, Refused; then nothing is saved."""
    if by is not None:
        require(by, Act.IMPORT)
    lock_kind(job.kind)
    job = _open_job(job)
    run = _run(job, path, by, now, progress, makes=True, table=table)
    importer = plan(run)
    report = report_of(run)
    if report.stopped and not run.options.skip_errors:
        raise ImportStopped(report)
    progress("write", 0, report.rows)
    importer.write()
    run.execute(sets.remember(run.spec))
    progress("write", report.rows, report.rows)
    job.options, job.report, job.problem = run.options.stored(), report.stored(), ""
    job.made, job.status, job.applied_at = run.references.made, JobStatus.APPLIED, now
    job.sha256 = job.sha256 if job.file_size else sha256_of(path)
    job.file_size = job.file_size or path.stat().st_size
    job.save()
    if not report.stopped:  # what was left out is downloaded from the file, to be mended
        job.parts.all().delete()
    remember_options(run.table, run.spec, run.options, now)
    tell_job(events.JOB_APPLIED, job, by, now, {"counts": report.counts})
    wake_workers()  # conditions of the sales book may look at what has changed
    return report


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_file` did: the job (None after a dry run), what was found in the file, and the report."""

    job_id: int | None
    found: Found
    report: Report


@transaction.atomic
def import_file(
    *,
    kind: str,
    path: Path,
    options: Options,
    by: User | None,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Imported:
    """Import a file in one transaction, from the first look to the report; with `dry_run` nothing stays.

    Raises ImportStopped, TabularError, Refused; then nothing stays either."""
    job = new_job(kind=kind, file_name=path.name, options=options, by=by, now=now)
    table, _options = look(kind=kind, path=path, options=options)
    if dry_run:
        report = check_job(job=job, path=path, by=by, now=now, progress=progress, table=table)
    else:
        report = apply_job(job=job, path=path, by=by, now=now, progress=progress, table=table)
    job.refresh_from_db()
    found = found_in(table, IMPORTERS[kind].spec, options_of(job.options))
    if dry_run:
        transaction.set_rollback(True)
    return Imported(None if dry_run else job.pk, found, report)


def look(*, kind: str, path: Path, options: Options) -> tuple[Table, Options]:
    """What is in the file, and the options with mapping and key settled: what the person said, what was remembered
    for this header, else guesses. Raises TabularError, Refused."""
    spec = IMPORTERS[kind].spec
    table = open_table(path, options.reading())
    return table, settle_options(table, spec, options)


def _run(
    job: ImportJob,
    path: Path,
    by: User | None,
    now: datetime,
    progress: Progress,
    *,
    makes: bool,
    table: Table | None,
) -> Run:
    spec, given = IMPORTERS[job.kind].spec, options_of(job.options)
    table = table or open_table(path, given.reading())
    options = settle_options(table, spec, given)
    sight = sight_of(by, job.kind)
    references = References(options, makes, now, sight)
    return Run(job, spec, table, options, references, now, by.pk if by else None, progress, sight)


def _open_job(job: ImportJob) -> ImportJob:
    job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.status in {JobStatus.APPLIED, JobStatus.UNDONE}:
        raise Conflict("job_moved_on", _("This import was applied already."))
    return job


def lock_kind(kind: str) -> None:
    """Let imports of one kind follow each other; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [kind])


def tell_job(kind: str, job: ImportJob, by: User | None, now: datetime, payload: dict[str, object]) -> None:
    """Tell the ledger of a job."""
    told = {"job": job.pk, "import": job.kind, "file": job.file_name, **payload}
    ledger.record([ledger.LedgerEvent(kind, now, actor_id=by.pk if by else None, payload=told)])
