"""Statements for the few places where every move of a deal passes: prepared once, sent straight to libpq.

Django's and psycopg's cursors take longer over a short statement than PostgreSQL does. What is sent here goes over the
very connection of `django.db.connection`; within a transaction that is already open, by its cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import Error, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

Parameter = int | str | bytes | datetime | Sequence[int] | None
"""What can be sent; `bytes` are text in UTF-8 that needs no more encoding."""

_names: Final = count(1)
_kept: WeakKeyDictionary[Connection[Any], dict[bytes, Any]] = WeakKeyDictionary()
"""By connection: how each statement that is prepared there has its rows read (a `Transformer`); None before it has
brought any."""


class _Dumping(dict[type, Callable[[Any], bytes]]):
    """How a value of a type is sent; one of a type that is not here is sent as what it derives from."""

    def __missing__(self, wanted: type) -> Callable[[Any], bytes]:
        # Not over the table itself: it grows meanwhile, for another thread of the worker.
        found = next((known for known in _KNOWN if issubclass(wanted, known)), Sequence)
        self[wanted] = self[found]
        return self[found]


_DUMPED: Final = _Dumping(
    {
        bytes: bytes,
        str: str.encode,
        int: b"%d".__mod__,
        datetime: lambda value: value.isoformat().encode(),
        Sequence: lambda value: b"{%s}" % b",".join(b"%d" % number for number in value),
    }
)


_KNOWN: Final = tuple(_DUMPED)


@dataclass(frozen=True, slots=True)
class _Adapting:
    """How a connection reads values, without the connection: what is kept for it must not keep it alive."""

    adapters: AdaptersMap
    connection: None = None


class Prepared:
    """A statement whose parameters are `%s`, each cast to its type by the statement itself (`%s::bigint`)."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        pieces = sql.split("%s")
        self.parameters = len(pieces) - 1
        numbered = [f"{piece}${number}" for number, piece in enumerate(pieces[:-1], start=1)]
        self._sql = "".join([*numbered, pieces[-1]]).encode()
        self._name = f"kniga_{next(_names)}".encode()

    def row(self, *values: Parameter) -> tuple[Any, ...] | None:
        """The first row for these parameters; None when there is none. Raises Django's database errors."""
        connection = connections[DEFAULT_DB_ALIAS]
        # As a cursor of Django's begins.
        connection.close_if_health_check_failed()
        if connection.connection is None:
            connection.ensure_connection()
        direct: Connection[Any] = connection.connection
        if connection.queries_logged or connection.execute_wrappers or not _is_alone(direct):
            return self._by_cursor(connection, values)
        dumped = [None if value is None else _DUMPED[type(value)](value) for value in values]
        try:
            return self._first(direct, dumped)
        except InvalidSqlStatementName:
            # psycopg forgets every statement of the session after a transaction that was rolled back.
            _kept.pop(direct, None)
        except Error:
            with connection.wrap_database_errors:
                raise
        with connection.wrap_database_errors:
            return self._first(direct, dumped)

    def _first(self, direct: Connection[Any], values: Sequence[bytes | None]) -> tuple[Any, ...] | None:
        known = _kept.setdefault(direct, {})
        if self._name not in known:
            _check(direct.pgconn.prepare(self._name, self._sql), ExecStatus.COMMAND_OK)
            # At once: it stays prepared though its first execution may fail.
            known[self._name] = None
        loader = known[self._name]
        sent: Any = values  # psycopg's stubs know of no NULL
        result = _check(direct.pgconn.exec_prepared(self._name, sent), ExecStatus.TUPLES_OK)
        if loader is None:
            loader = known[self._name] = Transformer(_Adapting(direct.adapters))
            loader.set_pgresult(result)
        else:
            loader.set_pgresult(result, set_loaders=False)
        return loader.load_row(0, tuple) if result.ntuples else None

    def _by_cursor(self, connection: BaseDatabaseWrapper, values: Sequence[Parameter]) -> tuple[Any, ...] | None:
        """By a cursor of Django's: it tells whoever listens to statements, and knows what to do in a transaction."""
        texts: list[Any] = [value.decode() if isinstance(value, bytes) else value for value in values]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, texts)
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _is_alone(direct: Connection[Any]) -> bool:
    """Whether the statement will be a transaction of its own. In an open one, none may fail to be sent anew."""
    return direct.autocommit and direct.pgconn.transaction_status == TransactionStatus.IDLE


def _check(result: Any, wanted: ExecStatus) -> Any:
    if result.status != wanted:
        raise error_from_result(result)
    return result
