"""Set-up of an import: what was found, the mapping, and what unknown names mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.imports import queries, setup
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.imports.apply_views import outcome_context, progress_context, review_context
from kniga.web.imports.forms import sent_explanations, sent_options
from kniga.web.imports.presenters import REFERENCES, delimiter_name, job_view
from kniga.web.pages import field_errors, go_to, refuse, render_page

if TYPE_CHECKING:
    from kniga.imports.finding import Found
    from kniga.imports.models import ImportJob

SETUP = "imports/setup.html"
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1251": "Windows-1251 (cp1251)",
    "koi8-r": "KOI8-R",
    "cp866": "DOS 866 (cp866)",
    "utf-16": "UTF-16",
    "iso8859-5": "ISO 8859-5",
    "mac-cyrillic": "Mac Cyrillic",
    "cp1252": "Windows-1252 (cp1252)",
}
DELIMITERS = (",", ";", "\t", "|")


@require_safe
@act_required(Act.IMPORT)
def show(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    if queries.is_running(job):
        return render_page(request, "imports/running.html", progress_context(job))
    if job.status in {"applied", "undone"}:
        return render_page(request, "imports/outcome.html", outcome_context(request, job))
    report = queries.job_report(job)
    is_set_up = request.GET.get("step") == "setup"
    if not is_set_up and (job.status == "new" or report is None):
        # The first step has an address of its own, so that “back” leads from the second to it.
        return redirect(reverse("imports:job", kwargs={"job_id": job_id}) + "?step=setup")
    if is_set_up or report is None:
        errors = {"": [job.problem]} if job.problem else {}
        return render_page(request, SETUP, _context(job, errors))
    return render_page(request, "imports/review.html", review_context(request, job, report))


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def settle(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    try:
        options = sent_options(request.POST, queries.job_found(job), queries.job_options(job))
        job = setup.settle(job=job, options=options, by=request.user)
        if request.POST.get("act") == "check":
            setup.check(job=job, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, SETUP, _context(job, field_errors(refusal)))
    return go_to(request, reverse("imports:job", kwargs={"job_id": job_id}))


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def explain(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = queries.get_visible_job(user=request.user, id=job_id)
    try:
        missing = [name for name in request.POST.getlist("make") if name in REFERENCES]
        said = sent_explanations(request.POST)
        job = setup.explain(job=job, explanations=said, create_missing=missing, by=request.user)
        setup.check(job=job, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, SETUP, _context(job, field_errors(refusal)))
    return go_to(request, reverse("imports:job", kwargs={"job_id": job_id}))


def _context(job: ImportJob, errors: dict[str, list[str]]) -> dict[str, Any]:
    found, options = queries.job_found(job), queries.job_options(job)
    fields = queries.fields_of(job.kind)
    return {
        "job": job_view(queries.job_line(job)),
        "kind": job.kind,
        "found": found,
        "options": options,
        "errors": errors,
        "fields": [(field.key, f"{field.label} *" if field.is_required else field.label) for field in fields],
        "keys": [(choice.value, choice.label) for choice in queries.keys_of(job.kind)],
        "processes": [(choice.value, choice.label) for choice in queries.processes()],
        "encodings": [
            (name, ENCODINGS.get(name, name.removesuffix("-sig").upper()))
            for name in dict.fromkeys((found.encoding, *ENCODINGS))
            if name
        ],
        "delimiters": [("tab" if mark == "\t" else mark, delimiter_name(mark)) for mark in DELIMITERS],
        "delimiter": "tab" if found.delimiter == "\t" else found.delimiter,
        "sheets": [(sheet, sheet) for sheet in found.sheets],
        "date_orders": _date_orders(),
        "number_styles": [("point", "1,234.56"), ("comma", "1 234,56")],
        "asks_dates": any(column.date_order for column in found.columns),
        "asks_numbers": any(column.number_style for column in found.columns),
        "undecided": _("Say which"),
        "found_each": _("As found in each column"),
        "dates_clear": _is_clear(found, "date_order"),
        "numbers_clear": _is_clear(found, "number_style"),
        "dates": _shown(found, "date_order"),
        "numbers": _shown(found, "number_style"),
        "duplicates": _duplicates(),
    }


def _shown(found: Found, name: str) -> str:
    """The one decision all columns share; '' when they differ or must be asked about."""
    values = {getattr(column, name) for column in found.columns} - {""}
    return values.pop() if len(values) == 1 and "?" not in values else ""


def _is_clear(found: Found, name: str) -> bool:
    """Whether each column by itself tells how it is to be read."""
    return all(getattr(column, name) != "?" for column in found.columns)


def _date_orders() -> list[tuple[str, str]]:
    return [
        ("dmy", _("day first: 31.12.2026")),
        ("mdy", _("month first: 12/31/2026")),
        ("iso", _("year first: 2026-12-31")),
    ]


def _duplicates() -> list[tuple[str, str]]:
    return [
        ("ask", _("show them as conflicts")),
        ("create", _("create them all the same")),
        ("skip", _("leave them out")),
    ]
