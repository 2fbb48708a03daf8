"""The technology map: a table of all actions, and the same as a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kniga.salesbook.content import Book, book_of
from kniga.salesbook.queries import editions_for
from kniga.salesbook.technology import MapRow, roles_of, technology_map
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import render_page
from kniga.web.processes.sections import book_tabs
from kniga.web.speaking import language

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@signed_in
def technology(request: SignedInRequest) -> HttpResponse:
    """Process by process: who is responsible for each action, its deadline and result."""
    book = _current(request)
    if book is None:
        return render_page(request, "salesbook/none.html", {"may_edit": False, "tabs_shown": book_tabs(request.user)})
    process, role = request.GET.get("process", ""), request.GET.get("role", "")
    context: dict[str, Any] = {
        "book": book,
        "rows": technology_map(book, process=process, role=role),
        "process": process,
        "role": role,
        "processes": [(chapter.key, chapter.name) for chapter in book.chapters],
        "roles": roles_of(book),
        "tabs_shown": book_tabs(request.user),
    }
    return render_page(request, "salesbook/map.html", context)


@require_safe
@signed_in
def file(request: SignedInRequest) -> HttpResponse:
    """The same rows as CSV, as the spreadsheets of the language read it."""
    book = _current(request)
    process, role = request.GET.get("process", ""), request.GET.get("role", "")
    rows = technology_map(book, process=process, role=role) if book else ()
    response = HttpResponse(_csv(rows, ";" if language() == "ru" else ","), content_type="text/csv; charset=utf-8")
    name = _("Technology map")
    response["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=f"{name}.csv"))
    return response


def _current(request: SignedInRequest) -> Book | None:
    editions = editions_for(user=request.user)
    return book_of(user=request.user, edition=editions[0], is_drawn=False) if editions else None


def _csv(rows: tuple[MapRow, ...], delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([
        _("Process"), _("Version"), _("Stage"), _("No."), _("Action"), _("Kind of work"), _("Who is responsible"),
        _("Deadline"), _("Result"), _("Documents"), _("Price of the action"),
    ])  # fmt: skip
    for row in rows:
        cells = [
            row.process, str(row.version), row.stage, row.number, row.action, row.kind_name, row.who, row.deadline,
            row.results_in_words, ", ".join(row.documents), row.price,
        ]  # fmt: skip
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    # With the mark by which spreadsheets tell UTF-8.
    return out.getvalue().encode("utf-8-sig")
