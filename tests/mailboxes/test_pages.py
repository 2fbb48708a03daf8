"""Mailboxes are set up and tried on their pages; letters stand where people look for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client as Browser
from proofs.letter_box import PASSWORD, USER

from kniga import cli
from kniga.cli import mailbox as command
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.sealing import unseal
from kniga.people.models import User
from kniga.processes.models import Task
from tests.mailboxes.conftest import Post, letter

QUOTED = "I take twenty.\n\nOn Mon, 2 Mar 2026 Roman wrote:\n> How many racks?"


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_user("admin@example.com", name="Ada", role="administrator", language="en")


def browser(user: User) -> Browser:
    found = Browser(headers={"Accept-Language": "en"})
    found.force_login(user)
    return found


def typed(post: Post, **more: object) -> dict[str, object]:
    given = {
        "name": "Requests", "address": "new@kniga.test", "host": "127.0.0.1", "port": post.box.port, "login": USER,
        "password": PASSWORD, "security": "none", "folder": "INBOX", "message": "client_letter",
        "process": "small_sale", "owner": post.department.rep.pk, "is_active": "on",
    }  # fmt: skip
    return given | more


def test_a_mailbox_is_tried_and_set_up(post: Post, admin: User) -> None:
    people = browser(admin)
    tried = people.post("/mailboxes/new/", typed(post, **{"try": "1"}))
    assert tried.status_code == 422 and "It opens." in tried.text and PASSWORD not in tried.text
    wrong = people.post("/mailboxes/new/", typed(post, password="wrong", **{"try": "1"})).text
    assert "does not accept user and password" in wrong and "Invalid credentials" in wrong
    assert Mailbox.objects.count() == 1
    missing = people.post("/mailboxes/new/", typed(post, host="", owner="")).text
    assert "Enter the name of the mail server." in missing and "Choose who gets the letters" in missing
    made = people.post("/mailboxes/new/", typed(post))
    mailbox = Mailbox.objects.get(name="Requests")
    assert made.headers["Location"] == f"/mailboxes/{mailbox.pk}/"
    shown = people.get(f"/mailboxes/{mailbox.pk}/").text
    assert "Requests" in shown and PASSWORD not in shown and mailbox.password not in shown
    people.post(f"/mailboxes/{mailbox.pk}/", typed(post, password="", name="Asked", revision=1))
    mailbox.refresh_from_db()
    assert mailbox.name == "Asked" and unseal(mailbox.password) == PASSWORD
    assert people.post(f"/mailboxes/{mailbox.pk}/", typed(post, revision=1)).status_code == 422
    assert people.post(f"/mailboxes/{mailbox.pk}/read/").status_code == 302
    assert "Asked" in people.get("/mailboxes/").text


def test_a_mailbox_that_cannot_be_read_says_so_on_its_pages(post: Post, admin: User) -> None:
    Mailbox.objects.update(login="nobody")
    post.read()
    for page in ("/mailboxes/", f"/mailboxes/{post.mailbox.pk}/"):
        assert "The server does not accept user and password." in browser(admin).get(page).text
    Mailbox.objects.update(is_active=False)
    assert browser(admin).post(f"/mailboxes/{post.mailbox.pk}/read/").status_code == 422


def test_a_letter_stands_on_its_task_in_the_history_and_on_its_own_page(post: Post) -> None:
    kept = post.take(letter(QUOTED))
    User.objects.update(language="en")
    rep = browser(User.objects.get(pk=post.department.other.pk))
    task = rep.get(f"/tasks/{Task.objects.get(deal_id=kept.deal_id).pk}/").text
    assert "Letter from the client" in task and "I take twenty." in task
    assert task.index("<details") < task.index("How many racks?")
    assert "Letter received: Racks" in rep.get(f"/deals/{kept.deal_id}/timeline/").text
    assert "Letter received: Racks" in rep.get(f"/clients/{kept.client_id}/timeline/?group=letters").text
    assert "Racks" in rep.get(f"/deals/{kept.deal_id}/processes/").text
    page = rep.get(f"/letters/{kept.pk}/").text
    assert "anna@client.test" in page and "Where does it belong?" not in page
    post.take(letter("More", subject="Second", id="2"))
    both = rep.get(f"/tasks/{Task.objects.get(deal_id=kept.deal_id).pk}/").text
    assert both.index("Second") < both.index("Earlier letters") < both.rindex("Racks")


def test_a_letter_that_found_nobody_is_sorted_on_its_page(post: Post) -> None:
    Mailbox.objects.update(process=None)
    kept = post.take(letter())
    User.objects.update(language="en")
    head = browser(User.objects.get(pk=post.department.head.pk))
    listed = head.get("/processes/messages/").text
    assert "Letters to be sorted" in listed and f"/letters/{kept.pk}/#sort" in listed
    assert "Nobody knows this address" in head.get(f"/letters/{kept.pk}/").text
    refused = head.post(f"/letters/{kept.pk}/attach/", {"number": "77"})
    assert refused.status_code == 422 and "There is no such deal" in refused.text
    assert head.post(f"/letters/{kept.pk}/begin/").status_code == 422
    assert head.post(f"/letters/{kept.pk}/aside/").status_code == 302
    assert "Letters set aside" in head.get("/processes/messages/?status=expired").text
    done = head.post(f"/letters/{kept.pk}/attach/", {"number": "900", "remember": "on"})
    assert done.headers["Location"] == f"/deals/{post.department.deal.pk}/"
    assert head.post(f"/letters/{kept.pk}/aside/").status_code == 422


def test_what_is_in_a_letter_never_becomes_markup(post: Post) -> None:
    evil = "<script>alert(1)</script>"
    kept = post.take(letter(evil, subject=evil, sender=f'"{evil}" <a@b.test>'))
    User.objects.update(language="en")
    rep = browser(User.objects.get(pk=post.department.other.pk))
    task = Task.objects.get(deal_id=kept.deal_id).pk
    for page in (f"/letters/{kept.pk}/", f"/tasks/{task}/", f"/deals/{kept.deal_id}/timeline/"):
        assert evil not in rep.get(page).text


@contextmanager
def _here(**_more: object) -> Iterator[None]:
    yield


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(command, "database", _here)
    monkeypatch.setattr(sys, "argv", ["kniga", "mailbox", *words])
    try:
        code = cli.main()
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_mailbox_is_set_up_tried_read_and_paused_by_command(
    post: Post, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNIGA_MAILBOX_PASSWORD", PASSWORD)
    where = ["By command", "cli@kniga.test", "127.0.0.1", USER, "--port", str(post.box.port), "--security", "none"]
    code, said, _err = run(capsys, monkeypatch, "add", *where, "--owner", "rep@example.com", "--process", "small_sale")
    made = Mailbox.objects.get(name="By command")
    assert code == 0 and str(made.pk) in said
    assert run(capsys, monkeypatch, "add", *where, "--owner", "nobody@x.test")[0] == 1
    assert "it opens" in run(capsys, monkeypatch, "try", str(made.pk))[1]
    post.put(letter(), came_at=made.since)
    code, said, _err = run(capsys, monkeypatch, "read", str(made.pk), "--json")
    assert json.loads(said) == {"taken": 1, "looked_at": 1, "more": False, "trouble": ""}
    assert ReceivedLetter.objects.get().mailbox == made
    assert run(capsys, monkeypatch, "pause", str(made.pk))[0] == 0
    assert not Mailbox.objects.get(pk=made.pk).is_active
    assert run(capsys, monkeypatch, "resume", str(made.pk))[0] == 0
    listed = json.loads(run(capsys, monkeypatch, "list", "--json")[1])
    assert [row["name"] for row in listed] == ["Sales", "By command"]
    assert run(capsys, monkeypatch, "try", "99")[0] == 2
    Mailbox.objects.update(login="nobody")
    assert "не принимает" in run(capsys, monkeypatch, "try", str(made.pk))[2]
    assert run(capsys, monkeypatch, "read", str(made.pk))[0] == 1
