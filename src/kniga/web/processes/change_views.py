"""Changing the sales book: taking in a file, checking it, publishing a version."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.engine import BpmnRefused, Definition
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.versions.checking import check_definition
from kniga.processes.versions.publishing import (
    BookRefused,
    check_version,
    compiled,
    publish_version,
    retire_version,
    upload_version,
)
from kniga.processes.versions.scheduling import cancel_publishing, schedule_publishing
from kniga.processes.versions.version_queries import get_version_row, lacking_at_present
from kniga.web.access import SignedInRequest, act_required
from kniga.web.formatting import moment
from kniga.web.pages import go_to, refuse, render_page, toast
from kniga.web.params import sent_moment, sent_reason
from kniga.web.processes.problems import marked_by, problem_rows
from kniga.web.processes.read_views import book_context, verdict_names

TEMPLATE = "processes/upload.html"
# Larger files are refused by the compiler by name; nothing beyond its limit is read into memory.
MOST_BYTES = 6 * 1024 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
def upload(request: SignedInRequest) -> HttpResponse:
    """Take in a BPMN file as a draft, or only check it; every error is listed and nothing is saved."""
    context: dict[str, Any] = {
        "problems": (),
        "note": request.POST.get("note", ""),
        "errors": {},
        "checked": None,
        "foreign": "",
    }
    if request.method != "POST":
        return render_page(request, TEMPLATE, context)
    sent = request.FILES.get("file")
    if sent is None:
        context["errors"] = {"file": [_("Choose a BPMN file.")]}
        return refuse(request, TEMPLATE, context)
    xml = sent.read(MOST_BYTES)
    try:
        if request.POST.get("act") == "check":
            definition = compiled(xml)
            context |= _checked(xml, definition)
            return render_page(request, TEMPLATE, context)
        version = upload_version(xml=xml, note=context["note"][:2000], by=request.user, now=clock.now())
    except BookRefused as refused:
        context |= {"problems": problem_rows(refused.problems, xml), "foreign": _foreign(xml)}
        return refuse(request, TEMPLATE, context)
    toast(request, _("Version %(number)d is kept as a draft. Check it and publish it.") % {"number": version.number})
    return go_to(request, reverse("processes:book", args=[version.process.key, version.number]))


def _foreign(xml: bytes) -> str:
    """A file that can be read and is to be completed, as text for the form that opens it in the designer; "" for one
    that cannot be read, or has no drawing: the designer cannot show it."""
    try:
        return "" if drawing_of(xml, None) is None else b64encode(xml).decode()
    except BpmnRefused:
        return ""


def _checked(xml: bytes, definition: Definition) -> dict[str, Any]:
    """What a check says of a file that is not kept: the problems, and the path of the first that has one."""
    found = (*check_definition(definition).problems, *lacking_at_present(definition))
    problems = problem_rows(found, xml)
    path = next((one.path for one in problems if one.path), ())
    drawing = drawing_of(xml, definition) if path else None
    return {
        "checked": definition, "problems": problems, "drawing": drawing, "marked": marked_by(path, definition),
    }  # fmt: skip


@require_POST
@act_required(Act.EDIT_BOOK)
def check(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Check a version and keep the verdict with it."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    try:
        version = check_version(version_id=row.id, by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "processes/book.html", book_context(request, key, number) | {"refused": refused.message})
    toast(request, _("Checked: %(verdict)s") % {"verdict": verdict_names()[version.verdict]})
    return go_to(request, reverse("processes:book", args=[key, number]))


@require_POST
@act_required(Act.EDIT_BOOK)
def retire(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Let no new deal start on the published version."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    try:
        retire_version(version_id=row.id, reason=sent_reason(request.POST), by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "processes/book.html", book_context(request, key, number) | {"refused": refused.message})
    toast(request, _("Version %(number)d is retired: no new deal starts on it.") % {"number": number})
    return go_to(request, reverse("processes:book", args=[key, number]))


@require_POST
@act_required(Act.EDIT_BOOK)
def publish(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Make a version the one new deals start on; running deals stay on theirs."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    note, now, by = request.POST.get("note", "").strip()[:2000], clock.now(), request.user
    try:
        at = sent_moment(request.POST, "at")
        if at is None:
            version = publish_version(version_id=row.id, note=note, by=by, now=now)
        else:
            version = schedule_publishing(version_id=row.id, at=at, note=note, by=by, now=now)
    except Refused as refused:
        context = book_context(request, key, number) | {"refused": refused.message}
        return refuse(request, "processes/book.html", context)
    toast(request, published_text(number, version.publish_at))
    return go_to(request, reverse("processes:book", args=[key, number]))


@require_POST
@act_required(Act.EDIT_BOOK)
def call_off(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Let a version that was to be published by itself wait for somebody to do it."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    try:
        cancel_publishing(version_id=row.id, by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "processes/book.html", book_context(request, key, number) | {"refused": refused.message})
    toast(request, _("Version %(number)d is not published by itself any more.") % {"number": number})
    return go_to(request, reverse("processes:book", args=[key, number]))


def published_text(number: int, at: datetime | None) -> str:
    """What is told of a version that was published, or will be at a moment."""
    if at is None:
        return _("Version %(number)d is published: new deals start on it.") % {"number": number}
    return _("Version %(number)d will be published by itself: %(at)s.") % {"number": number, "at": moment(at)}
