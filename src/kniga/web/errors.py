"""Friendly pages for what goes wrong: each says what happened and what to do."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.web.formatting import file_size
from kniga.web.pages import is_htmx, render_page, trigger
from kniga.web.uploads import UploadTooLarge

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error page says; `back` is the address of the page it belongs to, if there is one."""

    status: int
    title: str
    text: str
    back: str = ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400; a body over the limit is a 413 that names the limit."""
    if isinstance(exception, UploadTooLarge | RequestDataTooBig):
        return _show(request, too_large())
    text = _("The browser sent something Kniga cannot read. Go back, reload the page and try again.")
    return _show(request, Problem(400, _("The request is not readable"), text))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    text = _("Your role does not open this page. If you need it, ask the head of sales or an administrator.")
    return _show(request, Problem(403, _("This page is not for your role"), text))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form is older than the session."""
    logger.warning("form refused: %s", reason)
    text = _("The form was opened before you signed in again. Go back, reload the page and send it once more.")
    return _show(request, Problem(403, _("The form has expired"), text))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: missing and foreign objects look the same."""
    text = _("The address is wrong, the record was deleted, or it belongs to somebody else.")
    return _show(request, Problem(404, _("Nothing is here"), text))


def not_a_page(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """What an address answers that only takes forms when it is opened as a page: the way to the page it belongs to.
    `refusal` is the 405; its `Allow` is kept."""
    text = _("This address only takes what a form sends. Nothing was changed. Open the page and press its button.")
    answer = _show(request, Problem(405, _("This is not a page"), text, _page_above(request.path)))
    answer["Allow"] = refusal.get("Allow", "")
    return answer


def _page_above(path: str) -> str:
    """The nearest address above this one that is known; empty when none is."""
    while path.count("/") > 2:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return ""


def domain_error(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """What the domain refuses where a view did not show it on its form: 404, 409 or 422, never a 500."""
    if isinstance(exception, NotVisible):
        return not_found(request, exception)
    if isinstance(exception, Conflict):
        return _show(request, Problem(409, _("Somebody was faster"), exception.message))
    if isinstance(exception, Refused):
        return _show(request, Problem(422, _("This cannot be done"), exception.message))
    return None


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: nothing was saved, since every change is one transaction."""
    text = _("Something broke on our side. Nothing was half saved. Try again; if it repeats, tell the administrator.")
    return _show(request, Problem(500, _("Kniga stumbled"), text))


def too_large() -> Problem:
    """The 413 of an upload over the limit, with the cure."""
    text = _(
        "One upload may have at most %(limit)s. Split the file into parts, or ask the administrator to raise "
        "KNIGA_MAX_UPLOAD_BYTES. Nothing was saved."
    ) % {"limit": file_size(settings.MAX_UPLOAD_BYTES)}
    return Problem(413, _("The file is too large"), text)


def _show(request: HttpRequest, problem: Problem) -> HttpResponse:
    if is_htmx(request):
        response = HttpResponse(status=problem.status)
        toast = {"text": f"{problem.title}: {problem.text}", "kind": "error", "undo_url": "", "seconds": 12}
        trigger(response, "kniga:toasts", {"toasts": [toast]})
        return response
    return render_page(request, "error.html", {"problem": problem}, status=problem.status)
