"""Statements that go straight to libpq answer as a cursor does, whatever became of the session before."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import mark_safe

from kniga.platform.prepared import _DUMPED, Prepared

MOMENT = datetime(2026, 11, 23, 10, 30, 0, 250000, tzinfo=UTC)
ALL_KINDS = Prepared(
    "SELECT %s::bigint, %s::text, %s::jsonb ->> 'a', %s::timestamptz, %s::bigint[], 1.50::numeric, true,"
    " ARRAY['a,b', 'c\"d']"
)
VALUES = (7, "ёж's", b'{"a": "\xd1\x91"}', MOMENT, [3, 4])
ANSWER = (7, "ёж's", "ё", MOMENT, [3, 4], Decimal("1.50"), True, ["a,b", 'c"d'])

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_of_value_goes_there_and_back() -> None:
    assert [ALL_KINDS.row(*VALUES) for _time in range(3)] == [ANSWER] * 3


def test_what_derives_from_a_known_type_is_sent_like_it() -> None:
    statement = Prepared("SELECT %s::text, %s::bigint, %s::bigint[]")
    assert statement.row(mark_safe("ж"), True, (3,)) == ("ж", 1, [3])


def test_within_a_transaction_the_answer_is_the_same() -> None:
    with transaction.atomic():
        assert ALL_KINDS.row(*VALUES) == ANSWER


def test_nothing_is_sent_as_null() -> None:
    statement = Prepared("SELECT %s::bigint, %s::bigint[], %s::text")
    assert statement.row(None, None, None) == (None, None, None)


def test_no_row_is_none() -> None:
    statement = Prepared("SELECT 1 WHERE %s::bigint > 1")
    assert [statement.row(number) for number in (2, 1, 2)] == [(1,), None, (1,)]


def test_a_transaction_that_was_rolled_back_does_no_harm() -> None:
    assert ALL_KINDS.row(*VALUES) == ANSWER
    with pytest.raises(RuntimeError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::bigint", [1])
        cursor.execute("SELECT %s::bigint", [2])
        raise RuntimeError
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("DEALLOCATE ALL")
    assert ALL_KINDS.row(*VALUES) == ANSWER


def test_a_new_connection_knows_it_too_and_the_former_one_is_gone() -> None:
    assert ALL_KINDS.row(*VALUES) == ANSWER
    former = weakref.ref(connection.connection)
    connection.close()
    assert ALL_KINDS.row(*VALUES) == ANSWER
    gc.collect()
    assert former() is None, "what is kept for a connection goes with it"


def test_errors_are_those_of_django() -> None:
    with pytest.raises(DataError):
        Prepared("SELECT 1 / %s::bigint").row(0)
    assert ALL_KINDS.row(*VALUES) == ANSWER


def test_who_listens_to_statements_hears_it() -> None:
    with CaptureQueriesContext(connection) as captured:
        ALL_KINDS.row(*VALUES)
    assert len(captured) == 1


def test_a_first_execution_that_fails_leaves_the_statement_usable() -> None:
    statement = Prepared("SELECT 1 / %s::bigint")
    for _time in range(2):
        with pytest.raises(DataError):
            statement.row(0)
    assert statement.row(1) == (1,)


def test_the_table_of_types_may_grow_while_another_thread_looks_one_up() -> None:
    grown = type("Grown", (int,), {})

    class Slow:
        """Stands for a type; while it is compared, another thread has met a new one."""

        @property
        def __bases__(self) -> tuple[type, ...]:
            assert _DUMPED[grown](7) == b"7"
            return (str,)

    wanted: Any = Slow()
    assert _DUMPED[wanted]("seven") == b"seven"
    del _DUMPED[wanted], _DUMPED[grown]
