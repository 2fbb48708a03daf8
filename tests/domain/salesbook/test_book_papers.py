"""The PDF of the book is made once and kept, for each language and as long as no word of it changes."""

from __future__ import annotations

import pytest

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.press import presses
from kniga.salesbook import paper
from kniga.salesbook.paper import book_pdf
from kniga.salesbook.queries import get_edition
from tests.processes.conftest import Department, department

__all__ = ["department"]


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


def test_whoever_asks_for_one_paper_too_many_is_told(department: Department, press: Counting) -> None:
    with presses.waiting(), presses.waiting(), pytest.raises(Refused) as refused:
        _pdf(department.rep)
    assert refused.value.code == "busy" and press.times == 0
