"""The dry run as a diff, applying it in the background, its outcome, and taking it back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.imports import jobs, queries, setup, undoing
from kniga.imports.failed import failed_count, failed_rows
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.formatting import number
from kniga.web.imports.forms import with_skipping
from kniga.web.imports.presenters import (
    REFERENCES,
    TABS,
    TONES,
    all_at_once,
    counted,
    job_view,
    mapped,
    row_view,
    unknown_views,
)
from kniga.web.pages import go_to, refuse, render_page, toast
from kniga.web.params import id_or_none

if TYPE_CHECKING:
    from kniga.imports.models import ImportJob
    from kniga.imports.report import Report

REVIEW = "imports/review.html"
NAMES_SHOWN = 25


@require_safe
@act_required(Act.IMPORT)
def rows(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    report = queries.job_report(job)
    template = "imports/outcome.html" if job.status in {"applied", "undone"} or report is None else REVIEW
    context = diff_context(request, job, report)
    return render_page(request, template, context | outcome_parts(job), block="rows")


@require_safe
@act_required(Act.IMPORT)
def failed(request: SignedInRequest, job_id: int) -> HttpResponse:
    """The rows in the way as a file like the one that was brought, with the reasons in one more column."""
    job = queries.get_visible_job(user=request.user, id=job_id)
    text = io.StringIO()
    mark = ";" if get_language() == "ru" else ","
    csv.writer(text, delimiter=mark).writerows(failed_rows(job=job, reason=_("What is in the way")))
    # The mark of Unicode at the beginning: programs of tables read the letters by it.
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"{job.file_name.rpartition('.')[0] or job.file_name}-{job.pk}.csv"
    response["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    return response


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def carry_out(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    try:
        jobs.apply_with(job=job, options=with_skipping(request.POST, queries.job_options(job)), by=request.user)
    except Refused as refusal:
        report = queries.job_report(job)
        if refusal.code == "rows_in_the_way" and report is not None:
            return refuse(request, REVIEW, review_context(request, job, report) | {"refused": refusal.message})
        toast(request, refusal.message, kind="error")
    return go_to(request, reverse("imports:job", kwargs={"job_id": job_id}))


@require_safe
@act_required(Act.IMPORT)
def progress(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    if not queries.is_running(job):
        return go_to(request, reverse("imports:job", kwargs={"job_id": job_id}))
    return render_page(request, "imports/running.html", progress_context(job), block="progress")


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def undo(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    try:
        undone = undoing.undo_job(job=job, by=request.user, now=clock.now())
    except Refused as refusal:
        toast(request, refusal.message, kind="error")
    else:
        figures = {"removed": undone.removed, "restored": undone.restored, "kept": undone.kept_count}
        told = _("Taken back: %(removed)s removed, %(restored)s restored, %(kept)s kept")
        toast(request, told % {name: number(count) for name, count in figures.items()})
    return go_to(request, reverse("imports:job", kwargs={"job_id": job_id}))


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def discard(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    setup.discard(job=job, by=request.user)
    return go_to(request, reverse("imports:list"))


def review_context(request: SignedInRequest, job: ImportJob, report: Report) -> dict[str, Any]:
    """The dry run: figures, names to explain, the diff."""
    options = queries.job_options(job)
    is_deals = job.kind == "deals" and options.process
    steps = [(step.value, step.label) for step in queries.steps_of(options.process or "")] if is_deals else []
    ends = [("won", _("the deal is won")), ("lost", _("the deal is lost"))]
    unknown = unknown_views(report.unknown)
    return diff_context(request, job, report) | {
        "unknown": unknown[:NAMES_SHOWN],
        "unknown_more": len(unknown) - NAMES_SHOWN,
        "at_once": all_at_once(unknown),
        "steps": [*steps, *ends],
        "problem": job.problem,
        "refused": "",
        "skip_errors": options.skip_errors,
        "may_apply": bool(report.counts["create"] + report.counts["update"]),
        "nothing_new": report.rows == report.counts["same"] + report.counts["skip"],
    }


def diff_context(request: SignedInRequest, job: ImportJob, report: Report | None) -> dict[str, Any]:
    """The rows of one action (or all), a page of them."""
    counts = counted(report)
    shown = request.GET.get("show", "")
    is_waiting = {"waiting": True, "error": False}.get(shown)
    actions = ("error",) if is_waiting else (shown,) if shown in TABS else ()
    after = id_or_none(request.GET.get("after")) or 0
    columns = mapped(queries.job_found(job), queries.fields_of(job.kind)) if job.found else []
    found = queries.job_rows(job=job, actions=actions, waiting=is_waiting, after=after)
    address = reverse("imports:rows", kwargs={"job_id": job.pk})
    more = f"{address}?show={shown}&after={found[-1].number}" if len(found) == queries.PAGE else ""
    page = reverse("imports:job", kwargs={"job_id": job.pk})
    tabs = [("", _("All rows"), page, report.rows if report else 0)]
    tabs += [(name, str(label), f"{page}?show={name}", counts[name]) for name, label in TABS.items() if counts[name]]
    return {
        "job": job_view(queries.job_line(job)),
        "kind": job.kind,
        "report": report,
        "stats": [(name, str(label), counts[name], TONES[name]) for name, label in TABS.items()],
        "columns": columns,
        "rows": [row_view(row, columns, is_done=job.applied_at is not None) for row in found],
        "more": more,
        "tabs": tabs,
        "shown": shown,
        "failed": failed_count(job=job, report=report),
        "new": [(str(REFERENCES[name]), names) for name, names in report.new.items()] if report else [],
        "remembered": [
            (str(REFERENCES[name]), f"{text} → {meant}")
            for name, names in (report.remembered.items() if report else ())
            for text, meant in names.items()
        ],
    }


def progress_context(job: ImportJob) -> dict[str, Any]:
    """How far a running job is."""
    told = queries.job_progress(job)
    phases = {
        "check": _("Checking rows"),
        "write": _("Writing"),
        "start": _("Starting processes"),
    }
    share = min(told.done / told.total, 1.0) if told.total else None
    return {
        "job": job_view(queries.job_line(job)),
        "phase": phases.get(told.phase, _("Waiting for a worker")),
        "share": share,
        "done": told.done,
        "total": told.total,
    }


def outcome_context(request: SignedInRequest, job: ImportJob) -> dict[str, Any]:
    """What an applied or undone import did."""
    asked = request.GET.get("step") == "undo" and job.status == "applied"
    forecast = undoing.forecast_undo(job=job, by=request.user, now=clock.now()) if asked else None
    return diff_context(request, job, queries.job_report(job)) | outcome_parts(job) | {"forecast": forecast}


def outcome_parts(job: ImportJob) -> dict[str, Any]:
    """The parts only an outcome has."""
    undone = queries.job_undone(job)
    return {"undone": undone, "applied_at": job.applied_at, "undone_at": job.undone_at, "forecast": None}
