"""Who is signed in is read anew at every request: what changed a moment ago holds, in whatever process."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.sessions.models import Session
from django.test import Client

from kniga.people.models import User

MakeUser = Callable[..., User]
AsUser = Callable[[User], Client]


def test_signing_out_ends_the_session_wherever_its_cookie_is(as_user: AsUser, make_user: MakeUser) -> None:
    browser = as_user(make_user("rep"))
    copy = Client()
    copy.cookies = browser.cookies.copy()
    assert copy.get("/desk/").status_code == 200
    browser.post("/accounts/logout/")
    assert _is_sent_to_sign_in(copy)


def test_a_new_password_ends_the_other_sessions(as_user: AsUser, make_user: MakeUser) -> None:
    user = make_user("rep")
    browser = as_user(user)
    user.set_password("another horse 8")
    user.save()
    assert _is_sent_to_sign_in(browser)


def test_a_deactivated_person_is_out_at_once(as_user: AsUser, make_user: MakeUser) -> None:
    user = make_user("rep")
    browser = as_user(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert _is_sent_to_sign_in(browser)


def test_a_new_role_holds_at_the_next_page(as_user: AsUser, make_user: MakeUser) -> None:
    user = make_user("owner")
    browser = as_user(user)
    assert browser.get("/people/").status_code == 200
    User.objects.filter(pk=user.pk).update(role="rep")
    assert browser.get("/people/new/").status_code == 403


def test_an_outdated_or_made_up_session_is_nobody(as_user: AsUser, make_user: MakeUser) -> None:
    browser = as_user(make_user("rep"))
    Session.objects.update(expire_date="2020-01-01 00:00:00+00")
    assert _is_sent_to_sign_in(browser)
    stranger = Client()
    stranger.cookies["sessionid"] = "x' OR true --"
    assert _is_sent_to_sign_in(stranger)


def _is_sent_to_sign_in(browser: Client) -> bool:
    response = browser.get("/desk/")
    return response.status_code == 302 and "/login/" in response["Location"]
