"""A paper is made once and kept; whoever asks meanwhile waits for the same one, and few are made at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connection

from kniga.platform import clock
from kniga.platform.models import Paper
from kniga.platform.press import papers, presses
from kniga.platform.press.presses import Busy
from tests.sql_snapshots import record_sql

MARK = "ab" * 32


DAY = timedelta(days=1)


@pytest.fixture
def today(db: None) -> Iterator[clock.VirtualClock]:
    with clock.running_on(clock.VirtualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as found:
        yield found


def keep(number: int, shelf: papers.Shelf = "document", content: bytes = b"x" * 10) -> None:
    papers.keep_paper(fingerprint=f"{number:064d}", shelf=shelf, content=content)


def kept() -> list[int]:
    return [int(mark) for mark in Paper.objects.order_by("fingerprint").values_list("fingerprint", flat=True)]


def read(number: int) -> bytes:
    return papers.kept_paper(fingerprint=f"{number:064d}", shelf="document", make=lambda: b"anew")


def test_only_the_newest_papers_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_PAPERS", 3)
    for number in range(5):
        keep(number)
    assert kept() == [2, 3, 4]
    monkeypatch.setattr(papers, "MOST_BYTES", 25)
    keep(5)
    assert kept() == [4, 5]


def test_documents_put_no_book_out(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_PAPERS", 2)
    for number in range(5):
        keep(number, "document" if number else "book")
    assert kept() == [0, 3, 4]


def test_a_paper_that_is_read_or_made_again_stays(today: clock.VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_PAPERS", 3)
    for number in range(3):
        keep(number)
    today.advance(2 * DAY)
    assert read(0) == b"x" * 10
    keep(1, content=b"again")
    keep(3)
    assert (kept(), read(1)) == ([0, 1, 3], b"again")


def test_papers_unused_for_a_month_are_forgotten(today: clock.VirtualClock) -> None:
    for number in range(3):
        keep(number)
    today.advance(10 * DAY)
    read(1)
    keep(2)
    today.advance(20 * DAY)
    assert (papers.forget_old_papers(now=today.moment), kept()) == (1, [1, 2])


def test_reading_writes_once_a_day_at_most(today: clock.VirtualClock) -> None:
    keep(1)
    for step, statements in ((DAY, 1), (timedelta(seconds=1), 2), (DAY, 1)):
        today.advance(step)
        with record_sql() as log:
            read(1)
        assert len(log) == statements


@pytest.mark.django_db(transaction=True)
def test_who_asks_meanwhile_waits_for_the_same_paper_and_a_third_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    began, waits, go_on = Event(), Event(), Event()
    made: list[int] = []
    wait_for = papers._wait_for

    def make() -> bytes:
        made.append(1)
        began.set()
        assert go_on.wait(20)
        return b"paper"

    def wait(fingerprint: str) -> None:
        if began.is_set():
            waits.set()
        wait_for(fingerprint)

    def ask() -> bytes:
        try:
            return papers.kept_paper(fingerprint=MARK, shelf="book", make=make)
        finally:
            connection.close()

    monkeypatch.setattr(papers, "_wait_for", wait)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(ask)
        assert began.wait(20)
        two = threads.submit(ask)
        assert waits.wait(20)
        with pytest.raises(Busy):
            papers.kept_paper(fingerprint=MARK, shelf="book", make=make)
        go_on.set()
        assert (one.result(20), two.result(20)) == (b"paper", b"paper")
    assert made == [1]


@pytest.mark.django_db(transaction=True)
def test_when_all_presses_are_taken_one_waits_and_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presses, "WAITING_SECONDS", "0.05")
    monkeypatch.setattr(presses, "PRESSES", 1)

    def meanwhile() -> bytes:
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(_is_refused).result(20)
        return b"first"

    assert papers.kept_paper(fingerprint=MARK, shelf="book", make=meanwhile) == b"first"


def _is_refused() -> bool:
    try:
        papers.kept_paper(fingerprint="cd" * 32, shelf="book", make=lambda: b"")
    except Busy:
        return True
    finally:
        connection.close()
    return False
