"""Imports checked and applied in the background, told to whoever watches the job's page."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from kniga.imports.files import stored_file
from kniga.imports.models import ImportJob, JobStatus
from kniga.imports.progress import StoredProgress, forget_progress
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import clock
from kniga.platform.errors import Conflict, Refused

if TYPE_CHECKING:
    from kniga.imports.options import Options

logger = logging.getLogger(__name__)
_READY: Final = (JobStatus.CHECKED, JobStatus.REFUSED)


@transaction.atomic
def queue_job(*, job: ImportJob, by: User) -> ImportJob:
    """Let a worker apply a checked job. Raises Conflict `job_moved_on` if it is not waiting for that."""
    return _queue(job, by, _READY, JobStatus.QUEUED)


@transaction.atomic
def apply_with(*, job: ImportJob, options: Options, by: User) -> ImportJob:
    """Queue a checked job with a last decision (what to do with rows in the way).

    Raises Refused `rows_in_the_way` if the check found such rows and they are not to be left out, and as
    `queue_job`."""
    require(by, Act.IMPORT)
    counts = job.report.get("counts", {})
    if counts.get("conflict", 0) + counts.get("error", 0) and not options.skip_errors:
        text = _("Some rows cannot be applied yet: explain the names, or say that such rows are left out.")
        raise Refused("rows_in_the_way", text)
    ImportJob.objects.filter(pk=job.pk, status__in=_READY).update(options=options.stored())
    return queue_job(job=job, by=by)


@transaction.atomic
def queue_check(*, job: ImportJob, by: User) -> ImportJob:
    """Let a worker check a job. Raises Conflict `job_moved_on`."""
    return _queue(job, by, (JobStatus.NEW, JobStatus.CHECKED, JobStatus.REFUSED), JobStatus.CHECKING)


@app.task(queue="imports")
def carry_out_import(job_id: int, by_id: int) -> None:
    """Check or apply a queued job. Run twice, it does nothing the second time."""
    carry_out(job_id=job_id, by=User.objects.get(pk=by_id), now=clock.now())


def carry_out(*, job_id: int, by: User, now: datetime) -> None:
    """Do what the job waits for, and note on it why it could not be done."""
    # The readers of files take 15 MB; a worker that no import was given does without them.
    from kniga.imports.services import ImportStopped, apply_job, check_job

    job = ImportJob.objects.filter(pk=job_id).first()
    if job is None or job.status not in {JobStatus.QUEUED, JobStatus.CHECKING}:
        return
    work = apply_job if job.status == JobStatus.QUEUED else check_job
    with translation.override(by.language or settings.LANGUAGE_CODE):
        try:
            with StoredProgress(job_id) as progress, stored_file(job) as path:
                work(job=job, path=path, by=by, now=now, progress=progress)
        except ImportStopped as stopped:
            _note(job, stopped.message, report=stopped.report.stored())
        except Refused as refused:
            _note(job, refused.message)
        except Exception:
            # Whatever broke, nobody may be left waiting: the transaction is gone, the job can be tried again.
            logger.exception("import %s broke", job_id)
            _note(job, _("Something broke on our side. Nothing was saved. Try again, or tell the administrator."))
        finally:
            forget_progress(job_id)


def _queue(job: ImportJob, by: User, waiting: tuple[JobStatus, ...], status: JobStatus) -> ImportJob:
    require(by, Act.IMPORT)
    job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.status not in waiting:
        raise Conflict("job_moved_on", _("Check the import first; or it was applied meanwhile."))
    job.status, job.problem = status, ""
    job.save(update_fields=["status", "problem"])
    carry_out_import.defer(job_id=job.pk, by_id=by.pk)
    return job


def _note(job: ImportJob, problem: str, report: dict[str, object] | None = None) -> None:
    values: dict[str, object] = {"status": JobStatus.REFUSED, "problem": problem}
    if report is not None:
        values["report"] = report
    ImportJob.objects.filter(pk=job.pk, status=job.status).update(**values)
