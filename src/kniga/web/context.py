"""What every page's frame needs: the person, the menu, language and theme, waiting toasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import timezone, translation
from markupsafe import Markup

from kniga.platform import clock
from kniga.web.menu import menu_for, quick_create_for
from kniga.web.pages import toasts_of

if TYPE_CHECKING:
    from kniga.people.models import User

LANGUAGE_NAMES = {"ru": "Русский", "en": "English"}
THEME_COOKIE = "kniga_theme"
THEMES = ("auto", "light", "dark")


class _FormToken:
    """The token of the page's forms, masked once per page and not once per form; a page without forms has none."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._said = ""

    def __str__(self) -> str:
        self._said = self._said or get_token(self._request)
        return self._said


@dataclass(frozen=True, slots=True)
class _FormInput:
    """The hidden field that carries the token."""

    token: _FormToken

    def __html__(self) -> str:
        return Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">').format(str(self.token))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame. `me` is None before signing in; `menu` and `quick_create` are then empty."""
    user = getattr(request, "user", None)
    me = cast("User", user) if user is not None and user.is_authenticated else None
    token = _FormToken(request)
    return {
        "csrf_token": token,
        "csrf_input": _FormInput(token),
        "me": me,
        "menu": menu_for(me, request.path) if me else [],
        "quick_create": quick_create_for(me) if me else [],
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "languages": [(code, LANGUAGE_NAMES[code]) for code, _ in settings.LANGUAGES],
        "theme": theme_of(request),
        "take_toasts": lambda: toasts_of(request),
        "today": timezone.localdate(clock.now()),
    }


def theme_of(request: HttpRequest) -> str:
    """The person's theme, else the browser's choice by cookie, else auto."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "theme", "") or request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"
