"""A letter that came: its page, and what is done with one that found nobody."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kniga.mailboxes.queries import deal_by_number, get_received, likely_deals
from kniga.mailboxes.sorting import attach_letter, begin_with_letter, set_letter_aside
from kniga.people.permissions import Act, may
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.mailboxes.presenters import kind_words, why_words
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import id_or_none

TEMPLATE = "mailboxes/letter.html"


@require_safe
@signed_in
def show(request: SignedInRequest, received_id: int) -> HttpResponse:
    """A letter as it came."""
    return render_page(request, TEMPLATE, _context(request, received_id))


@require_POST
@act_required(Act.WORK_DEALS)
def attach(request: SignedInRequest, received_id: int) -> HttpResponse:
    """Bring a letter to a deal: one of those offered, or the one with a number."""
    get_received(user=request.user, id=received_id)
    try:
        letter = attach_letter(
            letter_id=received_id, deal_id=_deal(request), remember="remember" in request.POST, by=request.user,
            now=clock.now(),
        )  # fmt: skip
    except NotVisible:
        text = _("There is no such deal among those you see. Enter its number, such as 1042.")
        return refuse(request, TEMPLATE, _context(request, received_id) | {"errors": {"number": [text]}})
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, received_id) | {"errors": field_errors(refusal)})
    toast(request, _("The letter is with its deal"))
    return go_to(request, reverse("deals:card", args=[letter.deal_id]))


@require_POST
@act_required(Act.WORK_DEALS)
def begin(request: SignedInRequest, received_id: int) -> HttpResponse:
    """Begin a deal with a letter."""
    try:
        letter = begin_with_letter(letter_id=received_id, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, received_id) | {"errors": field_errors(refusal)})
    toast(request, _("The deal has begun"))
    return go_to(request, reverse("mailboxes:letter", args=[letter.pk]))


@require_POST
@act_required(Act.WORK_DEALS)
def aside(request: SignedInRequest, received_id: int) -> HttpResponse:
    """Set a letter aside."""
    try:
        set_letter_aside(letter_id=received_id, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, received_id) | {"errors": field_errors(refusal)})
    toast(request, _("The letter is set aside"))
    return go_to(request, reverse("mailboxes:letter", args=[received_id]))


def _deal(request: SignedInRequest) -> int:
    chosen = id_or_none(request.POST.get("deal", ""))
    return chosen or deal_by_number(user=request.user, text=request.POST.get("number", ""))


def _context(request: SignedInRequest, received_id: int) -> dict[str, Any]:
    letter = get_received(user=request.user, id=received_id)
    may_sort = letter.deal_id is None and may(request.user, Act.WORK_DEALS)
    return {
        "letter": letter,
        "kind": kind_words(letter.kind),
        "why": why_words(letter.why) if letter.deal_id is None else "",
        "may_sort": may_sort,
        "deals": likely_deals(user=request.user, letter=letter) if may_sort else (),
        "number": request.POST.get("number", ""),
        "errors": {},
    }
