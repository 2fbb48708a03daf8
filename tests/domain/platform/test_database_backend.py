"""Our PostgreSQL backend: moments as Django gives them, and a dead connection is noticed."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DataError, connection

MOMENTS = [
    "2026-11-23 07:09:30.356085+00",
    "2026-11-23 07:09:30.3+03",
    "0001-01-01 00:00:00+00",
    "1999-12-31 23:59:59+00",
]


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_comes_in_utc_to_the_microsecond(db: None, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, ARRAY[%s::timestamptz]", [text, text])
        one, several = cursor.fetchone()
    assert one == datetime.fromisoformat(text)
    assert one.tzinfo is UTC
    assert several == [one]


def test_a_moment_python_cannot_hold_is_refused_as_before(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'infinity'::timestamptz")
        with pytest.raises(DataError):
            cursor.fetchone()


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_ended_is_not_usable() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    with psycopg.connect(**_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    assert not connection.is_usable()
    connection.close()


def _parameters() -> dict[str, str]:
    info = connection.connection.info
    return {"host": info.host, "port": str(info.port), "dbname": info.dbname, "user": info.user}
