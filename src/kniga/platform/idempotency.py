"""The same request sent twice has one effect: `Idempotency-Key` of POST requests.

The claim on a key is an advisory lock of the transaction that does the work, and the answer is stored in that
same transaction. A crash therefore leaves neither a half-done request nor a key that is stuck "in progress".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import IdempotencyKey

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_KEY: Final = 200
_KEPT: Final = """
SELECT request_hash, status, body FROM platform_idempotencykey WHERE user_id = %s AND key = %s AND created_at > %s
"""
_KEEP: Final = """
INSERT INTO platform_idempotencykey (user_id, key, request_hash, status, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, status = EXCLUDED.status,
    body = EXCLUDED.body, created_at = EXCLUDED.created_at
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent: status, body, and the headers that belong to it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    is_repeated: bool = False


def once(*, user_id: int, key: str, request_hash: str, now: datetime, work: Callable[[], Reply]) -> Reply:
    """Do `work` in a transaction and keep its reply for `KEPT_FOR`; a repeat gets the kept reply.

    What `work` raises undoes everything, the key included, so a refused request may be sent again. Raises
    Conflict `idempotency_in_progress` while the first request still runs, Refused `idempotency_key_reused`
    when the same key comes with another request, Refused `idempotency_key_invalid`.
    """
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        message = _("An Idempotency-Key has 1 to 200 printable characters.")
        raise Refused("idempotency_key_invalid", message)
    with transaction.atomic():
        stored = _claim(user_id, key, now)
        if stored is not None:
            return _repeated(*stored, request_hash)
        reply = work()
        body = msgspec.json.encode(dict(reply.headers)) + b"\n" + reply.body
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [user_id, key, request_hash, reply.status, body, now])
    return reply


def forget_old_keys(*, now: datetime) -> int:
    """Delete the replies that are no longer kept; returns how many."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return deleted


def _claim(user_id: int, key: str, now: datetime) -> tuple[str, int, bytes] | None:
    """Take the key for this transaction; the hash, status and body of a reply that is still kept."""
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s::bigint)", [number])
        if not cursor.fetchone()[0]:
            message = _("A request with this Idempotency-Key is still running. Wait for it, then ask again.")
            raise Conflict("idempotency_in_progress", message)
        # A statement of its own: it sees what was committed before the lock was ours.
        cursor.execute(_KEPT, [user_id, key, now - KEPT_FOR])
        row = cursor.fetchone()
    return None if row is None else (row[0], row[1], bytes(row[2]))


def _repeated(kept_hash: str, status: int, kept: bytes, request_hash: str) -> Reply:
    if kept_hash != request_hash:
        message = _("This Idempotency-Key was used for another request. Use a new key for every new request.")
        raise Refused("idempotency_key_reused", message)
    headers, _sep, body = kept.partition(b"\n")
    return Reply(status, body, msgspec.json.decode(headers, type=dict[str, str]), is_repeated=True)
