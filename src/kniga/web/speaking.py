"""The language and the time zone a page is written in, and its words.

A page of fifty rows asks for its language some three hundred times. While a template is rendered neither changes, so
`writing` looks them up once; outside of it every question goes to Django.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from markupsafe import Markup

_present: ContextVar[tuple[str, tzinfo] | None] = ContextVar("kniga_page", default=None)


@contextmanager
def writing() -> Iterator[None]:
    """For the time of the block, pages are written in the present language and time zone."""
    before = _present.set((_active_language(), timezone.get_current_timezone()))
    try:
        yield
    finally:
        _present.reset(before)


def language() -> str:
    """The code of the language people are spoken to in."""
    present = _present.get()
    return present[0] if present else _active_language()


def zone() -> tzinfo:
    """The time zone moments are shown in."""
    present = _present.get()
    return present[1] if present else timezone.get_current_timezone()


def gettext(text: str, /, **values: Any) -> Markup:
    """`_("text %(name)s", name=…)` of a template: its own words are markup, the values are escaped."""
    return _filled(_translated(language(), text), values)


def pgettext(context: str, text: str, /, **values: Any) -> Markup:
    """As `gettext`, for a word that means different things in different places."""
    return _filled(_translated_in(language(), context, text), values)


def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> Markup:
    """As `gettext`, in the form that goes with `number`, which is also the value `num`."""
    values.setdefault("num", number)
    return Markup(translation.ngettext(singular, plural, number)) % values


def npgettext(context: str, singular: str, plural: str, number: int, /, **values: Any) -> Markup:
    """As `ngettext`, for a word that means different things in different places."""
    values.setdefault("num", number)
    return Markup(translation.npgettext(context, singular, plural, number)) % values


def _filled(text: Markup, values: dict[str, Any]) -> Markup:
    # A text is always a format: "100%%" is written so in every template.
    return text % values if values or "%" in text else text


def _active_language() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


# The language is part of the key only: Django answers in the present one, which is this one.
@lru_cache(maxsize=4096)
def _translated(language: str, text: str) -> Markup:
    return Markup(translation.gettext(text))


@lru_cache(maxsize=1024)
def _translated_in(language: str, context: str, text: str) -> Markup:
    return Markup(translation.pgettext(context, text))
