"""The floor of the race: the bare function of `floor`, called by psycopg on a connection of its own."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from proofs.speed.race import floor
from proofs.speed.race.kniga_worker import set_up, start_deals
from proofs.speed.race.sale import COMPLETED, KEY, STAGES, step
from proofs.speed.race.worker import Engine, serve

DEADLINE = timedelta(days=1)


class Floor(Engine[tuple[int, int]]):
    """Handles are a task and the number of its step."""

    def __init__(self, address: str) -> None:
        from kniga.deals.models import Stage
        from kniga.people.models import User
        from kniga.processes.running.bulk import published_version_id
        from proofs.speed.race.ground import REP

        self.version = published_version_id(KEY)
        self.rep = User.objects.get(email=REP).pk
        self.stages = dict(Stage.objects.filter(pipeline__key=KEY).values_list("key", "pk"))
        self.connection = floor.connect(address)

    def start(self, count: int) -> list[tuple[int, int]]:
        return [(task, 1) for task in start_deals(self.version, count)]

    def complete(self, handle: tuple[int, int]) -> tuple[int, int]:
        task, number = handle
        now, following = datetime.now(UTC), number + 1
        stage = f"stage{STAGES[number]}"
        values = [
            task, self.rep, now, self.stages[stage], stage, step(following), f"Step {following}", now + DEADLINE, "ok",
        ]  # fmt: skip
        row = self.connection.execute(floor.CALL, values).fetchone()
        assert row is not None and isinstance(row[0], int) and number <= COMPLETED
        return row[0], following

    def backend(self) -> int:
        return self.connection.info.backend_pid


if __name__ == "__main__":
    set_up()
    serve(Floor(os.environ["DATABASE_URL"]))
