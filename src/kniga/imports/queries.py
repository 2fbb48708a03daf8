"""What there is to see of imports: jobs, their rows, how far they are, what can be imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from kniga.imports.finding import Found
from kniga.imports.kinds import IMPORTERS
from kniga.imports.models import ImportJob, ImportProgress, ImportRow, JobStatus, KindKey
from kniga.imports.options import Options, options_of
from kniga.imports.report import WAITING, Report, reasons_told, report_from
from kniga.imports.stages import StageMap
from kniga.imports.undoing import Undone
from kniga.people.models import User
from kniga.people.permissions import Act, managed_branch_id, may
from kniga.platform.errors import NotVisible
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.running.bulk import published_version_id
from kniga.processes.versions.definitions import runnable_version

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class JobLine:
    """An import in a list; `counts` by action, empty before the first check."""

    id: int
    kind: str
    status: str
    file_name: str
    rows: int
    counts: dict[str, int]
    by: str
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row of a job: its values and changes by field, reasons with the column they belong to."""

    number: int
    action: str
    values: dict[str, Any]
    changes: dict[str, list[Any]]
    reasons: list[dict[str, str]]
    target_id: int | None

    @property
    def is_waiting(self) -> bool:
        """Whether nothing stands in the way of the row but names nobody has explained."""
        return self.action == "error" and all(reason["code"].startswith("unknown_") for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field a column may be mapped to; `type` tells how its cells are read (`date`, `money`, `text`…)."""

    key: str
    label: str
    is_required: bool
    type: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value and what people read for it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: phase `check`, `write`, `start` or '' when nothing is told yet."""

    phase: str
    done: int
    total: int


def jobs_page(*, user: User | None, before: int | None = None, limit: int = PAGE) -> list[JobLine]:
    """Imports, newest first; `before` is the id of the last one seen. Without a user (command line) all; a user
    whose role may import sees them, a head of a branch only those of its people."""
    found = _visible(user).select_related("created_by").defer("made", "options").order_by("-id")
    if before is not None:
        found = found.filter(pk__lt=before)
    return [_line(job) for job in found[:limit]]


def get_visible_job(*, user: User | None, id: int) -> ImportJob:
    """The import with this id. Raises NotVisible."""
    job = _visible(user).filter(pk=id).first()
    if job is None:
        raise NotVisible
    return job


def job_line(job: ImportJob) -> JobLine:
    """The job as lists show it."""
    return _line(job)


def job_options(job: ImportJob) -> Options:
    """The decisions of a job."""
    return options_of(job.options)


def job_report(job: ImportJob) -> Report | None:
    """What the last check or apply found; None before."""
    stored = {key: value for key, value in job.report.items() if key != "undone"}
    return report_from(stored) if stored else None


def job_rows(
    *, job: ImportJob, actions: tuple[str, ...] = (), waiting: bool | None = None, after: int = 0, limit: int = PAGE
) -> list[RowLine]:
    """Rows of a job in the order of the file, of some actions only; `after` is the last row number seen.

    `waiting`: only the errors that are but names nobody has explained, or none of these; None for both."""
    found = ImportRow.objects.filter(job=job, number__gt=after)
    if waiting is not None:
        of_names = RawSQL(f"SELECT r.number FROM imports_importrow r WHERE r.job_id = %s AND {WAITING}", [job.pk])
        found = found.filter(number__in=of_names) if waiting else found.exclude(number__in=of_names)
    if actions:
        found = found.filter(action__in=actions)
    columns = ("number", "action", "values", "changes", "reasons", "target_id")
    rows = found.order_by("number").values_list(*columns)[:limit]
    return [
        RowLine(number, action, values, changes, reasons_told(reasons), target_id)
        for number, action, values, changes, reasons, target_id in rows
    ]


def job_progress(job: ImportJob) -> Progress:
    """How far the running job is."""
    told = ImportProgress.objects.filter(job_id=job.pk).values_list("phase", "done", "total").first()
    return Progress(*told) if told else Progress("", 0, 0)


def is_running(job: ImportJob) -> bool:
    """Whether a worker has the job, or will have it."""
    return job.status in {JobStatus.QUEUED, JobStatus.CHECKING}


def job_found(job: ImportJob) -> Found:
    """What the job's file holds, with the present mapping."""
    found = msgspec.convert(job.found, Found)
    mapping = options_of(job.options).mapping
    columns = tuple(replace(column, field=mapping.get(column.name, "")) for column in found.columns)
    return replace(found, columns=columns)


def job_undone(job: ImportJob) -> Undone | None:
    """What undoing the job did; None if it was not undone."""
    stored = job.report.get("undone")
    return None if stored is None else Undone(**stored)


def kinds() -> list[Choice]:
    """The kinds there are, in the order they build on each other."""
    return [Choice(kind.value, str(kind.label)) for kind in KindKey]


def fields_of(kind: str) -> list[FieldChoice]:
    """The fields of a kind."""
    return [
        FieldChoice(field.key, str(field.label), field.required, field.type.value)
        for field in IMPORTERS[kind].spec.fields
    ]


def keys_of(kind: str) -> list[Choice]:
    """The fields rows of a kind may be matched by."""
    spec = IMPORTERS[kind].spec
    fields = [field for key in (*spec.keys, *spec.offered_keys) if (field := spec.field(key))]
    return [Choice(field.key, str(field.label)) for field in fields]


def processes() -> list[Choice]:
    """The processes deals may enter."""
    found = ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).order_by("process__name")
    return [Choice(key, name) for key, name in found.values_list("process__key", "process__name")]


def steps_of(process_key: str) -> list[Choice]:
    """The steps a stage of a file may be mapped to. Raises Refused for an unknown process."""
    version = runnable_version(published_version_id(process_key))
    return [Choice(*step) for step in StageMap(version, Options()).steps()]


def stage_guess(process_key: str, text: str) -> str:
    """The step, `won` or `lost` a file's stage names by itself; '' if it names none."""
    version = runnable_version(published_version_id(process_key))
    target = StageMap(version, Options()).target(text)
    return getattr(target, "element", "") or getattr(target, "status", "")


def _visible(user: User | None) -> QuerySet[ImportJob]:
    if user is None:
        return ImportJob.objects.all()
    if not may(user, Act.IMPORT):
        return ImportJob.objects.none()
    only = managed_branch_id(user)
    return ImportJob.objects.all() if only is None else ImportJob.objects.filter(created_by__branch=only)


def _line(job: ImportJob) -> JobLine:
    by = job.created_by.name if job.created_by else ""
    rows = int(job.report.get("rows", 0))
    return JobLine(
        job.pk, job.kind, job.status, job.file_name, rows, job.report.get("counts", {}), by, job.created_at,
        job.applied_at, job.undone_at,
    )  # fmt: skip
