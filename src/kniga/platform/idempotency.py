"""The same request sent twice has one effect: `Idempotency-Key` of POST requests.

The claim on a key is an advisory lock of the transaction that does the work, and the answer is stored in that
same transaction. A crash therefore leaves neither a half-done request nor a key that is stuck "in progress".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import IdempotencyKey

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_KEY: Final = 200


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
        _claim(user_id, key)
        stored = IdempotencyKey.objects.filter(user_id=user_id, key=key).first()
        if stored is not None and stored.created_at > now - KEPT_FOR:
            return _repeated(stored, request_hash)
        if stored is not None:
            stored.delete()
        reply = work()
        headers = msgspec.json.encode(dict(reply.headers))
        IdempotencyKey.objects.create(
            user_id=user_id, key=key, request_hash=request_hash, status=reply.status,
            body=headers + b"\n" + reply.body, created_at=now,
        )  # fmt: skip
    return reply


def forget_old_keys(*, now: datetime) -> int:
    """Delete the replies that are no longer kept; returns how many."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return deleted


def _claim(user_id: int, key: str) -> None:
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s::bigint)", [number])
        is_ours = cursor.fetchone()[0]
    if not is_ours:
        message = _("A request with this Idempotency-Key is still running. Wait for it, then ask again.")
        raise Conflict("idempotency_in_progress", message)


def _repeated(stored: IdempotencyKey, request_hash: str) -> Reply:
    if stored.request_hash != request_hash:
        message = _("This Idempotency-Key was used for another request. Use a new key for every new request.")
        raise Refused("idempotency_key_reused", message)
    headers, _sep, body = bytes(stored.body or b"").partition(b"\n")
    kept: dict[str, Any] = msgspec.json.decode(headers)
    return Reply(stored.status or 200, body, kept, is_repeated=True)
