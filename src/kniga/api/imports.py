"""Imports: bring a file, settle how it is read, check it, apply it, take it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router
from ninja.files import UploadedFile

from kniga.api.answers import Listed, answer, idempotent, opened_number, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Limit
from kniga.api.problems import Problem
from kniga.imports import jobs, queries, setup
from kniga.imports.finding import Found
from kniga.imports.options import Options
from kniga.imports.queries import JobLine, Progress, RowLine
from kniga.imports.report import Report
from kniga.imports.undoing import Undone, undo_job
from kniga.platform import clock
from kniga.platform.keyset import Page

if TYPE_CHECKING:
    from kniga.imports.models import ImportJob

router = Router(tags=["imports"])
READ, WRITE = Bearer("imports:read"), Bearer("imports:write")

Kind = Annotated[Literal["users", "clients", "contacts", "products", "deals"], Form(...)]
Action = Literal["create", "update", "same", "skip", "conflict", "error"]
JOB = "/imports/{int:job_id}"


@dataclass(frozen=True, slots=True)
class ImportDetail:
    """An import: its decisions, what the file holds, what the last check or apply found, how far it is.

    `problem` says why the last attempt saved nothing; `undone` what taking it back did."""

    job: JobLine
    options: dict[str, Any]
    found: Found | None
    report: Report | None
    progress: Progress
    problem: str
    undone: Undone | None


class OptionsBody(Given):
    """Decisions about a file; those that are not sent are found or guessed. See docs/how-to/import.md."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    date_order: Literal["dmy", "mdy", "iso"] | None = None
    number_style: Literal["point", "comma"] | None = None
    mapping: dict[str, str] = {}
    key: str | None = None
    confirmed: dict[str, dict[str, str]] = {}
    create_missing: list[str] = []
    duplicates: Literal["ask", "create", "skip"] = "ask"
    keep_present: bool = False
    skip_errors: bool = False
    process: str | None = None
    stages: dict[str, str] = {}
    mail_domain: str = "example.invalid"


@router.get("/imports", auth=READ, response={200: Listed[JobLine]}, summary="List imports")
def list_imports(request: ApiRequest, limit: Limit = 50, cursor: Cursor = None) -> HttpResponse:
    """Imports, newest first."""
    found = queries.jobs_page(user=request.auth.user, before=opened_number(cursor), limit=limit + 1)
    shown = found[:limit]
    more = str(shown[-1].id) if len(found) > limit else None
    return page_answer(request, Page(tuple(shown), more))


@router.post("/imports", auth=WRITE, response={201: ImportDetail}, summary="Bring a file")
@idempotent
def bring_file(request: ApiRequest, kind: Kind, file: File[UploadedFile]) -> HttpResponse:
    """Look at a CSV, TSV or XLSX file and keep it with guesses how to read it; nothing is imported yet."""
    user = request.auth.user
    job = setup.bring_file(kind=kind, file_name=file.name or "", path=_on_disk(file), by=user, now=clock.now())
    return _job_answer(job, status=201)


@router.get(JOB, auth=READ, response={200: ImportDetail}, summary="Read an import")
def get_import(request: ApiRequest, job_id: int) -> HttpResponse:
    """One import with its report and progress."""
    return _job_answer(queries.get_visible_job(user=request.auth.user, id=job_id))


@router.get(f"{JOB}/rows", auth=READ, response={200: Listed[RowLine]}, summary="List the rows of an import")
def list_rows(
    request: ApiRequest, job_id: int, action: Action | None = None, limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """What each row of the file would do or did, as a diff; `action` keeps one kind of rows."""
    job = queries.get_visible_job(user=request.auth.user, id=job_id)
    after = opened_number(cursor) or 0
    found = queries.job_rows(job=job, actions=(action,) if action else (), after=after, limit=limit + 1)
    shown = found[:limit]
    more = str(shown[-1].number) if len(found) > limit else None
    return page_answer(request, Page(tuple(shown), more))


@router.put(f"{JOB}/options", auth=WRITE, response={200: ImportDetail}, summary="Decide how a file is read")
def settle(request: ApiRequest, job_id: int, body: OptionsBody) -> HttpResponse:
    """Replace all decisions; the file is read again with them."""
    user = request.auth.user
    job = queries.get_visible_job(user=user, id=job_id)
    return _job_answer(setup.settle(job=job, options=_options(body), by=user))


@router.post(f"{JOB}/check", auth=WRITE, response={200: ImportDetail}, summary="Check an import")
@idempotent
def check(request: ApiRequest, job_id: int) -> HttpResponse:
    """Dry run: decide for every row, change nothing. A long file is checked by a worker: read on until it is done."""
    user = request.auth.user
    job = queries.get_visible_job(user=user, id=job_id)
    setup.check(job=job, by=user, now=clock.now())
    return _job_answer(queries.get_visible_job(user=user, id=job_id))


@router.post(f"{JOB}/apply", auth=WRITE, response={202: ImportDetail}, summary="Apply an import")
@idempotent
def apply(request: ApiRequest, job_id: int) -> HttpResponse:
    """Let a worker carry out a checked import in one transaction: all rows or none."""
    user = request.auth.user
    job = queries.get_visible_job(user=user, id=job_id)
    return _job_answer(jobs.queue_job(job=job, by=user), status=202)


@router.post(f"{JOB}/undo", auth=WRITE, response={200: ImportDetail}, summary="Take an import back")
@idempotent
def undo(request: ApiRequest, job_id: int) -> HttpResponse:
    """Remove what was created, restore what was updated; what was touched since is kept and listed."""
    user = request.auth.user
    job = queries.get_visible_job(user=user, id=job_id)
    undo_job(job=job, by=user, now=clock.now())
    return _job_answer(queries.get_visible_job(user=user, id=job_id))


def _on_disk(file: UploadedFile) -> Path:
    if not isinstance(file, TemporaryUploadedFile):
        raise Problem(400, "bad_request", _("Send the file as a part of a multipart form."))
    return Path(file.temporary_file_path())


def _options(body: OptionsBody) -> Options:
    return msgspec.convert(body.dict(), Options)


def _job_answer(job: ImportJob, *, status: int = 200) -> HttpResponse:
    detail = ImportDetail(
        queries.job_line(job),
        queries.job_options(job).stored(),
        queries.job_found(job) if job.found else None,
        queries.job_report(job),
        queries.job_progress(job),
        job.problem,
        queries.job_undone(job),
    )
    return answer(detail, status=status, location=f"/api/v1/imports/{job.pk}" if status == 201 else "")
