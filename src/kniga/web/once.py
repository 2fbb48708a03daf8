"""A form that creates something does so once, however often its button is pressed.

The page gives each form a key of its own (`{{ form_key() }}`). The same answers under the same key get the reply of
the first time; changed answers (the person went back and typed another name) are another request.
"""

from __future__ import annotations

import hashlib
from functools import wraps
from typing import Final

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from kniga.platform import clock
from kniga.platform.errors import Conflict
from kniga.platform.idempotency import Reply, once
from kniga.web.access import P, SignedInRequest, View
from kniga.web.pages import is_htmx, toast

FIELD: Final = "form_key"
_KEPT_HEADERS: Final = ("Content-Type", "Location", "HX-Location", "HX-Redirect", "HX-Trigger")


class _NothingMade(Exception):
    """The view refused: its answer is sent, but neither the answer nor the key is kept."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.response = response


def made_once(view: View[P]) -> View[P]:
    """Answer a POST that is sent again with the reply of the first one; a form without a key is not guarded."""

    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        given = request.POST.get(FIELD, "") if request.method == "POST" else ""
        if not given:
            return view(request, *args, **kwargs)

        def work() -> Reply:
            response = view(request, *args, **kwargs)
            if response.status_code >= 400 or not isinstance(response, HttpResponse):
                raise _NothingMade(response)
            kept = {name: response[name] for name in _KEPT_HEADERS if name in response}
            return Reply(response.status_code, response.content, kept)

        answers = _hash_of(request)
        key = f"form:{given[:60]}:{answers[:32]}" if given.isprintable() else f"form:{answers}"
        try:
            reply = once(user_id=request.user.pk, key=key, request_hash=answers, now=clock.now(), work=work)
        except _NothingMade as refused:
            return refused.response
        except Conflict as conflict:
            if conflict.code != "idempotency_in_progress":
                raise
            toast(request, _("It is being saved already."), kind="info")
            return HttpResponse(status=204 if is_htmx(request) else 409)
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    return guarded


def _hash_of(request: SignedInRequest) -> str:
    sent = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    return hashlib.sha256(repr((request.path, sent)).encode()).hexdigest()
