"""What becomes of a draft: published, or discarded."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.drafts.draft_queries import DraftState, get_draft
from kniga.processes.drafts.drafting import discard_draft, publish_draft
from kniga.processes.versions.publishing import BookRefused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import go_to, refuse, toast
from kniga.web.params import id_or_none, sent_moment
from kniga.web.processes.change_views import published_text
from kniga.web.processes.closed_drafts import led_on
from kniga.web.processes.draft_words import problems_as_json
from kniga.web.processes.problems import problem_rows

TEMPLATE: Final = "processes/publish_draft.html"


@require_POST
@act_required(Act.EDIT_BOOK)
@led_on
def publish(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """Make a version of the draft and publish it; every error is named, and then nothing is published."""
    draft = get_draft(user=request.user, draft_id=draft_id)
    form = request.POST
    revision = id_or_none(form.get("revision", "")) or 0
    note = form.get("note", "").strip()[:2000]
    try:
        at, now = sent_moment(form, "at"), clock.now()
        version = publish_draft(draft_id=draft_id, revision=revision, note=note, at=at, by=request.user, now=now)
    except Refused as refused:
        return _refusal(request, refused, draft)
    toast(request, published_text(version.number, version.publish_at))
    return _onwards(request, reverse("processes:book", args=[version.process.key, version.number]))


@require_POST
@act_required(Act.EDIT_BOOK)
@led_on
def discard(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """Close a draft without publishing it."""
    draft = discard_draft(draft_id=draft_id, by=request.user, now=clock.now())
    toast(request, _("The draft “%(name)s” is discarded.") % {"name": draft.name}, kind="info")
    return _onwards(request, reverse("processes:list"))


def _onwards(request: SignedInRequest, url: str) -> HttpResponse:
    return JsonResponse({"url": url}) if _wants_json(request) else go_to(request, url, whole=True)


def _refusal(request: SignedInRequest, refused: Refused, draft: DraftState) -> HttpResponse:
    problems = refused.problems if isinstance(refused, BookRefused) else ()
    if _wants_json(request):
        found = problems_as_json(problems, {})
        return JsonResponse({"message": refused.message, "field": refused.field, "problems": found}, status=422)
    told = {"refused": refused.message, "problems": problem_rows(problems, draft.xml)}
    return refuse(request, TEMPLATE, {"draft": draft.row} | told)


def _wants_json(request: SignedInRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
