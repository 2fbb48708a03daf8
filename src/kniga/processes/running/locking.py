"""Who waits for whom.

A transaction that holds an instance's row waits only for instances that one has called. What else it wants of another
instance it does if nobody works on that one right now, and else leaves to the workers, who hold nothing: so two
transactions never wait for each other. Who takes a step back waits for the readers of what it has thrown for half a
second only. Where two do wait for each other (they share a deal's row, say), PostgreSQL ends one of them, and that one
is done again.
"""

from __future__ import annotations

from typing import Final

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

_LOCK: Final = "SELECT id FROM processes_instance WHERE id = %s FOR UPDATE"
_TRY: Final = f"{_LOCK} SKIP LOCKED"


def try_lock(instance_id: int) -> bool:
    """Lock an instance's row unless another transaction has it; must run inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY, [instance_id])
        return cursor.fetchone() is not None


def lock(instance_id: int) -> None:
    """Lock an instance's row, waiting for it; only for one who holds no other."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [instance_id])


def may_be_done_again(error: OperationalError) -> bool:
    """Whether PostgreSQL ended the transaction of a deadlock, and nothing around it is lost with that."""
    return isinstance(error.__cause__, DeadlockDetected) and not connection.in_atomic_block
