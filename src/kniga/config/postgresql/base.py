"""The database backend of settings.DATABASES (Django looks for `DatabaseWrapper` in a module of this name)."""

from __future__ import annotations

import select
from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap, Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

TIMESTAMPTZ = "timestamptz"


class MomentLoader(TimestamptzLoader):
    """Reads a `timestamptz` of a session in UTC, as Django's sessions are, by Python's own reader in C.

    A list of fifty deals has a hundred and fifty moments; psycopg's loader that Django inherits takes four times as
    long. What Python's reader does not know (a year before Christ) is left to that one.
    """

    timezone = UTC
    """Django looks here for the zone of what comes out."""

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data).replace(tzinfo=UTC)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with `MomentLoader`, and a health check that asks the server only when there is cause."""

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        if self.timezone == UTC:
            context = AdaptersMap(parameters["context"])
            context.register_loader(TIMESTAMPTZ, MomentLoader)
            parameters["context"] = context
        return parameters

    def is_usable(self) -> bool:
        """Whether the connection lives. A server that ended it has said so: then there is something to read."""
        connection = self.connection
        if connection is None or connection.closed or connection.info.transaction_status == TransactionStatus.INERROR:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
