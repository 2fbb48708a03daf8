"""Papers: the book's PDFs, each made once, by few presses at a time, and kept within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from kniga.platform.errors import Refused
from kniga.platform.press.presses import Busy, lock, take_press, waiting
from kniga.salesbook.models import BookPaper

MOST_PAPERS: Final = 60
MOST_BYTES: Final = 100 * 1024 * 1024
"""Older papers than so many, or than so many bytes, are forgotten: they can be made again."""
_FORGET: Final = """
DELETE FROM salesbook_bookpaper WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER newest AS place, sum(length(content)) OVER newest AS bytes
                    FROM salesbook_bookpaper WINDOW newest AS (ORDER BY id DESC)) papers
    WHERE place > %s OR (bytes > %s AND place > 1))
"""


def kept_paper(*, fingerprint: str, make: Callable[[], bytes]) -> bytes:
    """The paper of this fingerprint, made by `make` if there is none; whoever asks meanwhile waits for the same one.

    Raises Refused `busy` when too many ask at once or a press is not free in time, and what `make` raises."""
    found = _found(fingerprint)
    if found is not None:
        return found
    try:
        with waiting():
            return _made(fingerprint, make)
    except Busy as busy:
        raise _busy() from busy


def keep_paper(*, fingerprint: str, content: bytes) -> None:
    """Keep a paper, in the place of what was kept of it before; the oldest are forgotten."""
    BookPaper.objects.update_or_create(fingerprint=fingerprint, defaults={"content": content})
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [MOST_PAPERS, MOST_BYTES])


def _found(fingerprint: str) -> bytes | None:
    found = BookPaper.objects.filter(fingerprint=fingerprint).values_list("content", flat=True).first()
    return None if found is None else bytes(found)


def _made(fingerprint: str, make: Callable[[], bytes]) -> bytes:
    _wait_for(fingerprint)
    # A statement of its own: it sees what was kept before the lock was ours.
    found = _found(fingerprint)
    if found is not None:
        return found
    take_press(fingerprint)
    content = make()
    keep_paper(fingerprint=fingerprint, content=content)
    return content


def _wait_for(fingerprint: str) -> None:
    """Be the only one who makes this paper."""
    lock("pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"paper {fingerprint}"])


def _busy() -> Refused:
    return Refused("busy", _("Other PDFs are being made just now. Ask again in half a minute, or read on this page."))
