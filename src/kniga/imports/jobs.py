"""Imports applied in the background, told to whoever watches the job's page."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from kniga.imports.files import stored_file
from kniga.imports.models import ImportJob, JobStatus
from kniga.imports.progress import StoredProgress, forget_progress
from kniga.imports.services import ImportStopped, apply_job
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import clock
from kniga.platform.errors import Conflict, Refused


@transaction.atomic
def queue_job(*, job: ImportJob, by: User) -> ImportJob:
    """Let a worker apply a checked job. Raises Conflict `job_moved_on` if it is not waiting for that."""
    require(by, Act.IMPORT)
    job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.status not in {JobStatus.CHECKED, JobStatus.REFUSED}:
        raise Conflict("job_moved_on", _("Check the import first; or it was applied meanwhile."))
    job.status, job.problem = JobStatus.QUEUED, ""
    job.save(update_fields=["status", "problem"])
    apply_import.defer(job_id=job.pk, by_id=by.pk)
    return job


@app.task(queue="imports")
def apply_import(job_id: int, by_id: int) -> None:
    """Apply a queued job. Run twice, it does nothing the second time."""
    carry_out(job_id=job_id, by=User.objects.get(pk=by_id), now=clock.now())


def carry_out(*, job_id: int, by: User, now: datetime) -> None:
    """Apply the job, and note on it why it could not be applied."""
    job = ImportJob.objects.get(pk=job_id)
    if job.status != JobStatus.QUEUED:
        return
    with translation.override(by.language or settings.LANGUAGE_CODE):
        try:
            with StoredProgress(job_id) as progress, stored_file(job) as path:
                apply_job(job=job, path=path, by=by, now=now, progress=progress)
        except ImportStopped as stopped:
            _note(job_id, stopped.message, report=stopped.report.stored())
        except Refused as refused:
            _note(job_id, refused.message)
        finally:
            forget_progress(job_id)


def _note(job_id: int, problem: str, report: dict[str, object] | None = None) -> None:
    values: dict[str, object] = {"status": JobStatus.REFUSED, "problem": problem}
    if report is not None:
        values["report"] = report
    ImportJob.objects.filter(pk=job_id, status=JobStatus.QUEUED).update(**values)
