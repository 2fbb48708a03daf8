"""Telling the workers that there is something to do."""

from __future__ import annotations

from typing import Final

from django.db import connection

CHANNEL: Final = "kniga_due"
"""What the workers listen to."""
_WAKE: Final = f"SELECT pg_notify('{CHANNEL}', '')"


def wake_workers() -> None:
    """Tell the workers, once the transaction is written, that there is something to do. Cheap: told several times in
    one transaction it is heard once, and nothing is told if the transaction is taken back."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE)
