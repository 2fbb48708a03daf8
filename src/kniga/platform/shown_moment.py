"""Moments as a language writes them, in the time zone of the organisation, for pages and letters alike."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_datetime

from kniga.platform.working_time import organisation_calendar


def shown_moment(at: datetime, language: str) -> str:
    """A date with its time, as `language` (ru, en) writes it."""
    local = at.astimezone(organisation_calendar().zone)
    return format_datetime(local, "d MMM y, HH:mm", locale=language.replace("-", "_"))
