"""Signing in, lock-out, language, theme, security headers, uploads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from kniga.people.models import User
from tests.web.conftest import PASSWORD


def sign_in(client: Client, password: str = PASSWORD) -> int:
    return client.post("/accounts/login/", {"login": "rep@kniga.test", "password": password}).status_code


def test_a_person_signs_in_and_comes_to_the_page_they_wanted(client: Client, make_user: Callable[..., User]) -> None:
    make_user("rep")
    wanted = client.get("/people/profile/")
    assert wanted.status_code == 302
    response = client.post(wanted["Location"], {"login": "rep@kniga.test", "password": PASSWORD})
    assert response["Location"] == "/people/profile/"
    assert "k-toast--success" not in client.get("/people/profile/").content.decode()


def test_after_five_wrong_passwords_even_the_right_one_does_not_open(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user("rep")
    for _ in range(5):
        assert sign_in(client, "wrong") == 200
    response = client.post("/accounts/login/", {"login": "rep@kniga.test", "password": PASSWORD})
    assert response.status_code != 302
    assert "_auth_user_id" not in client.session


def test_a_closed_account_does_not_open(client: Client, make_user: Callable[..., User]) -> None:
    user = make_user("rep")
    User.objects.filter(pk=user.pk).update(is_active=False)
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", {"email": "x@kniga.test", "password1": PASSWORD, "password2": PASSWORD})
    assert "administrator" in page.content.decode() or "администратор" in page.content.decode()
    assert not User.objects.exists()


@pytest.fixture
def with_mail(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.kniga.test"
    settings.ALLOWED_HOSTS = ["kniga.test", "testserver"]


@pytest.mark.usefixtures("with_mail")
def test_a_forgotten_password_is_set_anew_by_the_letters_link(client: Client, make_user: Callable[..., User]) -> None:
    make_user("rep")
    client.post("/accounts/password/reset/", {"email": "rep@kniga.test"})
    [letter] = mail.outbox
    link = next(word for word in letter.body.split() if "/accounts/password/reset/key/" in word)
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    client.post(address, {"password1": "another horse 8", "password2": "another horse 8"})
    assert sign_in(client, "another horse 8") == 302


@pytest.mark.parametrize(
    "address",
    ["login/", "password/reset/", "password/reset/done/", "password/reset/key/done/", "signup/", "inactive/"],
)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pages_at_the_door_speak_both_languages(client: Client, db: None, address: str, language: str) -> None:
    response = client.get(f"/accounts/{address}", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.content.decode()
    assert "k-door" in response.content.decode()


def test_the_language_is_chosen_by_cookie_then_browser_then_installation(client: Client) -> None:
    assert 'lang="ru"' in client.get("/ui/").content.decode()
    assert 'lang="en"' in client.get("/ui/", headers={"Accept-Language": "de, en;q=0.8"}).content.decode()
    client.post("/preferences/language/", {"language": "ru", "next": "/ui/"})
    assert 'lang="ru"' in client.get("/ui/", headers={"Accept-Language": "en"}).content.decode()


def test_a_persons_own_language_and_theme_go_with_them(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    user = make_user("rep", language="")
    client = as_user(user)
    client.post("/preferences/language/", {"language": "en", "next": "/ui/"})
    client.post("/preferences/theme/", {"theme": "dark", "next": "/ui/"})
    user.refresh_from_db()
    assert (user.language, user.theme) == ("en", "dark")
    elsewhere = Client()
    elsewhere.force_login(user)
    page = elsewhere.get("/ui/", headers={"Accept-Language": "ru"}).content.decode()
    assert '<html lang="en" data-theme="dark">' in page


def test_a_preference_leads_back_only_to_our_own_host(client: Client) -> None:
    response = client.post("/preferences/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_every_answer_carries_a_strict_content_security_policy(client: Client) -> None:
    policy = client.get("/ui/")["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'"


def test_an_upload_over_the_limit_is_refused_at_once_and_the_page_names_limit_and_cure(
    client: Client, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024
    file = SimpleUploadedFile("clients.csv", b"x" * 4096)
    response = client.post("/preferences/theme/", {"file": file}, headers={"Accept-Language": "en"})
    assert response.status_code == 413
    assert "1 KB" in response.content.decode()
    assert "Split the file" in response.content.decode()


def test_an_unknown_address_is_a_friendly_404_in_the_language_of_the_page(client: Client) -> None:
    response = client.get("/nowhere/", headers={"Accept-Language": "ru"})
    assert response.status_code == 404
    assert "Здесь ничего нет" in response.content.decode()


def test_an_expired_form_says_what_to_do(make_user: Callable[..., User]) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/preferences/theme/", {"theme": "dark"}, headers={"Accept-Language": "en"})
    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


@pytest.mark.usefixtures("with_mail")
def test_the_reset_letter_is_ours_and_speaks_the_language_of_the_page(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user("rep")
    client.post("/accounts/password/reset/", {"email": "rep@kniga.test"}, headers={"Accept-Language": "ru"})
    [letter] = mail.outbox
    assert "Сброс пароля" in letter.subject
    assert "Ссылка действует один раз" in letter.body


@pytest.mark.parametrize(
    ("host", "sends"),
    [("evil.example", False), ("localhost:8000", True), ("[::1]:8000", True), ("10.0.0.5", True), ("10.0.0.6", False)],
)
def test_a_reset_letter_never_leads_to_a_host_nobody_has_set_up(
    client: Client, make_user: Callable[..., User], settings: Settings, host: str, sends: bool
) -> None:
    settings.EMAIL_HOST, settings.ALLOWED_HOSTS, settings.LISTENING_HOST = "mail.kniga.test", ["*"], "10.0.0.5"
    make_user("rep")
    said = {"email": "rep@kniga.test"}
    answer = client.post("/accounts/password/reset/", said, headers={"Host": host, "Accept-Language": "en"})
    assert [host in letter.body for letter in mail.outbox] == [True] * sends
    assert ("Ask your administrator" in answer.content.decode()) is not sends


def test_a_host_that_is_not_named_gets_no_answer_at_all(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["kniga.test"]
    assert client.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


def test_without_mail_the_page_sends_to_the_administrator_and_no_letter_is_made(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user("rep")
    for answer in (
        client.get("/accounts/password/reset/", headers={"Accept-Language": "en"}),
        client.post("/accounts/password/reset/", {"email": "rep@kniga.test"}, headers={"Accept-Language": "en"}),
    ):
        page = answer.content.decode()
        assert "No mail is set up here" in page and "Send the letter" not in page
    assert not mail.outbox


@pytest.mark.parametrize(
    "address", ["email/", "confirm-email/", "confirm-email/x:1/", "login/code/confirm/", "reauthenticate/", ""]
)
def test_nothing_of_the_accounts_library_is_routed_that_is_not_meant(
    as_user: Callable[[User], Client], make_user: Callable[..., User], address: str
) -> None:
    user = make_user("rep")
    browser = as_user(user)
    assert browser.get(f"/accounts/{address}").status_code == 404
    assert browser.post(f"/accounts/{address}", {"action_add": "1", "email": "x@evil.example"}).status_code == 404
    assert not EmailAddress.objects.exists()


@pytest.mark.usefixtures("with_mail")
def test_a_stranger_asking_for_a_reset_is_not_told_who_has_an_account(client: Client, db: None) -> None:
    response = client.post("/accounts/password/reset/", {"email": "nobody@kniga.test"})
    assert response.status_code == 302
    assert response["Location"] == "/accounts/password/reset/done/"


def test_the_password_page_shows_no_raw_markup(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    page = as_user(make_user("rep")).get("/accounts/password/change/").content.decode()
    assert "&lt;" not in page
    assert "At least eight characters" in page


def test_an_address_that_only_takes_forms_leads_to_its_page(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("owner"))
    answer = browser.get("/deals/7/messages/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    page = answer.content.decode()
    assert "This is not a page" in page and 'href="/deals/7/"' in page
    russian = Client().get("/preferences/language/", headers={"Accept-Language": "ru"})
    assert russian.status_code == 405 and "Это не страница" in russian.content.decode()
    assert b"<html" not in browser.put("/api/v1/messages").content
