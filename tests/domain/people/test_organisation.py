"""The organisation's settings: who changes them, what is refused, and that work goes by them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kniga.people.organisation_queries import calendar_days, organisation_settings
from kniga.people.organisation_services import remove_calendar_day, set_calendar_day, update_organisation
from kniga.platform.errors import Refused
from kniga.platform.models import CalendarDay, Event, Organisation
from kniga.platform.organisation import current_organisation
from kniga.platform.working_time import organisation_calendar
from tests.domain.department import NOW, Department

BERLIN = {
    "name": " Northern  Racks ", "currency": "eur", "language": "en", "time_zone": "Europe/Berlin",
    "calendar_country": "de", "work_starts": "08:30", "work_ends": "17:30",
}  # fmt: skip
HOUR = 3600


@pytest.fixture
def at_once(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """What is to happen after the commit happens at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_saved_settings_hold_at_once_for_money_and_for_working_time(
    house: Department, at_once: Callable[[], Any]
) -> None:
    organisation_calendar()
    with at_once():
        update_organisation(by=house.olga, now=NOW, **BERLIN)
    assert organisation_settings() == BERLIN | {
        "name": "Northern Racks", "currency": "EUR", "calendar_country": "DE",
    }  # fmt: skip
    assert current_organisation().currency == "EUR"
    # Thursday 1 October 2026, 15:00 UTC is 17:00 in Berlin: half an hour is left that day, half on Friday.
    due = organisation_calendar().add(datetime(2026, 10, 1, 15, 0, tzinfo=UTC), HOUR)
    assert due == datetime(2026, 10, 2, 7, 0, tzinfo=UTC)
    event = Event.objects.get()
    assert (event.kind, event.actor_id) == ("people.organisation.changed", house.olga.pk)
    assert event.payload["changes"]["currency"] == ["RUB", "EUR"]


def test_saving_what_is_there_already_tells_nothing(house: Department) -> None:
    update_organisation(by=house.olga, now=NOW, **BERLIN)
    update_organisation(by=house.olga, now=NOW, **BERLIN)
    update_organisation(by=None, now=NOW, currency="EUR")
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "  "}, "name_missing", "name"),
        ({"name": "x" * 201}, "name_long", "name"),
        ({"currency": "EURO"}, "currency_unknown", "currency"),
        ({"currency": ""}, "currency_unknown", "currency"),
        ({"language": "de"}, "language_unknown", "language"),
        ({"time_zone": "Europe"}, "time_zone_unknown", "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone_unknown", "time_zone"),
        ({"time_zone": ""}, "time_zone_unknown", "time_zone"),
        ({"time_zone": "Europe/Moscow\x00"}, "time_zone_unknown", "time_zone"),
        ({"calendar_country": "XX"}, "country_unknown", "calendar_country"),
        ({"calendar_country": "DEU"}, "country_unknown", "calendar_country"),
        ({"work_starts": "25:00"}, "hours_invalid", "work_starts"),
        ({"work_ends": "soon"}, "hours_invalid", "work_ends"),
        ({"work_ends": "09:00"}, "hours_invalid", "work_ends"),
        ({"work_starts": "18:30"}, "hours_invalid", "work_ends"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field_and_leaves_no_trace(
    house: Department, changes: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        update_organisation(by=house.olga, now=NOW, **changes)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Organisation.objects.exists() and not Event.objects.exists()


def test_all_wrong_fields_are_named_at_once(house: Department) -> None:
    with pytest.raises(Refused) as refusal:
        update_organisation(by=house.olga, now=NOW, name="", currency="?", time_zone="Mars")
    assert [one.field for one in (refusal.value, *refusal.value.also)] == ["name", "currency", "time_zone"]


@pytest.mark.parametrize("name", ["hanna", "anna", "boris", "support"])
def test_only_owner_and_administrator_change_the_organisation(house: Department, name: str) -> None:
    by = getattr(house, name)
    for act in (
        lambda: update_organisation(by=by, now=NOW, currency="EUR"),
        lambda: set_calendar_day(day=date(2026, 12, 24), is_working=False, by=by, now=NOW),
        lambda: remove_calendar_day(day=date(2026, 12, 24), by=by, now=NOW),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "not_allowed"
    assert not (Organisation.objects.exists() or CalendarDay.objects.exists() or Event.objects.exists())


def test_a_day_off_and_a_working_day_win_over_the_country_until_they_are_removed(
    house: Department, at_once: Callable[[], Any]
) -> None:
    monday, saturday = date(2026, 11, 23), date(2026, 11, 28)
    with at_once():
        set_calendar_day(day=monday, is_working=False, note=" closed ", by=house.olga, now=NOW)
        set_calendar_day(day=saturday, is_working=True, by=house.olga, now=NOW)
        set_calendar_day(day=saturday, is_working=True, by=house.olga, now=NOW)
    calendar = organisation_calendar()
    assert (calendar.is_working(monday), calendar.is_working(saturday)) == (False, True)
    assert [(row.date, row.is_working, row.note) for row in calendar_days()] == [
        (saturday, True, ""), (monday, False, "closed"),
    ]  # fmt: skip
    with at_once():
        for day in (monday, saturday, saturday):
            remove_calendar_day(day=day, by=house.olga, now=NOW)
    calendar = organisation_calendar()
    assert (calendar.is_working(monday), calendar.is_working(saturday)) == (True, False)
    told = list(Event.objects.order_by("id").values_list("kind", "payload__before", "payload__after"))
    assert [kind for kind, _before, _after in told] == ["people.calendar.changed"] * 4
    assert told[0][1:] == (None, {"is_working": False, "note": "closed"}) and told[3][2] is None


def test_a_note_that_is_too_long_is_refused(house: Department) -> None:
    with pytest.raises(Refused) as refusal:
        set_calendar_day(day=date(2026, 12, 24), is_working=False, note="x" * 201, by=house.olga, now=NOW)
    assert refusal.value.field == "note" and not CalendarDay.objects.exists()
