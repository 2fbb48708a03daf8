"""Documents and letters of a task: made or sent from its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.desk.materials import Gaps, letter_for, make_document, send_letter_by_hand
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.gaps import gaps_of
from kniga.web.once import made_once
from kniga.web.pages import done, field_errors, refuse, render_page, toast

GAPS = "desk/gaps.html"
TEMPLATE = "desk/letter.html"
FRAGMENTS = {"modal": "modal", "letter-form": "form"}


@require_POST
@signed_in
@made_once
def make(request: SignedInRequest, task_id: int, template_key: str) -> HttpResponse:
    """Make the document now; the task's page shows it beside its template."""
    here = reverse("desk:task", args=[task_id])
    try:
        document = make_document(task_id=task_id, template_key=template_key, by=request.user, now=clock.now())
    except Gaps as gaps:
        missing = gaps_of(gaps.missing, task_id=task_id, user=request.user)
        response = refuse(request, GAPS, {"missing": missing, "back": here}, block="modal")
        response["HX-Retarget"], response["HX-Reswap"] = "#modal", "innerHTML"
        return response
    except Refused as refused:
        toast(request, refused.message, kind="error")
        return done(request, here)
    toast(request, _("Made: %(name)s") % {"name": document.name})
    return done(request, here, "materials-changed")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@made_once
def letter(request: SignedInRequest, task_id: int, letter_key: str) -> HttpResponse:
    """The letter with the client's data filled in, to be changed, copied or sent."""
    address = reverse("desk:letter", args=[task_id, letter_key])
    here = reverse("desk:task", args=[task_id])
    filled = letter_for(task_id=task_id, template_key=letter_key, by=request.user, now=clock.now())
    missing = gaps_of(filled.missing, task_id=task_id, user=request.user)
    context: dict[str, Any] = {"address": address, "back": here, "name": filled.name, "missing": missing}
    if request.method != "POST":
        context |= {"to": filled.to, "subject": filled.subject, "body": filled.body, "errors": {}}
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    typed = {name: request.POST.get(name, "") for name in ("to", "subject", "body")}
    try:
        sent = send_letter_by_hand(
            task_id=task_id, template_key=letter_key, by=request.user, now=clock.now(), **typed
        )  # fmt: skip
    except Refused as refused:
        return refuse(request, TEMPLATE, context | typed | {"errors": field_errors(refused)}, fragments=FRAGMENTS)
    toast(request, _("Sent to %(address)s") % {"address": sent.to})
    return done(request, here, "kniga:close-modal", "materials-changed")
