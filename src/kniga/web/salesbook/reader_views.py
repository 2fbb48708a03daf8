"""Who has read the book: confirming it, the table for the head, reminding."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kniga.people.permissions import Act
from kniga.people.queries import role_choices
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.salesbook.queries import editions_for
from kniga.salesbook.readers import readers_for
from kniga.salesbook.services import confirm_reading, remind_readers
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.formatting import number as shown_number
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.processes.sections import book_tabs


@require_POST
@signed_in
def confirm(request: SignedInRequest, number: int) -> HttpResponse:
    """Confirm that one has read an edition."""
    confirm_reading(number=number, by=request.user, now=clock.now())
    toast(request, _("Thank you: you have confirmed edition %(number)d.") % {"number": number})
    return go_to(request, reverse("salesbook:book"))


@require_safe
@act_required(Act.STEER)
def readers(request: SignedInRequest) -> HttpResponse:
    """Who of one's people has read which edition, and who has not, since when."""
    return render_page(request, "salesbook/readers.html", _context(request))


@require_POST
@act_required(Act.STEER)
def remind(request: SignedInRequest) -> HttpResponse:
    """Remind everybody of one's people who has not confirmed the edition in force."""
    try:
        told = remind_readers(by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "salesbook/readers.html", _context(request) | {"errors": field_errors(refused)})
    text = ngettext("%(num)s person was reminded", "%(num)s people were reminded", told)
    toast(request, text % {"num": shown_number(told)})
    return go_to(request, reverse("salesbook:readers"))


def _context(request: SignedInRequest) -> dict[str, Any]:
    rows = readers_for(user=request.user)
    editions = editions_for(user=request.user)
    return {
        "readers": rows,
        "edition": editions[0] if editions else None,
        "missing": sum(not row.has_read for row in rows),
        "roles": dict(role_choices()),
        "errors": {},
        "tabs_shown": book_tabs(request.user),
    }
