"""Switch language and theme: plain forms that work without JavaScript."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from kniga.people.services import update_user
from kniga.platform import clock
from kniga.web.context import THEME_COOKIE, THEMES
from kniga.web.middleware import LANGUAGE_COOKIE
from kniga.web.pages import go_to

YEAR = 60 * 60 * 24 * 365


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    response = go_to(request, _back(request), whole=True)
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            update_user(user=request.user, by=request.user, now=clock.now(), language=chosen)
        _remember(response, LANGUAGE_COOKIE, chosen)
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    response = go_to(request, _back(request), whole=True)
    if chosen in THEMES:
        if request.user.is_authenticated:
            update_user(user=request.user, by=request.user, now=clock.now(), theme=chosen)
        _remember(response, THEME_COOKIE, chosen)
    return response


def _remember(response: HttpResponse, cookie: str, value: str) -> None:
    response.set_cookie(
        cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
    )


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("home")
