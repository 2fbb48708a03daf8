"""Papers: PDFs, each made once, by few presses at a time, and kept within bounds. Who may see a paper is asked before
it is asked for: its fingerprint is known only to who has read what it is made from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import connection

from kniga.platform import clock
from kniga.platform.models import Paper
from kniga.platform.press.presses import lock, take_press, waiting

MOST_PAPERS: Final = 500
MOST_BYTES: Final = 100 * 1024 * 1024
"""Of each shelf: what was used before so many papers, or so many bytes, is forgotten: it can be made again."""
KEPT_FOR: Final = timedelta(days=30)
FRESH_FOR: Final = timedelta(days=1)
"""How long a paper is not marked as used again: reading writes once a day at most."""
Shelf = Literal["book", "document"]
"""Books take longest to set: however many documents there are, none puts a book out."""
_FORGET: Final = """
DELETE FROM platform_paper WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER newest AS place, sum(length(content)) OVER newest AS bytes
                    FROM platform_paper WHERE shelf = %s WINDOW newest AS (ORDER BY used_at DESC, id DESC)) papers
    WHERE place > %s OR (bytes > %s AND place > 1))
"""


def kept_paper(*, fingerprint: str, shelf: Shelf, make: Callable[[], bytes]) -> bytes:
    """The paper of this fingerprint, made by `make` if there is none; whoever asks meanwhile waits for the same one.

    Raises Busy when too many ask at once or a press is not free in time, and what `make` raises."""
    found = _found(fingerprint)
    if found is not None:
        return found
    with waiting():
        return _made(fingerprint, shelf, make)


def keep_paper(*, fingerprint: str, shelf: Shelf, content: bytes) -> None:
    """Keep a paper, in the place of what was kept of it before; those of its shelf unused for longest are forgotten."""
    kept = {"shelf": shelf, "content": content, "used_at": clock.now()}
    Paper.objects.update_or_create(fingerprint=fingerprint, defaults=kept)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [shelf, MOST_PAPERS, MOST_BYTES])


def forget_old_papers(*, now: datetime) -> int:
    """Forget the papers that were last used `KEPT_FOR` ago; how many."""
    deleted, _by_model = Paper.objects.filter(used_at__lte=now - KEPT_FOR).delete()
    return deleted


def _found(fingerprint: str) -> bytes | None:
    found = Paper.objects.filter(fingerprint=fingerprint).values_list("content", "used_at").first()
    if found is None:
        return None
    content, used_at = found
    now = clock.now()
    if used_at < now - FRESH_FOR:
        Paper.objects.filter(fingerprint=fingerprint).update(used_at=now)
    return bytes(content)


def _made(fingerprint: str, shelf: Shelf, make: Callable[[], bytes]) -> bytes:
    _wait_for(fingerprint)
    # A statement of its own: it sees what was kept before the lock was ours.
    found = _found(fingerprint)
    if found is not None:
        return found
    take_press(fingerprint)
    content = make()
    keep_paper(fingerprint=fingerprint, shelf=shelf, content=content)
    return content


def _wait_for(fingerprint: str) -> None:
    """Be the only one who makes this paper."""
    lock("pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"paper {fingerprint}"])
