"""What processes do by themselves and what went wrong there: incidents, and messages nobody has taken."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kniga.mailboxes.queries import ReceivedRow, letters_in
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.background.working import retry_work, skip_work
from kniga.processes.desk.wait_queries import incidents_for, messages_for, tried_again
from kniga.web.access import SignedInRequest, act_required
from kniga.web.mailboxes.presenters import kind_words, why_words
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import sent_reason
from kniga.web.processes.sections import book_tabs

STATUSES = ("waiting", "failed", "expired", "matched")


@require_safe
@act_required(Act.STEER)
def incidents(request: SignedInRequest) -> HttpResponse:
    """Work the machine could not do."""
    return render_page(request, "processes/incidents.html", _incidents(request))


@require_POST
@act_required(Act.STEER)
def settle(request: SignedInRequest, work_id: int) -> HttpResponse:
    """Have an incident's work tried again, or let it be skipped (`act`: retry or skip)."""
    act = skip_work if request.POST.get("act") == "skip" else retry_work
    try:
        act(work_id=work_id, reason=sent_reason(request.POST), by=request.user, now=clock.now())
    except Refused as refusal:
        context = _incidents(request) | {
            "errors": field_errors(refusal), "settled": work_id, "reason": request.POST.get("reason", ""),
        }  # fmt: skip
        return refuse(request, "processes/incidents.html", context)
    toast(request, _("The process goes on without it") if act is skip_work else _("It is tried again"))
    return go_to(request, reverse("processes:incidents"))


@require_safe
@act_required(Act.STEER)
def messages(request: SignedInRequest) -> HttpResponse:
    """Messages by what became of them; those nobody waits for yet at first."""
    status = request.GET.get("status", STATUSES[0])
    status = status if status in STATUSES else STATUSES[0]
    page = messages_for(user=request.user, status=status, cursor=request.GET.get("after") or None)
    context = {
        "page": page,
        "status": status,
        "statuses": status_names(),
        "letters": _letters(request, status),
        "tabs_shown": book_tabs(request.user),
    }
    return render_page(request, "processes/messages.html", context)


def _letters(request: SignedInRequest, status: str) -> tuple[tuple[ReceivedRow, str], ...]:
    """Letters that found nobody, beside messages that nobody waits for, with why; those put away beside the expired."""
    place = {"waiting": "unsorted", "expired": "aside"}.get(status)
    found = () if place is None else letters_in(user=request.user, place=place)
    return tuple((one, why_words(one.why) or kind_words(one.kind)) for one in found)


def status_names() -> dict[str, str]:
    """What became of a message, in words."""
    return {
        "waiting": _("Nobody waits for it yet"),
        "failed": _("Failed"),
        "expired": _("Expired"),
        "matched": _("Delivered"),
    }


def _incidents(request: SignedInRequest) -> dict[str, object]:
    page = incidents_for(user=request.user, cursor=request.GET.get("after") or None)
    again = tried_again(user=request.user)
    return {"page": page, "again": again, "errors": {}, "settled": None, "tabs_shown": book_tabs(request.user)}
