"""Set-up of the organisation and of visibility through their pages, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest
from django.test import Client
from django.utils import timezone

from kniga.people.models import AccessRule, User
from kniga.platform.models import CalendarDay, Organisation
from kniga.platform.organisation import keep_organisation

PAGES = ("/people/access/", "/people/organisation/")
SENT = {
    "name": "Northern Racks", "currency": "EUR", "language": "en", "time_zone": "Europe/Berlin",
    "calendar_country": "DE", "work_starts": "08:30", "work_ends": "17:30",
}  # fmt: skip
Sign, Make = Callable[[User], Client], Callable[..., User]


@pytest.mark.parametrize("role", ["rep", "lead", "head", "delivery", "support"])
@pytest.mark.parametrize("address", PAGES)
def test_only_owner_and_administrator_open_the_set_up(as_user: Sign, make_user: Make, role: str, address: str) -> None:
    client = as_user(make_user(role))
    assert client.get(address).status_code == 403
    assert client.post(address, SENT | {"rep-deal": "4"}).status_code == 403
    assert client.post("/people/organisation/days/", {"date": "2026-12-24"}).status_code == 403
    assert not (AccessRule.objects.exists() or Organisation.objects.exists() or CalendarDay.objects.exists())


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Who sees what", "Country of the calendar")), ("ru", ("Кто что видит", "Страна календаря"))],
)
def test_the_pages_speak_both_languages(as_user: Sign, make_user: Make, language: str, words: tuple[str, str]) -> None:
    client = as_user(make_user("owner", language=language))
    for address, word in zip(PAGES, words, strict=True):
        assert word in client.get(address).content.decode()


def test_a_level_that_differs_names_the_usual_one(as_user: Sign, make_user: Make) -> None:
    client = as_user(make_user("administrator"))
    assert "usually:" not in client.get("/people/access/").content.decode()
    client.post("/people/access/", {"rep-deal": "2"})
    assert "usually: own" in client.get("/people/access/").content.decode()


def test_the_owner_saves_the_settings_and_sees_them_again(as_user: Sign, make_user: Make) -> None:
    client = as_user(make_user("owner"))
    assert client.post("/people/organisation/", SENT).status_code == 302
    page = client.get("/people/organisation/").content.decode()
    assert 'value="Northern Racks"' in page and '<option value="EUR" selected>' in page and 'value="08:30"' in page


def test_wrong_settings_come_back_with_an_error_at_each_field(as_user: Sign, make_user: Make) -> None:
    response = as_user(make_user("owner")).post("/people/organisation/", SENT | {"time_zone": "Mars", "name": ""})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'id="name-error"' in page and 'id="time_zone-error"' in page and 'value="Mars"' in page
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("language", "named"),
    [("en", ("Moscow (UTC+3)", "Kolkata (UTC+5:30)")), ("ru", ("Москва (UTC+3)", "Калькутта (UTC+5:30)"))],
)
def test_time_zones_are_named_after_their_cities(
    as_user: Sign, make_user: Make, language: str, named: tuple[str, str]
) -> None:
    page = as_user(make_user("owner", language=language)).get("/people/organisation/").content.decode()
    assert f'<option value="Europe/Moscow" selected>{named[0]}</option>' in page
    assert f">{named[1]}</option>" in page and ">Europe/" not in page


def test_a_day_is_added_and_removed(as_user: Sign, make_user: Make) -> None:
    client = as_user(make_user("owner"))
    sent = {"date": "2026-12-24", "kind": "off", "note": "Christmas party"}
    assert client.post("/people/organisation/days/", sent).status_code == 302
    assert "Christmas party" in client.get("/people/organisation/").content.decode()
    assert client.post("/people/organisation/days/remove/", {"date": "2026-12-24"}).status_code == 302
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "99999-01-01"])
def test_a_day_that_is_none_is_refused_at_its_field(as_user: Sign, make_user: Make, text: str) -> None:
    client = as_user(make_user("owner"))
    for address in ("/people/organisation/days/", "/people/organisation/days/remove/"):
        response = client.post(address, {"date": text})
        assert response.status_code == 422 and 'id="date-error"' in response.content.decode()
    assert not CalendarDay.objects.exists()


def test_the_organisations_language_is_for_those_who_ask_for_none(as_user: Sign, make_user: Make) -> None:
    keep_organisation(Organisation(language="en"))
    client = as_user(make_user("owner", language=""))
    assert "Country of the calendar" in client.get("/people/organisation/").content.decode()
    russian = client.get("/people/organisation/", headers={"Accept-Language": "ru-RU,ru;q=0.9"})
    assert "Страна календаря" in russian.content.decode()
    client.cookies["kniga_language"] = "ru"
    assert "Страна календаря" in client.get("/people/organisation/").content.decode()


def test_pages_show_the_hours_of_the_organisations_time_zone(as_user: Sign, make_user: Make) -> None:
    keep_organisation(Organisation(time_zone="Asia/Vladivostok", work_starts=time(9), work_ends=time(18)))
    browser = as_user(make_user("rep"))
    browser.get("/desk/")
    assert str(timezone.get_current_timezone()) == "Asia/Vladivostok"
