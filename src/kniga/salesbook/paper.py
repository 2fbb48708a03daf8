"""The book as a PDF."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from django.utils import translation
from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.press.papers import keep_paper, kept_paper
from kniga.platform.press.presses import Busy
from kniga.platform.press.pressing import PressFailed, TooLarge, TooSlow, fingerprint_of, pressed, pressed_pages
from kniga.salesbook.content import book_of
from kniga.salesbook.pdf.source import source_of
from kniga.salesbook.queries import EditionRow

_TEMPLATE: Final = Path(__file__).with_name("pdf") / "book.typ"
LANGUAGES: Final = ("ru", "en")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_log = logging.getLogger(__name__)


class Press(Protocol[T_co]):
    """What sets the book's data: as one PDF, or page by page."""

    def __call__(self, template: Path, data: Mapping[str, Any], *, made_at: datetime) -> T_co: ...


def book_pdf(*, user: User, edition: EditionRow, language: str, is_anew: bool = False) -> bytes:
    """An edition that came through `get_edition` as PDF, without processes of other branches than the reader's. It is
    made once and kept; made again where `is_anew`, and the same edition and language give the same bytes.

    Raises Refused `too_large`, `too_slow`, `not_pressed`, `busy`."""
    with translation.override(language):
        book = book_of(user=user, edition=edition)
        data = source_of(book)
        mark = fingerprint_of(_TEMPLATE, data, made_at=book.made_at)
        if not is_anew:
            try:
                return kept_paper(fingerprint=mark, shelf="book", make=lambda: _set(pressed, data, book.made_at))
            except Busy as busy:
                message = _("Other PDFs are being made just now. Ask again in half a minute, or read on this page.")
                raise Refused("busy", message) from busy
        content = _set(pressed, data, book.made_at)
        keep_paper(fingerprint=mark, shelf="book", content=content)
        return content


def book_pages(*, user: User, edition: EditionRow, language: str) -> list[bytes]:
    """As `book_pdf`, a picture (PNG) of each page, made anew."""
    with translation.override(language):
        book = book_of(user=user, edition=edition)
        return _set(pressed_pages, source_of(book), book.made_at)


def _set(press: Press[T], data: Mapping[str, Any], made_at: datetime) -> T:
    try:
        return press(_TEMPLATE, data, made_at=made_at)
    except TooLarge as large:
        message = _("The book is too large for one PDF. Read it on its page, or shorten the scripts.")
        raise Refused("too_large", message) from large
    except TooSlow as slow:
        _log.error("the sales book could not be set: %s", slow)
        message = _(
            "Making the PDF took longer than a minute and was stopped. Read the book on its page, or ask again."
        )
        raise Refused("too_slow", message) from slow
    except PressFailed as failed:
        _log.error("the sales book could not be set: %s", failed)
        message = _("The PDF could not be made. Read the book on its page, and tell the administrator.")
        raise Refused("not_pressed", message) from failed
