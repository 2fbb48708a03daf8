"""Changes to the organisation's settings and to its calendar. Deadlines that are set already stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from babel.numbers import list_currencies
from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _

from kniga.people import events
from kniga.people.models import User
from kniga.people.organisation_queries import settings_of
from kniga.people.permissions import Act, may
from kniga.platform import ledger
from kniga.platform.errors import Refused
from kniga.platform.models import CalendarDay, Organisation
from kniga.platform.organisation import forget_organisation, stored_organisation
from kniga.platform.working_time import forget_calendar


class OrganisationChanges(TypedDict, total=False):
    """What may be changed, as text: codes of ISO 4217 and 3166, an IANA zone, hours as "08:30"; absent stays."""

    name: str
    currency: str
    language: str
    time_zone: str
    calendar_country: str
    work_starts: str
    work_ends: str


@transaction.atomic
def update_organisation(*, by: User | None, now: datetime, **changes: Unpack[OrganisationChanges]) -> Organisation:
    """Change the organisation's settings; `by` is None only for the command line.

    Raises Refused, naming every wrong field: `name_missing`, `name_long`, `currency_unknown`, `language_unknown`,
    `time_zone_unknown`, `country_unknown`, `hours_invalid`; and `not_allowed`.
    """
    _check_may(by)
    Organisation.objects.get_or_create(id=1, defaults=settings_of(stored_organisation()))
    organisation = Organisation.objects.select_for_update().get(id=1)
    before = settings_of(organisation)
    _apply(organisation, changes)
    after = settings_of(organisation)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        organisation.save()
        _record(events.ORGANISATION_CHANGED, {"changes": changed}, by, now)
    transaction.on_commit(_forget)
    return organisation


@transaction.atomic
def set_calendar_day(*, day: date, is_working: bool, note: str = "", by: User | None, now: datetime) -> CalendarDay:
    """Make a day a working day or a day off, whatever the country says. Raises Refused `note_long`, `not_allowed`."""
    _check_may(by)
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > 200:
        raise Refused("note_long", _("A note has at most 200 characters."), field="note")
    found = CalendarDay.objects.select_for_update().filter(date=day).first()
    given, _made = CalendarDay.objects.update_or_create(date=day, defaults={"is_working": is_working, "note": note})
    _record_day(day, found, given, by, now)
    return given


@transaction.atomic
def remove_calendar_day(*, day: date, by: User | None, now: datetime) -> None:
    """Let the country's calendar decide about a day again; nothing happens if it does already.

    Raises Refused `not_allowed`.
    """
    _check_may(by)
    found = CalendarDay.objects.select_for_update().filter(date=day).first()
    if found is not None:
        CalendarDay.objects.filter(date=day).delete()
    _record_day(day, found, None, by, now)


def _check_may(by: User | None) -> None:
    if by is not None and not may(by, Act.MANAGE_ORGANISATION):
        raise Refused("not_allowed", _("Only the owner or an administrator changes this."))


def _apply(organisation: Organisation, changes: OrganisationChanges) -> None:
    wrong: list[Refused] = []
    for field, text in changes.items():
        try:
            setattr(organisation, field, _CHECKS[field](str(text).strip(), field))
        except Refused as refusal:
            wrong.append(refusal)
    if not wrong and organisation.work_starts >= organisation.work_ends:
        wrong.append(Refused("hours_invalid", _("The working day ends after it begins."), field="work_ends"))
    if wrong:
        raise Refused(wrong[0].code, wrong[0].message, field=wrong[0].field, also=tuple(wrong[1:]))


def _name(text: str, field: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name:
        raise Refused("name_missing", _("Enter a name."), field=field)
    if len(name) > 200:
        raise Refused("name_long", _("A name has at most 200 characters."), field=field)
    return name


def _currency(text: str, field: str) -> str:
    if text.upper() not in list_currencies():
        message = _("Enter a currency by its three letters, such as EUR or RUB.")
        raise Refused("currency_unknown", message, field=field)
    return text.upper()


def _language(text: str, field: str) -> str:
    if text not in dict(settings.LANGUAGES):
        raise Refused("language_unknown", _("Choose one of the languages."), field=field)
    return text


def _time_zone(text: str, field: str) -> str:
    try:
        # The name of a folder of zones, or one outside of it, is refused here as an unknown one is.
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError) as error:
        message = _("Enter a time zone by its name, such as Europe/Moscow.")
        raise Refused("time_zone_unknown", message, field=field) from error


def _country(text: str, field: str) -> str:
    import holidays

    if len(text) != 2 or text.upper() not in holidays.list_supported_countries():
        message = _("Enter a country by its two letters, such as RU or DE.")
        raise Refused("country_unknown", message, field=field)
    return text.upper()


def _hour(text: str, field: str) -> time:
    try:
        found = parse_time(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise Refused("hours_invalid", _("Enter a time such as 08:30."), field=field)
    return found.replace(second=0, microsecond=0)


_CHECKS: dict[str, Callable[[str, str], Any]] = {
    "name": _name,
    "currency": _currency,
    "language": _language,
    "time_zone": _time_zone,
    "calendar_country": _country,
    "work_starts": _hour,
    "work_ends": _hour,
}


def _forget() -> None:
    forget_organisation()
    forget_calendar()


def _record_day(
    day: date, before: CalendarDay | None, after: CalendarDay | None, by: User | None, now: datetime
) -> None:
    told = {"before": _shown_day(before), "after": _shown_day(after)}
    if told["before"] != told["after"]:
        _record(events.CALENDAR_CHANGED, {"date": day.isoformat(), **told}, by, now)
    transaction.on_commit(forget_calendar)


def _shown_day(day: CalendarDay | None) -> dict[str, Any] | None:
    return None if day is None else {"is_working": day.is_working, "note": day.note}


def _record(kind: str, payload: dict[str, Any], by: User | None, now: datetime) -> None:
    ledger.record([ledger.LedgerEvent(kind, now, actor_id=by.pk if by else None, payload=payload)])
