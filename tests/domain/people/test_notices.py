from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.utils import translation

from kniga.people import notice_queries, notices
from kniga.people.jobs import LettersLeft, OverADay, send_letters
from kniga.people.letters import MOST_TRIES
from kniga.people.models import Notice
from kniga.people.notice_kinds import BOOK, DEVIATION, WORD
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.said import said, said_money
from tests.domain.department import NOW, Department


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def tell(house: Department, **given: Any) -> int:
    asked = {"user_ids": [house.hanna.pk], "kind": DEVIATION, "title": "Late", "body": "Why", "url": "/deviations/"}
    return notices.notify(**(asked | given), now=NOW)


def test_a_notice_comes_under_the_bell_and_by_letter(house: Department, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://crm.example.org"]
    assert tell(house) == 1
    bell = notice_queries.bell_of(user=house.hanna)
    assert (bell.unread, bell.groups[0].kind, bell.groups[0].rows[0].title) == (1, DEVIATION, "Late")
    notice = Notice.objects.get()
    send_letters(notice_ids=[notice.pk])
    assert [letter.to for letter in mail.outbox] == [[house.hanna.email]]
    assert "https://crm.example.org/deviations/" in mail.outbox[0].body
    assert notice_queries.notices_page(user=house.hanna).rows[0].letter == "sent"


def test_a_letter_is_sent_once_however_often_its_job_runs(house: Department) -> None:
    tell(house)
    for _turn in range(2):
        send_letters(notice_ids=[Notice.objects.get().pk])
    assert len(mail.outbox) == 1


def test_a_letter_the_server_refuses_is_tried_again_and_at_last_said_to_have_failed(
    house: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> int:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    tell(house)
    notice = Notice.objects.get()
    for _turn in range(MOST_TRIES - 1):
        with pytest.raises(LettersLeft):
            send_letters(notice_ids=[notice.pk])
    send_letters(notice_ids=[notice.pk])
    row = notice_queries.notices_page(user=house.hanna).rows[0]
    assert (row.letter, row.letter_error) == ("failed", "gone")


def test_a_letter_that_cannot_be_written_holds_up_none_behind_it(
    house: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = mail.EmailMessage.send

    def sending(self: mail.EmailMessage) -> int:
        if self.to == [house.hanna.email]:
            raise UnicodeError("no such address")
        return send(self)

    tell(house, user_ids=[house.hanna.pk, house.boris.pk])
    monkeypatch.setattr("django.core.mail.EmailMessage.send", sending)
    with pytest.raises(LettersLeft):
        send_letters(notice_ids=list(Notice.objects.order_by("pk").values_list("pk", flat=True)))
    assert [letter.to for letter in mail.outbox] == [[house.boris.email]]


def test_the_tries_of_a_letter_go_over_about_a_day() -> None:
    waits = []
    for attempts in range(MOST_TRIES):
        decision = OverADay().get_retry_decision(exception=LettersLeft(), job=SimpleNamespace(attempts=attempts))  # type: ignore[arg-type]
        assert decision is not None and decision.retry_at is not None
        waits.append((decision.retry_at - datetime.now(UTC)).total_seconds())
    assert max(waits) <= 3600 and 16 * 3600 < sum(waits) < 24 * 3600
    assert OverADay().get_retry_decision(exception=LettersLeft(), job=SimpleNamespace(attempts=MOST_TRIES)) is None  # type: ignore[arg-type]


def test_without_a_mail_server_no_letter_is_queued(house: Department, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    tell(house)
    assert Notice.objects.get().letter == ""


def test_each_is_told_in_their_own_language(house: Department) -> None:
    for person, language in ((house.hanna, "en"), (house.boris, "ru")):
        person.language = language
        person.save()
    with translation.override("en"):
        tell(house, user_ids=[house.hanna.pk, house.boris.pk], title=said("Only a manager may pause a process."))
    titles = dict(Notice.objects.values_list("user__language", "title"))
    assert titles["en"] == "Only a manager may pause a process."
    assert titles["ru"] != titles["en"]


def test_one_chooses_how_one_is_told_but_deviations_always_come_under_the_bell(house: Department) -> None:
    notices.choose(user=house.hanna, kind=WORD, in_app=False, by_mail=False)
    notices.choose(user=house.hanna, kind=DEVIATION, in_app=True, by_mail=False)
    assert tell(house, kind=WORD) == 0
    assert tell(house) == 1
    assert tell(house, kind=BOOK) == 1
    assert not Notice.objects.exclude(letter="").exists()
    with pytest.raises(Refused) as refusal:
        notices.choose(user=house.hanna, kind=DEVIATION, in_app=False, by_mail=True)
    assert (refusal.value.code, refusal.value.field) == ("always_in_app", DEVIATION)
    with pytest.raises(Refused):
        notices.choose(user=house.hanna, kind="x", in_app=True, by_mail=True)
    chosen = {one.kind: (one.in_app, one.by_mail) for one in notice_queries.choices_of(user=house.hanna)}
    assert chosen[WORD] == (False, False)
    assert chosen[DEVIATION] == (True, False)


def test_one_reads_only_ones_own_notices(house: Department) -> None:
    tell(house)
    tell(house)
    first = Notice.objects.order_by("id")[0]
    with pytest.raises(NotVisible):
        notices.mark_read(user=house.boris, now=NOW, id=first.pk)
    assert notices.mark_read(user=house.hanna, now=NOW, id=first.pk) == 1
    assert notice_queries.unread_count(user=house.hanna) == 1
    assert notices.mark_read(user=house.hanna, now=NOW) == 1
    assert notice_queries.bell_of(user=house.hanna).groups == ()
    assert len(notice_queries.notices_page(user=house.hanna).rows) == 2
    assert not notice_queries.notices_page(user=house.boris).rows


def test_closed_accounts_are_told_nothing(house: Department) -> None:
    house.hanna.is_active = False
    house.hanna.save()
    assert tell(house) == 0
    assert tell(house, user_ids=[]) == 0


def test_a_notice_is_read_in_the_language_of_today_and_an_old_one_as_it_was_written(house: Department) -> None:
    body = said("%(before)s → %(after)s. Why: %(why)s") % {
        "before": said_money(Decimal(5), "RUB"),
        "after": 1,
        "why": "x",
    }
    tell(house, user_ids=[house.hanna.pk], title=said("Only a manager may pause a process."), body=body)
    tell(house, user_ids=[house.hanna.pk], title="As it was", body="")
    for language, title, text in (
        ("ru", "Приостановить процесс может только руководитель.", "5 ₽ → 1. Почему: x"),
        ("en", "Only a manager may pause a process.", "₽5 → 1. Why: x"),
    ):
        with translation.override(language):
            old, new = notice_queries.notices_page(user=house.hanna).rows
        assert (old.title, new.title, new.body.replace("\xa0", " ")) == ("As it was", title, text)
    house.hanna.language = "ru"
    house.hanna.save()
    send_letters(notice_ids=list(Notice.objects.values_list("pk", flat=True)))
    assert "Приостановить процесс может только руководитель." in [letter.subject for letter in mail.outbox]


def test_notices_read_long_ago_are_forgotten_in_batches(
    house: Department, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("read", "read too", "unread", "on its way", "read late", "only a letter"):
        tell(house, title=title)
    Notice.objects.update(letter="sent")
    Notice.objects.filter(title__startswith="read").update(read_at=NOW)
    Notice.objects.filter(title="on its way").update(read_at=NOW, letter="queued")
    Notice.objects.filter(title="read late").update(read_at=NOW + timedelta(days=1))
    Notice.objects.filter(title="only a letter").update(in_app=False)
    monkeypatch.setattr(notices, "FORGET_AT_ONCE", 2)
    later = NOW + timedelta(days=180, seconds=1)
    assert notices.forget_old(now=NOW + timedelta(days=180)) == 0
    settings.NOTICE_DAYS = 0
    assert notices.forget_old(now=later) == 0
    settings.NOTICE_DAYS = 180
    assert notices.forget_old(now=later) == 3
    assert set(Notice.objects.values_list("title", flat=True)) == {"unread", "on its way", "read late"}
