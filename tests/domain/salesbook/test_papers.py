"""The PDF is made once and kept; whoever asks meanwhile waits for the same one, and few are made at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.press import presses
from kniga.salesbook import paper, papers
from kniga.salesbook.models import BookPaper
from kniga.salesbook.paper import book_pdf
from kniga.salesbook.queries import get_edition
from tests.processes.conftest import Department, department

__all__ = ["department"]

MARK = "ab" * 32


class Counting:
    """A press that counts and says which page it was."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *_data: object, **_more: object) -> bytes:
        self.times += 1
        return b"%%PDF- %d" % self.times


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(paper, "pressed", counting)
    return counting


def _pdf(user: User, language: str = "en", *, is_anew: bool = False) -> bytes:
    return book_pdf(user=user, edition=get_edition(user=user), language=language, is_anew=is_anew)


def test_the_pdf_is_made_once_for_each_language(department: Department, press: Counting) -> None:
    one, other = _pdf(department.rep), _pdf(department.rep, "ru")
    assert one != other and press.times == 2
    assert (_pdf(department.head), _pdf(department.rep, "ru")) == (one, other) and press.times == 2


def test_asked_anew_it_is_made_again_and_kept_instead(department: Department, press: Counting) -> None:
    first, second = _pdf(department.rep), _pdf(department.rep, is_anew=True)
    assert first != second == _pdf(department.rep) and press.times == 2


def test_another_word_in_the_book_is_another_paper(
    department: Department, press: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _pdf(department.rep)
    monkeypatch.setattr(paper, "source_of", lambda _book: {"another": "word"})
    assert _pdf(department.rep) != before and press.times == 2


def test_a_pdf_that_could_not_be_made_is_tried_again(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_data: object, **_more: object) -> bytes:
        raise paper.PressFailed("no paper")

    monkeypatch.setattr(paper, "pressed", broken)
    with pytest.raises(Refused, match="could not be made"):
        _pdf(department.rep)
    monkeypatch.setattr(paper, "pressed", Counting())
    assert _pdf(department.rep) == b"%PDF- 1"


def test_only_the_newest_papers_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_PAPERS", 3)
    for number in range(5):
        papers.keep_paper(fingerprint=f"{number:064d}", content=b"x" * 10)
    assert [int(mark) for mark in BookPaper.objects.order_by("id").values_list("fingerprint", flat=True)] == [2, 3, 4]
    monkeypatch.setattr(papers, "MOST_BYTES", 25)
    papers.keep_paper(fingerprint="f" * 64, content=b"x" * 10)
    assert BookPaper.objects.count() == 2


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
        with pytest.raises(Refused) as refused:
            papers.kept_paper(fingerprint=MARK, make=make)
        go_on.set()
        assert (one.result(20), two.result(20)) == (b"paper", b"paper")
    assert refused.value.code == "busy" and made == [1]


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
        papers.kept_paper(fingerprint="cd" * 32, make=Counting())
    except Refused as refused:
        return refused.code == "busy"
    finally:
        connection.close()
    return False
