"""Kniga: `complete_task`, as its pages and its API call it, by the rep who owns the deal."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from proofs.speed.race.worker import Engine, serve


class Kniga(Engine[int]):
    """Handles are the ids of tasks."""

    def __init__(self) -> None:
        from kniga.people.models import User
        from kniga.processes.running.bulk import published_version_id
        from proofs.speed.race.ground import REP
        from proofs.speed.race.sale import KEY

        self.version = published_version_id(KEY)
        self.rep = User.objects.get(email=REP)

    def start(self, count: int) -> list[int]:
        return start_deals(self.version, count)

    def complete(self, handle: int) -> int:
        from kniga.processes.services import complete_task

        done = complete_task(task_id=handle, outcome="ok", answers={}, by=self.rep, now=datetime.now(UTC))
        return done.created[0]

    def backend(self) -> int:
        from django.db import connection

        connection.ensure_connection()
        pid: int = connection.connection.info.backend_pid
        return pid


def start_deals(version: int, count: int) -> list[int]:
    """New deals with the sale running; their open tasks."""
    from django.db import transaction

    from kniga.processes.models import Task
    from kniga.processes.running.bulk import start_many
    from proofs.speed.race.ground import make_deals

    with transaction.atomic():
        deals = make_deals(count)
        start_many(version_id=version, entries=[(deal, None) for deal in deals], actor_id=None, now=datetime.now(UTC))
    return list(Task.objects.filter(deal__in=deals, status="open").order_by("pk").values_list("pk", flat=True))


def set_up() -> None:
    """Load Kniga in this process on the database the environment names."""
    from kniga.runtime.home import Home
    from kniga.runtime.session import set_up_django

    set_up_django(os.environ["DATABASE_URL"], Home(Path(os.environ["KNIGA_HOME"])))


if __name__ == "__main__":
    set_up()
    serve(Kniga())
