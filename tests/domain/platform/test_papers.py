"""A paper is made once and kept; whoever asks meanwhile waits for the same one, and few are made at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from kniga.platform.models import Paper
from kniga.platform.press import papers, presses
from kniga.platform.press.presses import Busy

MARK = "ab" * 32


def test_only_the_newest_papers_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_PAPERS", 3)
    for number in range(5):
        papers.keep_paper(fingerprint=f"{number:064d}", content=b"x" * 10)
    assert [int(mark) for mark in Paper.objects.order_by("id").values_list("fingerprint", flat=True)] == [2, 3, 4]
    monkeypatch.setattr(papers, "MOST_BYTES", 25)
    papers.keep_paper(fingerprint="f" * 64, content=b"x" * 10)
    assert Paper.objects.count() == 2


def test_papers_a_month_old_are_forgotten(db: None) -> None:
    for number in range(2):
        papers.keep_paper(fingerprint=f"{number:064d}", content=b"x")
    now = Paper.objects.latest("id").made_at + timedelta(days=30)
    Paper.objects.filter(fingerprint__endswith="1").update(made_at=now)
    assert (papers.forget_old_papers(now=now), Paper.objects.count()) == (1, 1)


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
            return papers.kept_paper(fingerprint=MARK, make=make)
        finally:
            connection.close()

    monkeypatch.setattr(papers, "_wait_for", wait)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(ask)
        assert began.wait(20)
        two = threads.submit(ask)
        assert waits.wait(20)
        with pytest.raises(Busy):
            papers.kept_paper(fingerprint=MARK, make=make)
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

    assert papers.kept_paper(fingerprint=MARK, make=meanwhile) == b"first"


def _is_refused() -> bool:
    try:
        papers.kept_paper(fingerprint="cd" * 32, make=lambda: b"")
    except Busy:
        return True
    finally:
        connection.close()
    return False
