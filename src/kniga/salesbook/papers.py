"""Papers: the book's PDFs, each made once, by few presses at a time, and kept within bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import BoundedSemaphore
from typing import Final

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from kniga.platform.errors import Refused
from kniga.platform.sqlparts import rows_of
from kniga.salesbook.models import BookPaper

MOST_PAPERS: Final = 60
MOST_BYTES: Final = 100 * 1024 * 1024
"""Older papers than so many, or than so many bytes, are forgotten: they can be made again."""
PRESSES: Final = 2
"""How many papers are made at once, by all processes together: each takes a whole processor for seconds."""
WAITING_SECONDS: Final = 40
_PRESS: Final = 7_402_001
"""The class of the advisory locks that stand for the presses."""
# Of the few threads of a process so many may wait for a paper; the others go on serving pages.
_WAITING: Final = BoundedSemaphore(2)
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
    if not _WAITING.acquire(blocking=False):
        raise _busy()
    try:
        return _made(fingerprint, make)
    finally:
        _WAITING.release()


def keep_paper(*, fingerprint: str, content: bytes) -> None:
    """Keep a paper, in the place of what was kept of it before; the oldest are forgotten."""
    BookPaper.objects.update_or_create(fingerprint=fingerprint, defaults={"content": content})
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [MOST_PAPERS, MOST_BYTES])


def _found(fingerprint: str) -> bytes | None:
    found = BookPaper.objects.filter(fingerprint=fingerprint).values_list("content", flat=True).first()
    return None if found is None else bytes(found)


def _made(fingerprint: str, make: Callable[[], bytes]) -> bytes:
    with transaction.atomic():
        _wait_for(fingerprint)
        # A statement of its own: it sees what was kept before the lock was ours.
        found = _found(fingerprint)
        if found is not None:
            return found
        _take_press(fingerprint)
        content = make()
        keep_paper(fingerprint=fingerprint, content=content)
        return content


def _wait_for(fingerprint: str) -> None:
    """Be the only one who makes this paper."""
    _lock("pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"paper {fingerprint}"])


def _take_press(fingerprint: str) -> None:
    for number in range(PRESSES):
        if rows_of("SELECT pg_try_advisory_xact_lock(%s, %s)", [_PRESS, number])[0][0]:
            return
    _lock("pg_advisory_xact_lock(%s, %s)", [_PRESS, int(fingerprint[:8], 16) % PRESSES])


def _lock(call: str, words: Sequence[str | int]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAITING_SECONDS}s'")
            cursor.execute(f"SELECT {call}", words)
    except OperationalError as late:
        raise _busy() from late


def _busy() -> Refused:
    return Refused("busy", _("Other PDFs are being made just now. Ask again in half a minute, or read on this page."))
