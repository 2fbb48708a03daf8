"""The door for forms on other sites: a plain form post by anybody, without a session and without a cookie."""

from __future__ import annotations

from typing import Final

from allauth.account.adapter import get_adapter as get_account_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.forms.form_queries import thanks_of
from kniga.processes.forms.web_forms import TooMany, take_entry

LARGEST: Final = 64 * 1024
"""Bytes of a request."""
TRAP: Final = "homepage"
"""A field that people do not see and leave empty; programs fill in everything."""


@csrf_exempt
@require_POST
def take(request: HttpRequest, form_key: str) -> HttpResponse:
    """Take in what somebody sent; the answer is the form's own page of thanks, or ours."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return _said(request, _("This is too much"), _("The form takes a short text and no files."), 413)
    if not request.POST.get(TRAP):
        values = {name: request.POST[name] for name in request.POST if name != TRAP}
        sender = get_account_adapter().get_client_ip(request)
        try:
            take_entry(key=form_key, values=values, sender=sender, now=clock.now())
        except TooMany as refused:
            return _said(request, _("Please wait"), refused.message, 429)
        except Refused as refused:
            return _said(request, _("Something is missing"), refused.message, 422)
    thanks = thanks_of(key=form_key)
    if thanks:
        return HttpResponseRedirect(thanks, status=303)
    return _said(request, _("Thank you!"), _("We have your request and will be in touch."), 200)


def _said(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return render(
        request, "forms/said.html", {"said_title": title, "text": text, "is_refused": status >= 400}, status=status
    )
