"""Reading the sales book: everybody who works here may."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kniga.documents.queries import active_template_names
from kniga.engine import Definition
from kniga.people.permissions import Act, may
from kniga.platform import clock
from kniga.platform.errors import NotVisible
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.drafts.draft_queries import discarded_drafts, draft_of_process, draft_rows
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import get_check, get_version_row, process_rows, version_rows, version_xml
from kniga.processes.wording.outline import outline_of
from kniga.processes.wording.words import (
    assignee_in_words,
    condition_in_words,
    control_in_words,
    due_in_words,
    kind_names,
    points_in_words,
    trigger_names,
)
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import render_page
from kniga.web.processes.problems import marked_by, problem_rows
from kniga.web.processes.sections import book_tabs


@require_safe
@signed_in
def processes(request: SignedInRequest) -> HttpResponse:
    """All processes."""
    return render_page(request, "processes/list.html", list_context(request))


def list_context(request: SignedInRequest) -> dict[str, Any]:
    """The context of processes/list.html."""
    return {
        "processes": process_rows(user=request.user),
        "drafts": draft_rows(user=request.user),
        "discarded": discarded_drafts(user=request.user, now=clock.now()),
        "may_edit": may(request.user, Act.EDIT_BOOK),
        "kinds": kind_names(),
        "problems": (),
        "tabs_shown": book_tabs(request.user),
    }


@require_safe
@signed_in
def versions(request: SignedInRequest, key: str) -> HttpResponse:
    """A process leads to the version in force, or to its newest draft."""
    rows = version_rows(user=request.user, process_key=key)
    shown = next((row for row in rows if row.status == "published"), rows[0])
    return redirect(reverse("processes:book", args=[key, shown.number]))


@require_safe
@signed_in
def book(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """One version: its picture, its steps with scripts and ways on, what the check says, the other versions."""
    return render_page(request, "processes/book.html", book_context(request, key, number))


@require_safe
@signed_in
def file(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """The BPMN file as it was uploaded."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    response = HttpResponse(version_xml(user=request.user, version_id=row.id), content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{key}-{number}.bpmn"'
    return response


def book_context(request: SignedInRequest, key: str, number: int) -> dict[str, Any]:
    """The context of processes/book.html. Raises NotVisible."""
    rows = version_rows(user=request.user, process_key=key)
    row = next((one for one in rows if one.number == number), None)
    if row is None:
        raise NotVisible
    definition = runnable_version(row.id).definition
    checked = get_check(user=request.user, version_id=row.id)
    xml = version_xml(user=request.user, version_id=row.id)
    problems = problem_rows(checked.problems, xml)
    shown = next((one for one in problems if str(one.number) == request.GET.get("problem") and one.path), None)
    return {
        "version": row,
        "versions": rows,
        "draft_id": draft_of_process(user=request.user, process_key=key),
        "drawing": drawing_of(xml, definition),
        "checked": checked,
        "verdicts": verdict_names(),
        "problems": problems,
        "shown_problem": shown,
        "marked": marked_by(shown.path, definition) if shown else frozenset(),
        "may_edit": may(request.user, Act.EDIT_BOOK),
        "statuses": status_names(),
        **outline_context(definition),
    }


def outline_context(definition: Definition) -> dict[str, Any]:
    """The context of processes/outline.html."""
    return {
        "definition": definition,
        "outline": outline_of(definition),
        "kinds": kind_names(),
        "triggers": trigger_names(),
        "template_names": _template_names(definition),
        "points": points_in_words(definition),
        "due_in_words": due_in_words,
        "assignee_in_words": assignee_in_words,
        "control_in_words": lambda point: control_in_words(point, definition),
        "condition_in_words": lambda rule: condition_in_words(rule, definition),
    }


def _template_names(definition: Definition) -> dict[str, dict[str, str]]:
    """Names of the templates that the steps name, by kind and key."""
    kinds = {one.kind for task in definition.user_tasks() for one in task.materials}
    return {kind: active_template_names(kind=kind) for kind in kinds}


def status_names() -> dict[str, str]:
    """The life of a version, in words."""
    return {"draft": _("Draft"), "checked": _("Checked"), "published": _("Published"), "retired": _("Retired")}


def verdict_names() -> dict[str, str]:
    """What a check says, in words."""
    return {"sound": _("Proved sound"), "not_proved": _("Not proved"), "unsound": _("Not sound")}
