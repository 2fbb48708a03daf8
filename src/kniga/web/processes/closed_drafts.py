"""A draft that is no longer open: an old page, a window left open and the browser's way back still speak of it."""

from __future__ import annotations

from functools import wraps
from typing import ParamSpec

from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.platform.errors import NotVisible
from kniga.processes.drafts.draft_queries import ClosedDraft, closed_draft
from kniga.web.access import SignedInRequest, View
from kniga.web.formatting import moment
from kniga.web.pages import go_to, toast

P = ParamSpec("P")


def told_in_json(view: View[P]) -> View[P]:
    """Answer a program, where the draft is not there: what became of it, what to do, and where it is now."""

    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotVisible:
            return JsonResponse(_told(request), status=404)

    return guarded


def led_on(view: View[P]) -> View[P]:
    """Lead a person, where a closed draft is now. Raises NotVisible for one that never was."""

    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotVisible:
            closed = closed_draft(user=request.user, draft_id=_draft_id(request))
            if "application/json" in request.headers.get("Accept", ""):
                return JsonResponse(_told(request), status=404)
            toast(request, what_became(closed), kind="info")
            return go_to(request, where_now(closed), whole=True)

    return guarded


def what_became(closed: ClosedDraft) -> str:
    """Who ended the draft, how and when."""
    names = {"name": closed.name, "by": closed.closed_by, "at": moment(closed.closed_at), "number": closed.number or 0}
    if closed.is_discarded:
        return _("%(by)s discarded the draft “%(name)s”: %(at)s.") % names
    if closed.number:
        return _("%(by)s made version %(number)d of the draft “%(name)s”: %(at)s.") % names
    return _("The draft “%(name)s” was published: %(at)s.") % names


def where_now(closed: ClosedDraft) -> str:
    """The page that shows it now: the list that can bring it back, or the version made of it."""
    if closed.is_discarded:
        return reverse("processes:list")
    if closed.number:
        return reverse("processes:book", args=[closed.key, closed.number])
    return reverse("processes:versions", args=[closed.key])


def _draft_id(request: SignedInRequest) -> int:
    return int(request.resolver_match.kwargs["draft_id"]) if request.resolver_match else 0


def _told(request: SignedInRequest) -> dict[str, str]:
    try:
        closed = closed_draft(user=request.user, draft_id=_draft_id(request))
    except NotVisible:
        return {"message": _("Nothing is here"), "cure": _("Open the draft anew from the list of processes.")}
    cure = _("What is drawn in this window can become a draft of its own.")
    return {"message": what_became(closed), "cure": cure, "url": where_now(closed)}
