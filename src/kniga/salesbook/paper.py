"""The book as a PDF."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from django.utils import translation
from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.salesbook.content import book_of
from kniga.salesbook.pdf.press import PressFailed, TooLarge, pressed, pressed_pages
from kniga.salesbook.pdf.source import source_of
from kniga.salesbook.queries import EditionRow

LANGUAGES: Final = ("ru", "en")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_log = logging.getLogger(__name__)


class Press(Protocol[T_co]):
    """What sets the book's data: as one PDF, or page by page."""

    def __call__(self, data: Mapping[str, Any], *, made_at: datetime) -> T_co: ...


def book_pdf(*, user: User, edition: EditionRow, language: str) -> bytes:
    """An edition that came through `get_edition` as PDF; the same edition and language give the same bytes.

    Raises Refused `too_large`, `not_pressed`."""
    return _set(pressed, user, edition, language)


def book_pages(*, user: User, edition: EditionRow, language: str) -> list[bytes]:
    """As `book_pdf`, a picture (PNG) of each page."""
    return _set(pressed_pages, user, edition, language)


def _set(press: Press[T], user: User, edition: EditionRow, language: str) -> T:
    with translation.override(language):
        book = book_of(user=user, edition=edition)
        try:
            return press(source_of(book), made_at=book.made_at)
        except TooLarge as large:
            message = _("The book is too large for one PDF. Read it on its page, or shorten the scripts.")
            raise Refused("too_large", message) from large
        except PressFailed as failed:
            _log.error("the sales book could not be set: %s", failed)
            message = _("The PDF could not be made. Read the book on its page, and tell the administrator.")
            raise Refused("not_pressed", message) from failed
