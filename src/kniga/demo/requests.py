"""The form of the department's site, and what came by it in the last days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from kniga.demo.leads import INBOUND
from kniga.demo.words import Words
from kniga.people.models import User
from kniga.platform.working_time import WorkCalendar
from kniga.processes.forms.web_forms import FormSettings, create_form, take_entry

KEY: Final = "request"
_DAYS_BACK: Final = (9, 6, 5, 2, 1)
"""How many days before the last one each request came."""

Happening = Callable[[datetime], None]


def keep_form(*, owner: User, by: User, now: datetime) -> None:
    """The form; what comes by it from strangers goes to `owner`."""
    create_form(key=KEY, given=FormSettings(_("Request from the site"), INBOUND, owner), by=by, now=now)


def requests(
    *, words: Words, last: date, first: date, calendar: WorkCalendar, begun: Callable[[int], None]
) -> dict[datetime, Happening]:
    """What comes by the form, by the moment; `begun` is told of every deal that begins."""

    def take(values: dict[str, str], now: datetime) -> None:
        taken = take_entry(key=KEY, values=values, sender="192.0.2.7", now=now)
        if taken.deal_id is not None:
            begun(taken.deal_id)

    found: dict[datetime, Happening] = {}
    for number, (back, sent) in enumerate(zip(_DAYS_BACK, words.requests, strict=True)):
        day = last - timedelta(days=back)
        if day > first:
            values = dict(zip(("name", "company", "email", "message"), sent, strict=True))
            moment = datetime.combine(day, time(9 + number, 10 * number), calendar.zone)
            found[moment] = lambda now, values=values: take(values, now)  # type: ignore[misc]
    return found
