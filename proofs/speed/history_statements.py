"""The statements of a completion: as many with a history of 10,000 events as with one of 10.

    python -m proofs.speed.history_statements [--events 10000]

A deal goes round and round the same call until its instance has so many events in the ledger, by the product itself.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from proofs.harness import Report, note, run
from proofs.speed.race.ground import REP, ground, make_deals
from proofs.speed.race.sale import circling_sale

if TYPE_CHECKING:
    from kniga.people.models import User

KEY: Final = "race_circle"
MOST: Final = 8
TIMES: Final = 40


def main(report: Report) -> None:
    chosen = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen.add_argument("--events", type=int, default=10_000)
    events = chosen.parse_args().events
    with ground(circling_sale()):
        from kniga.processes.services import start_process

        (deal,) = make_deals(1, key=KEY)
        started = start_process(deal_id=deal, process_key=KEY, by=None, now=datetime.now(UTC))
        task = _circle(started.created[0], started.instance_id, 10)
        few, few_ms, task = _measured(task)
        note(f"going round until there are {events} events")
        task = _circle(task, started.instance_id, events)
        many, many_ms, _task = _measured(task)
        told = _events(started.instance_id)
    report.line(
        f"statements of a completion, {told} events of history", many, "statements", against=f"{few} with 10 events",
        goal=f"<= {MOST}, the same", holds=few == many <= MOST,
    )  # fmt: skip
    report.line(
        f"CPU of Python for a completion, {told} events of history", many_ms, "ms", ratio=many_ms / few_ms,
        against=f"{few_ms:.2f} ms with 10 events",
    )  # fmt: skip


def _circle(task: int, instance_id: int, events: int) -> int:
    while _events(instance_id) < events:
        for _turn in range(max(1, (events - _events(instance_id)) // 4)):
            task = _complete(task)
    return task


def _measured(task: int) -> tuple[int, float, int]:
    """Statements of one completion, the median of its processor time here, and the task that is open then."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        task = _complete(task)
    taken = []
    for _time in range(TIMES):
        began = time.process_time()
        task = _complete(task)
        taken.append((time.process_time() - began) * 1000)
    return len(captured), statistics.median(taken), task


def _complete(task: int) -> int:
    from kniga.processes.services import complete_task

    done = complete_task(task_id=task, outcome="no", answers={}, by=_rep(), now=datetime.now(UTC))
    return done.created[0]


@cache
def _rep() -> User:
    from kniga.people.models import User

    return User.objects.get(email=REP)


def _events(instance_id: int) -> int:
    from kniga.platform.models import Event

    return Event.objects.filter(instance_id=instance_id).count()


if __name__ == "__main__":
    sys.exit(run(main))
