"""Who may open a page: view decorators. Which rows a person sees is decided in queries, never here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeAlias, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from kniga.people.permissions import Act, may

if TYPE_CHECKING:
    from kniga.people.models import User

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request whose user is surely one of ours; only the decorators below hand it out."""

    user: User


View: TypeAlias = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]
OpenView: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Decorator(Protocol):
    """Turns a view for signed-in people into one anybody may call."""

    def __call__(self, view: View[P], /) -> OpenView[P]: ...


def signed_in(view: View[P]) -> OpenView[P]:
    """Let only signed-in people open the view; others go to the sign-in page and come back after it."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(cast(SignedInRequest, request), *args, **kwargs)

    guarded.access = "signed_in"  # type: ignore[attr-defined]
    return guarded


def act_required(act: Act) -> Decorator:
    """Let only people whose role may do `act` open the view; 403 for others: `@act_required(Act.IMPORT)`."""

    def decorate(view: View[P], /) -> OpenView[P]:
        @wraps(view)
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not may(request.user, act):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        outer = signed_in(guarded)
        outer.access = act  # type: ignore[attr-defined]
        return outer

    return decorate


def role_required(*roles: str) -> Decorator:
    """Let only people of these roles open the view; 403 for others: `@role_required("head", "owner")`."""

    def decorate(view: View[P], /) -> OpenView[P]:
        @wraps(view)
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.user.role not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        outer = signed_in(guarded)
        outer.access = frozenset(roles)  # type: ignore[attr-defined]
        return outer

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request") != "true":
        return redirect_to_login(request.get_full_path() if request.method == "GET" else _page_of(request, "Referer"))
    # A fragment must not receive the sign-in form in its place: the whole window goes there, and comes back.
    response = HttpResponse(status=204)
    back = urlencode({REDIRECT_FIELD_NAME: _page_of(request, "HX-Current-URL")})
    response["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{back}"
    return response


def _page_of(request: HttpRequest, header: str) -> str:
    """The address within this site of the page that sent the request; the first page if the header tells none."""
    parts = urlsplit(request.headers.get(header, ""))
    if parts.netloc != request.get_host() or not parts.path.startswith("/"):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
