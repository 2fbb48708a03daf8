"""htmx plumbing: fragments, toasts, redirects, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.test import Client
from lxml import html

from kniga.people.models import User

PEOPLE = {"HX-Request": "true", "HX-Target": "people-rows"}


def test_a_fragment_is_what_a_reload_shows_in_its_place(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("owner"))
    make_user("rep", name="Boris Lee")
    whole = html.fromstring(client.get("/people/?q=boris").content)
    fragment = client.get("/people/?q=boris", headers=PEOPLE).content.decode()
    swapped = html.fragment_fromstring(fragment, create_parent="div")
    inside = whole.get_element_by_id("people-rows")
    assert "Boris Lee" in fragment
    assert "<html" not in fragment
    assert inside.text_content().split() == swapped.text_content().split()


def test_main_is_a_fragment_of_every_page_and_brings_its_title(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    response = as_user(make_user("owner")).get("/people/", headers={"HX-Request": "true", "HX-Target": "main"})
    assert response.content.decode().startswith("<title>People · Kniga</title>")
    assert "k-sidebar" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


def test_restoring_history_gets_the_whole_page(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    headers = PEOPLE | {"HX-History-Restore-Request": "true"}
    assert b"<html" in as_user(make_user("owner")).get("/people/", headers=headers).content


def test_a_refused_form_is_422_and_keeps_what_was_typed(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("owner"))
    response = client.post("/people/new/", {"name": "Boris Lee", "email": "not an address", "role": "rep"})
    page = html.fromstring(response.content)
    assert response.status_code == 422
    assert page.get_element_by_id("email").get("aria-invalid") == "true"
    assert page.get_element_by_id("name").get("value") == "Boris Lee"
    assert not User.objects.filter(name="Boris Lee").exists()


def test_after_a_success_htmx_is_told_where_to_go_and_the_toast_waits_there(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("owner"))
    rep = make_user("rep")
    response = client.post(f"/people/{rep.pk}/close/", headers={"HX-Request": "true"})
    assert json.loads(response["HX-Location"])["path"] == "/people/"
    shown = client.get("/people/", headers={"HX-Request": "true", "HX-Target": "main"})
    [toast] = json.loads(shown["HX-Trigger"])["kniga:toasts"]["toasts"]
    assert toast["text"] == "The account of Anna Rep is closed"
    assert toast["undo_url"] == f"/people/{rep.pk}/reopen/"
    assert toast["seconds"] == 10


def test_without_javascript_the_toast_stands_in_the_next_page(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("owner"))
    rep = make_user("rep")
    page = client.post(f"/people/{rep.pk}/close/", follow=True).content.decode()
    assert "The account of Anna Rep is closed" in page
    assert f'action="/people/{rep.pk}/reopen/"' in page


def test_what_the_domain_refuses_is_a_friendly_422_and_never_a_500(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    owner = make_user("owner")
    response = as_user(owner).post(f"/people/{owner.pk}/close/")
    assert response.status_code == 422
    assert "You cannot close your own account." in response.content.decode()


def test_a_fragment_asked_for_after_the_session_ended_sends_the_window_to_the_door(client: Client, db: None) -> None:
    here = {"HX-Current-URL": "http://testserver/people/?q=anna"}
    response = client.get("/people/", headers=PEOPLE | here)
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fpeople%2F%3Fq%3Danna"
    elsewhere = client.get("/people/", headers=PEOPLE | {"HX-Current-URL": "https://evil.example/people/"})
    assert elsewhere["HX-Redirect"] == "/accounts/login/?next=%2F"
