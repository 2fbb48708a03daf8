"""The Jinja2 environment of all pages: translations, formats, icons, addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from kniga.web import formatting
from kniga.web.markdown import render_markdown

_FILTERS: dict[str, Callable[..., Any]] = {
    "money": formatting.money,
    "money_short": formatting.money_short,
    "number": formatting.number,
    "percent": formatting.percent,
    "date": formatting.day,
    "datetime": formatting.moment,
    "time": formatting.clock_time,
    "relative_day": formatting.relative_day,
    "due": formatting.due,
    "due_state": formatting.due_state,
    "duration": formatting.duration,
    "file_size": formatting.file_size,
}


def environment(**options: Any) -> Environment:
    """Called by Django with the options of settings.TEMPLATES."""
    options.update(
        autoescape=select_autoescape(enabled_extensions=("html", "svg"), disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env = Environment(**options)
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(url=url, static=static, asset=asset, icon=icon, query=query)
    env.filters.update({name: _spoken(function) for name, function in _FILTERS.items()})
    env.filters.update(markdown=render_markdown, initials=formatting.initials, tint=formatting.tint)
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a named URL: `url("deals:card", deal_id=7)`."""
    return reverse(name, args=args, kwargs=kwargs)


def query(**parameters: Any) -> str:
    """A query string without empty parameters: `?stage=needs&page=2`, or an empty string."""
    kept = {name: value for name, value in parameters.items() if value not in (None, "", [])}
    return f"?{urlencode(kept, doseq=True)}" if kept else ""


def asset(path: str) -> str:
    """The address of a static file with its content's hash, so that a new version is fetched at once."""
    return f"{static(path)}?v={_content_hash(path) if not settings.DEBUG else _hash_of(path)}"


def icon(name: str, label: str = "") -> Markup:
    """An icon of the sprite; decorative unless it has a label."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="k-icon" {}><use href="{}#{}"/></svg>').format(spoken, asset("icons.svg"), name)


def _spoken(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that depends on the language: asking for the context keeps Jinja from folding constants."""

    @pass_context
    def filter_in_language(context: Context, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return filter_in_language


def _hash_of(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        return "0"
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


_content_hash = lru_cache(maxsize=256)(_hash_of)
