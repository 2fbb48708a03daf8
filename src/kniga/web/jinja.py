"""The Jinja2 environment of all pages: translations, formats, icons, addresses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from kniga.clients.requisites import is_russian, registration_label, tax_label, tax_word
from kniga.deals.numbers import deal_number
from kniga.platform.phones import format_phone
from kniga.processes.wording.words import outcome_word
from kniga.web import formatting, speaking
from kniga.web.breaking import breakable
from kniga.web.compiler import DirectCodeGenerator
from kniga.web.markdown import render_markdown

_FILTERS: dict[str, Callable[..., Any]] = {
    "deal_number": deal_number,
    "money": formatting.money,
    "deal_money": formatting.deal_money,
    "money_short": formatting.rounded_money,
    "number": formatting.number,
    "percent": formatting.percent,
    "date": formatting.day,
    "short_date": formatting.short_day,
    "datetime": formatting.moment,
    "time": formatting.clock_time,
    "relative_day": formatting.relative_day,
    "due": formatting.due,
    "short_due": formatting.short_due,
    "due_state": formatting.due_state,
    "age": formatting.age,
    "duration": formatting.duration,
    "file_size": formatting.file_size,
    "outcome_word": outcome_word,
    "beside": formatting.beside,
}


class _Environment(Environment):
    code_generator_class = DirectCodeGenerator


def environment(**options: Any) -> Environment:
    """Called by Django with the options of settings.TEMPLATES."""
    options.update(
        autoescape=select_autoescape(enabled_extensions=("html", "svg"), disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env = _Environment(**options)
    env.globals.update(url=url, static=static, asset=asset, icon=icon, query=query, form_key=form_key)
    env.globals.update(_=speaking.gettext, gettext=speaking.gettext, ngettext=speaking.ngettext)
    env.globals.update(pgettext=speaking.pgettext, npgettext=speaking.npgettext)
    env.globals.update(tax_label=tax_label, tax_word=tax_word, registration_label=registration_label)
    env.globals.update(is_russian=is_russian)
    env.filters.update({name: _spoken(function) for name, function in _FILTERS.items()})
    env.filters.update(breakable=breakable, phone=format_phone, markdown=render_markdown)
    env.filters.update(initials=formatting.initials, tint=formatting.tint)
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a named URL: `url("deals:card", deal_id=7)`.

    A list asks for one address per row; where the parameters are numbers, the route is looked up once.
    """
    if not args and all(type(value) is int and value >= 0 for value in kwargs.values()):
        return _route(name, tuple(kwargs)) % kwargs
    return reverse(name, args=args, kwargs=kwargs)


def query(**parameters: Any) -> str:
    """A query string without empty parameters: `?stage=needs&page=2`, or an empty string."""
    kept = {name: value for name, value in parameters.items() if value not in (None, "", [])}
    return f"?{urlencode(kept, doseq=True)}" if kept else ""


def asset(path: str) -> str:
    """The address of a static file with its content's hash, so that a new version is fetched at once.

    What the front-end build made carries the hash in its name (`build/app.js` → `build/app-1A2B3C4D.js`)."""
    return _hashed(path) if settings.DEBUG else _known_assets(path)


def form_key() -> str:
    """A key for one form of one page: what the form creates it creates once, see `once.made_once`."""
    return token_urlsafe(12)


@lru_cache(maxsize=512)
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


@lru_cache(maxsize=512)
def _route(name: str, parameters: tuple[str, ...]) -> str:
    """The address of a route as a format string with a named place for each numeric parameter."""
    stand_ins = {parameter: 9_007_199_254_740_881 + place for place, parameter in enumerate(parameters)}
    address = reverse(name, kwargs=stand_ins).replace("%", "%%")
    for parameter, number in stand_ins.items():
        address = address.replace(str(number), f"%({parameter})d")
    return address


def _hashed(path: str) -> str:
    if path.startswith("build/"):
        manifest = finders.find("build/manifest.json")
        names = json.loads(Path(manifest).read_bytes()) if isinstance(manifest, str) else {}
        return static(f"build/{names.get(path.removeprefix('build/'), path)}")
    found = finders.find(path)
    digest = hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else "0"
    return f"{static(path)}?v={digest}"


_known_assets = lru_cache(maxsize=256)(_hashed)
