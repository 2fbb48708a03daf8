"""Who calls: a key (`Authorization: Bearer kn_…`), or the session of a signed-in page, guarded against CSRF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from kniga.api.problems import Problem, unauthorized
from kniga.people.scopes import SCOPES
from kniga.people.tokens import token_holder
from kniga.platform import clock

if TYPE_CHECKING:
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class Caller:
    """The user a request acts for; `token_id` is None for a session, which has every scope."""

    user: User
    scopes: frozenset[str]
    token_id: int | None


class ApiRequest(HttpRequest):
    """A request that came through the door."""

    auth: Caller


class Bearer(HttpBearer):
    """The door of one operation: whoever passes has `scope`; "" asks for no scope, only for a caller."""

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        if scope and scope not in SCOPES:
            raise ValueError(f"no such scope: {scope}")
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        by_key = "Authorization" in request.headers
        caller: Caller | None = super().__call__(request) if by_key else _of_session(request)
        if caller is None:
            raise unauthorized()
        if self.scope and self.scope not in caller.scopes:
            detail = _("This key lacks the scope “%(scope)s”.") % {"scope": self.scope}
            raise Problem(403, "scope_missing", detail, more={"scope": self.scope})
        _speak(request, caller.user)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The caller of a valid key."""
        holder = token_holder(secret=token.strip(), now=clock.now())
        return None if holder is None else Caller(holder.user, holder.scopes, holder.token_id)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, answering by a mark instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)


def _nowhere(request: HttpRequest) -> HttpResponse:
    """Stands for the view, which the check only asks whether it is exempt."""
    return HttpResponse()


def _of_session(request: HttpRequest) -> Caller | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return None
    check = _CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, _nowhere, (), {}) is not None:
        raise Problem(403, "csrf", _("The CSRF token is missing or old: reload the page."))
    return Caller(request.user, frozenset(SCOPES), None)


def _speak(request: HttpRequest, user: User) -> None:
    """Messages come in the language asked for; a key that asks for none hears its user's."""
    if user.language and "Accept-Language" not in request.headers:
        translation.activate(user.language)
