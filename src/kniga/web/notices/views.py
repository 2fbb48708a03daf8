"""One's own notices: looking, reading, and choosing how one is told."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kniga.people.notice_queries import bell_of, choices_of, notices_page
from kniga.people.notices import choose, has_mail, mark_read
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.desk.attention_queries import attention_of
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast

FRAGMENTS = {"notice-more": "rows"}


@require_safe
@signed_in
def show(request: SignedInRequest) -> HttpResponse:
    """All one was told, the newest first."""
    return render_page(request, "notices/list.html", _context(request), fragments=FRAGMENTS)


@require_safe
@signed_in
def attention(request: SignedInRequest) -> HttpResponse:
    """The counts of the frame: fetched after the page, and again from time to time."""
    context = {"attention": attention_of(user=request.user)}
    return render_page(request, "notices/attention.html", context, block="attention")


@require_safe
@signed_in
def bell(request: SignedInRequest) -> HttpResponse:
    """What hangs under the bell: unread notices by kind."""
    return render_page(request, "notices/bell.html", {"bell": bell_of(user=request.user)}, block="bell")


@require_POST
@signed_in
def read_all(request: SignedInRequest) -> HttpResponse:
    mark_read(user=request.user, now=clock.now())
    return go_to(request, reverse("notices:list"), whole=True)


@require_POST
@signed_in
def open_notice(request: SignedInRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read and go where it leads."""
    mark_read(user=request.user, id=notice_id, now=clock.now())
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = reverse("notices:list")
    return go_to(request, wanted, whole=True)


@require_POST
@signed_in
def choose_ways(request: SignedInRequest) -> HttpResponse:
    """Choose how one is told of one kind."""
    sent = request.POST
    kind = sent.get("kind", "")
    try:
        choose(user=request.user, kind=kind, in_app="in_app" in sent, by_mail="by_mail" in sent)
    except Refused as refusal:
        return refuse(request, "notices/list.html", _context(request) | {"errors": field_errors(refusal)})
    toast(request, _("Saved"))
    return go_to(request, reverse("notices:list"))


def _context(request: SignedInRequest) -> dict[str, object]:
    asked = request.GET
    kind, only_unread = asked.get("kind", ""), asked.get("show") == "unread"
    choices = choices_of(user=request.user)
    kind = kind if kind in {one.kind for one in choices} else ""
    page = notices_page(user=request.user, kind=kind, only_unread=only_unread, cursor=asked.get("after") or None)
    params = {"kind": kind, "show": "unread" if only_unread else ""}
    return {
        "page": page, "choices": choices, "kind": kind, "only_unread": only_unread, "params": params,
        "has_mail": has_mail(), "errors": {},
    }  # fmt: skip
