"""Loads what the first pages would load: routes, templates, words and the ways of writing numbers and dates."""

from __future__ import annotations

from datetime import UTC, datetime

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_decimal, format_currency, format_percent
from django.conf import settings
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.urls import get_resolver
from django.utils import timezone, translation


def warm_up() -> None:
    """Fill the caches of this process without a look into the database."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("Desk")
            # The address of each route is worked out per language.
            get_resolver().reverse_dict  # noqa: B018
        _write_in(Locale.parse(language, sep="-"))
    timezone.get_default_timezone()
    for engine in engines.all():
        if isinstance(engine, Jinja2):
            for name in engine.env.list_templates():
                engine.env.get_template(name)


def _write_in(locale: Locale) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    format_date(moment, "d MMM y", locale=locale)
    format_datetime(moment, "d MMM y, HH:mm", locale=locale)
    format_currency(1_000_000, "RUB", locale=locale)
    format_compact_decimal(1_000_000, locale=locale)
    format_percent(0.5, locale=locale)
