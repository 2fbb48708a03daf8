"""The book as a PDF."""

from __future__ import annotations

import logging
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.salesbook.content import Book, book_of
from kniga.salesbook.pdf.press import PressFailed, TooLarge, pressed
from kniga.salesbook.pdf.source import source_of
from kniga.salesbook.queries import EditionRow

LANGUAGES: Final = ("ru", "en")
_log = logging.getLogger(__name__)


def book_pdf(*, user: User, edition: EditionRow, language: str) -> bytes:
    """An edition that came through `get_edition` as PDF; the same edition and language give the same bytes.

    Raises Refused `too_large`, `not_pressed`."""
    with translation.override(language):
        return pdf_of(book_of(user=user, edition=edition))


def pdf_of(book: Book) -> bytes:
    """A book as PDF, in the language spoken now; raises as `book_pdf`."""
    try:
        return pressed(source_of(book), made_at=book.made_at)
    except TooLarge as large:
        message = _("The book is too large for one PDF. Read it on its page, or shorten the scripts.")
        raise Refused("too_large", message) from large
    except PressFailed as failed:
        _log.error("the sales book could not be set: %s", failed)
        message = _("The PDF could not be made. Read the book on its page, and tell the administrator.")
        raise Refused("not_pressed", message) from failed
