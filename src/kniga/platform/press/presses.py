"""How many PDFs are made at once: a press takes a whole processor for seconds, and whoever waits for one a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from django.db import OperationalError, connection, transaction

from kniga.platform.sqlparts import rows_of

PRESSES: Final = 2
"""How many papers are made at once, by all processes together."""
WAITING_SECONDS: Final = 40
_PRESS: Final = 7_402_001
"""The class of the advisory locks that stand for the presses."""
# Of the few threads of a process so many may wait for a paper; the others go on serving pages.
_WAITING: Final = BoundedSemaphore(2)


class Busy(Exception):
    """Too many ask at once, or nothing came free in time."""


@contextmanager
def waiting() -> Iterator[None]:
    """Be one of the few threads of this process that wait for a paper, in a transaction: what is locked is free
    behind it. Raises Busy at once when they are too many."""
    if not _WAITING.acquire(blocking=False):
        raise Busy
    try:
        with transaction.atomic():
            yield
    finally:
        _WAITING.release()


def take_press(fingerprint: str) -> None:
    """Hold a press to the end of the transaction. Raises Busy when none is free in time."""
    for number in range(PRESSES):
        if rows_of("SELECT pg_try_advisory_xact_lock(%s, %s)", [_PRESS, number])[0][0]:
            return
    lock("pg_advisory_xact_lock(%s, %s)", [_PRESS, int(fingerprint[:8], 16) % PRESSES])


def lock(call: str, words: Sequence[str | int]) -> None:
    """Wait for a lock. Raises Busy when it is not free in time."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAITING_SECONDS}s'")
            cursor.execute(f"SELECT {call}", words)
    except OperationalError as late:
        raise Busy from late
