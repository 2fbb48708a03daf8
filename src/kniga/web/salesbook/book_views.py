"""Reading the sales book: the edition in force, older ones, and the PDF of each. Everybody who works here may."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kniga.people.permissions import Act, may
from kniga.platform.errors import Refused
from kniga.salesbook.content import book_of
from kniga.salesbook.paper import LANGUAGES, book_pdf
from kniga.salesbook.queries import EditionRow, changes_since, editions_for, get_edition
from kniga.salesbook.readers import last_read, owed_edition
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import refuse, render_page
from kniga.web.processes.sections import book_tabs
from kniga.web.salesbook.script import script_of
from kniga.web.speaking import language

TEMPLATE = "salesbook/book.html"


@require_safe
@signed_in
def book(request: SignedInRequest) -> HttpResponse:
    """The edition in force, with what changed since one last read on top."""
    editions = editions_for(user=request.user)
    if not editions:
        return render_page(request, "salesbook/none.html", _nothing(request))
    return render_page(request, TEMPLATE, _context(request, editions[0]))


@require_safe
@signed_in
def edition(request: SignedInRequest, number: int) -> HttpResponse:
    """An edition as it was."""
    return render_page(request, TEMPLATE, _context(request, get_edition(user=request.user, number=number)))


@require_safe
@signed_in
def pdf(request: SignedInRequest, number: int) -> HttpResponseBase:
    """An edition as PDF, in the language of the page or the one asked for."""
    row = get_edition(user=request.user, number=number)
    asked = request.GET.get("language", "")
    try:
        content = book_pdf(user=request.user, edition=row, language=asked if asked in LANGUAGES else language())
    except Refused as refused:
        return refuse(request, TEMPLATE, _context(request, row) | {"refused": refused.message})
    response = HttpResponse(content, content_type="application/pdf")
    name = _("Sales book, edition %(number)s") % {"number": number}
    response["Content-Disposition"] = str(content_disposition_header(as_attachment=False, filename=f"{name}.pdf"))
    return response


def _nothing(request: SignedInRequest) -> dict[str, Any]:
    return {"may_edit": may(request.user, Act.EDIT_BOOK), "tabs_shown": book_tabs(request.user)}


def _context(request: SignedInRequest, row: EditionRow) -> dict[str, Any]:
    user = request.user
    editions = editions_for(user=user)
    is_current = row.number == editions[0].number
    known = last_read(user=user) if is_current else None
    is_owed = is_current and owed_edition(user=user) is not None
    is_behind = is_current and known is not None and known < row.number
    return {
        "edition": row,
        "editions": editions,
        "book": book_of(user=user, edition=row),
        "is_current": is_current,
        "last_read": known,
        "since": changes_since(user=user, before=known or 0, after=row.number) if is_behind else (),
        "asked_to_read": is_owed,
        "tabs_shown": book_tabs(user),
        "script_of": script_of,
    }
