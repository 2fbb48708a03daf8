"""The book changes once while the department works by it: a second edition, which some have read and some have not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from kniga.demo.papers import book_text
from kniga.people.models import User
from kniga.platform.working_time import WorkCalendar
from kniga.processes.versions.publishing import publish_version, upload_version
from kniga.salesbook.readers import READING_ROLES
from kniga.salesbook.services import confirm_reading

BEFORE_THE_END: Final = timedelta(days=12)
"""How long before the demo's last day the second edition comes out."""
_READING: Final = timedelta(days=4)
# Each text stands in the shipped book once; what takes its place is the whole change.
_CHANGES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ru": (
        ("3. К какому дню нужен ответ.\n\n### Если не берут трубку\nОтправьте сообщение",
         "3. К какому дню нужен ответ и кто ещё участвует в решении.\n\n### Если не берут трубку\nСразу напишите"),
        ('duration="PT30M"', 'duration="PT20M"'),
        ('kniga:price="30.00"', 'kniga:price="40.00"'),
    ),
    "en": (
        ("3. By which day an answer is needed.\n\n### If nobody answers\nSend a message",
         "3. By which day an answer is needed, and who else decides.\n\n### If nobody answers\nSend a message at once"),
        ('duration="PT30M"', 'duration="PT20M"'),
        ('stage="request" kniga:price="2.00"', 'stage="request" kniga:price="3.00"'),
    ),
}  # fmt: skip

Happening = Callable[[datetime], None]


def happenings(
    *, language: str, by: User, first: date, last: date, calendar: WorkCalendar
) -> dict[datetime, Happening]:
    """What happens to the book, by the moment: everybody confirms the first edition, the second one comes out, two of
    three people confirm it."""
    changed = last - BEFORE_THE_END
    if changed <= first + _READING:
        return {}

    def at(day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), calendar.zone)

    return {
        at(first + timedelta(days=2), 17): lambda now: _read(1, every=1, now=now),
        at(changed, 10): lambda now: _change_book(language, by, now),
        at(changed + _READING, 17): lambda now: _read(2, every=3, now=now),
    }


def _change_book(language: str, by: User, now: datetime) -> None:
    text = book_text("inbound_sale", language)
    for old, new in _CHANGES[language]:
        if text.count(old) < 1:
            raise ValueError(f"the shipped book says no more: {old}")
        text = text.replace(old, new, 1)
    note = _("Requests are answered within 20 minutes; the first talk finds out who decides.")
    version = upload_version(xml=text.encode(), note=note, by=by, now=now)
    publish_version(version_id=version.pk, by=by, now=now)


def _read(number: int, *, every: int, now: datetime) -> None:
    """Everybody who is asked to confirms an edition, but for each third person where `every` is 3."""
    readers = User.objects.filter(is_active=True, role__in=READING_ROLES).order_by("pk")
    for place, reader in enumerate(readers):
        if every == 1 or place % every:
            confirm_reading(number=number, by=reader, now=now + timedelta(minutes=7 * place))
