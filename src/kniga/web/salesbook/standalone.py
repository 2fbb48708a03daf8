"""The book as one HTML file that needs nothing else: to be mailed, printed, put on a shared disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.loader import get_template
from django.utils import translation
from markupsafe import Markup

from kniga.processes.diagrams.drawing import Drawing
from kniga.salesbook.content import book_of
from kniga.salesbook.pdf.strips import strips_of
from kniga.salesbook.queries import EditionRow
from kniga.salesbook.technology import technology_map
from kniga.web.salesbook.script import script_of

if TYPE_CHECKING:
    from kniga.people.models import User


def book_html(*, user: User, edition: EditionRow, language: str) -> bytes:
    """An edition that came through `get_edition` as one HTML file, UTF-8."""
    with translation.override(language):
        book = book_of(user=user, edition=edition)
        context = {
            "book": book,
            "rows": technology_map(book),
            "script_of": script_of,
            "strips": _still,
            "book_language": language,
        }
        return get_template("salesbook/standalone.html").render(context).encode()


def _still(drawing: Drawing) -> Markup:
    # Names are escaped where the strips are drawn.
    return Markup("").join(Markup(strip.svg) for strip in strips_of(drawing))
