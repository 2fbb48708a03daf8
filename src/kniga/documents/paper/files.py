"""A document as a file that prints, and as one that can be written on."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.documents.models import Document
from kniga.documents.paper.word import word_file
from kniga.platform.errors import Refused
from kniga.platform.organisation import current_organisation
from kniga.platform.press.papers import kept_paper
from kniga.platform.press.presses import Busy
from kniga.platform.press.pressing import PressFailed, fingerprint_of, pressed
from kniga.platform.press.tree import tree_of

_TEMPLATE: Final = Path(__file__).with_name("document.typ")
_log = logging.getLogger(__name__)


def document_pdf(document: Document) -> bytes:
    """A document that came through `get_document`, as PDF, made once and kept; the same document gives the same bytes,
    in one language and as long as the organisation has its name.

    Raises Refused `not_pressed`, and `busy` when too many are being made."""
    data = {
        "name": document.name,
        "organisation": current_organisation().name,
        "language": (get_language() or "ru")[:2],
        "body": tree_of(document.body, {}),
    }
    try:
        mark = fingerprint_of(_TEMPLATE, data, made_at=document.made_at)
        return kept_paper(
            fingerprint=mark, shelf="document", make=lambda: pressed(_TEMPLATE, data, made_at=document.made_at)
        )
    except Busy as busy:
        message = _("Other PDFs are being made just now. Ask again in half a minute, or take the document as HTML.")
        raise Refused("busy", message) from busy
    except PressFailed as failed:
        _log.error("document %s could not be set: %s", document.pk, failed)
        message = _("The PDF could not be made. Take the document as HTML, and tell the administrator.")
        raise Refused("not_pressed", message) from failed


def document_word(document: Document) -> bytes:
    """A document that came through `get_document`, as DOCX."""
    return word_file(tree_of(document.body, {}), title=document.name, made_at=document.made_at)
