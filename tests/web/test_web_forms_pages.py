"""The settings of forms of sites, and the door itself: no session, no cookie, no cross-site token."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client as Browser

from kniga.deals.models import Deal
from kniga.people.models import Branch
from kniga.processes.models import Process, Task
from kniga.processes.models.forms import WebFormEntry
from tests.processes.conftest import Department, department
from tests.sql_snapshots import record_sql
from tests.web.test_processes_pages import client_of

__all__ = ["department"]

SENT = {"name": "Anna", "phone": "+7 912 345-67-89", "message": "Call me"}


def made(department: Department, **more: str) -> str:
    Deal.objects.filter(number=1).update(number=900)  # the department's was made past the numbers
    typed = {"name": "Our site", "key": "site", "process": "small_sale", "is_active": "on"}
    typed["owner"] = str(department.rep.pk)
    response = client_of(department.head).post("/forms/new/", typed | more)
    assert response.status_code == 302
    return str(response["Location"])


def test_the_head_makes_a_form_and_copies_it(department: Department) -> None:
    head = client_of(department.head)
    assert "No forms yet" in head.get("/forms/").content.decode()
    wrong = head.post("/forms/new/", {"name": "", "key": "Bad key"})
    assert wrong.status_code == 422 and "Choose who gets the requests" in wrong.content.decode()
    page = head.get(made(department)).content.decode()
    assert "http://testserver/in/site/" in page and "Nothing yet." in page
    changed = {"name": "Site", "process": "small_sale", "owner": str(department.rep.pk), "revision": "1"}
    assert head.post("/forms/site/", changed).status_code == 302
    late = head.post("/forms/site/", changed)
    assert late.status_code == 422 and "Somebody changed this" in late.content.decode()
    assert "not in use" in head.get("/forms/").content.decode()


def test_what_a_stranger_sends_becomes_a_deal(department: Department) -> None:
    address = made(department)
    stranger = Browser(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    before = Deal.objects.count()
    answer = stranger.post("/in/site/", SENT)
    assert answer.status_code == 200 and "Thank you!" in answer.content.decode() and not answer.cookies
    assert Deal.objects.count() == before + 1
    assert "new client" in client_of(department.head).get(address).content.decode()
    assert stranger.post("/in/site/", {"name": "Anna"}).status_code == 422
    assert stranger.post("/in/other/", SENT).status_code == 404
    assert stranger.get("/in/site/").status_code == 405


def test_a_program_that_fills_in_the_hidden_field_gets_thanks_and_leaves_nothing(department: Department) -> None:
    made(department, thanks_url="https://example.com/thanks")
    answer = Browser().post("/in/site/", SENT | {"homepage": "https://spam.example"})
    assert (answer.status_code, answer["Location"]) == (303, "https://example.com/thanks")
    assert not WebFormEntry.objects.exists()


def test_too_much_and_too_often_is_refused(department: Department) -> None:
    made(department)
    stranger = Browser(headers={"Accept-Language": "en"})
    assert stranger.post("/in/site/", SENT | {"message": "x" * 70_000}).status_code == 413
    for number in range(10):
        assert stranger.post("/in/site/", SENT | {"message": str(number)}).status_code == 200
    assert stranger.post("/in/site/", SENT | {"message": "more"}).status_code == 429


def test_behind_proxies_each_visitor_is_counted_alone(department: Department, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    made(department)
    for last, number in (("7", 10), ("8", 1)):
        browser = Browser(headers={"X-Forwarded-For": f"198.51.100.1, 203.0.113.{last}"})
        answers = [browser.post("/in/site/", {**SENT, "message": f"{last} {one}"}) for one in range(number)]
        assert {answer.status_code for answer in answers} == {200}
    spoofed = Browser(headers={"X-Forwarded-For": "198.51.100.2, 203.0.113.7"})
    assert spoofed.post("/in/site/", SENT).status_code == 429


def test_the_task_shows_the_message_as_one_from_the_site(department: Department) -> None:
    made(department)
    Browser(headers={"Accept-Language": "en"}).post("/in/site/", SENT)
    task = Task.objects.order_by("-pk")[0]
    for language, said in (("en", "Message from the site"), ("ru", "Сообщение с сайта")):
        html = client_of(department.rep, language).get(f"/tasks/{task.pk}/").content.decode()
        assert said in html and "Our site" in html and html.count("Call me") == 1
    history = client_of(department.rep).get(f"/deals/{task.deal_id}/timeline/").content.decode()
    assert "Request from a site: Our site" in history and "Call me" in history


def test_a_form_in_trouble_says_so(department: Department) -> None:
    address = made(department)
    Process.objects.update(branch=Branch.objects.create(name="Kazan"))
    head = client_of(department.head)
    assert "owner of another branch" in head.get("/forms/").content.decode()
    page = head.get(address).content.decode()
    assert "The process belongs to another branch" in page
    same = {"name": "Our site", "process": "small_sale", "owner": str(department.rep.pk), "revision": "1"}
    refused = head.post(address, same)
    assert refused.status_code == 422 and "runs only deals of its people" in refused.content.decode()


def test_the_list_of_forms_asks_the_same_for_one_and_for_many(department: Department) -> None:
    made(department)
    head = client_of(department.head)
    head.get("/forms/")
    with record_sql() as one:
        head.get("/forms/")
    for number in range(5):
        made(department, key=f"site_{number}", name=f"Site {number}")
        Browser().post(f"/in/site_{number}/", SENT | {"message": str(number)})
    with record_sql() as many:
        head.get("/forms/")
    assert many.shapes == one.shapes and len(one) < 20


def test_every_page_of_the_sales_book_stands_under_one_name_in_the_menu(department: Department) -> None:
    head = client_of(department.head)
    for address in ("/book/", "/processes/", "/processes/new/", "/documents/templates/", "/forms/"):
        html = head.get(address).content.decode()
        (current,) = re.findall(r'<li><a href="(\S+)" class="k-nav__link"[^>]*aria-current="page"', html)
        assert current == "/book/", address
        assert "/processes/" not in re.findall(r'<li><a href="(\S+)" class="k-nav__link"', html)
