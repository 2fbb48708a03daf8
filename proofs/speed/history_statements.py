"""The statements of a completion: as many with a history of 10,000 events as with one of 10.

    python -m proofs.speed.history_statements [--events 10000]

A deal goes round and round the same call until its instance has so many events in the ledger, by the product itself.
Its processor time is compared with that of young deals by completing tasks in turn: whatever else the machine does
meanwhile, it does to both.
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
TIMES: Final = 200
YOUNG: Final = 20
"""Deals that take turns beside the old one: none of them gets more than a few dozen events."""
SLOWER: Final = 1.2


def main(report: Report) -> None:
    chosen = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen.add_argument("--events", type=int, default=10_000)
    events = chosen.parse_args().events
    with ground(circling_sale()):
        from kniga.processes.services import start_process

        old, *young = [
            start_process(deal_id=deal, process_key=KEY, by=None, now=datetime.now(UTC))
            for deal in make_deals(1 + YOUNG, key=KEY)
        ]
        task = _circle(old.created[0], old.instance_id, 10)
        few, task = _statements(task)
        note(f"going round until there are {events} events")
        task = _circle(task, old.instance_id, events)
        many, task = _statements(task)
        many_ms, few_ms = _times(task, [one.created[0] for one in young])
        told, known = _events(old.instance_id), _events(young[0].instance_id)
    report.line(
        f"statements of a completion, {told} events of history", many, "statements", against=f"{few} with 10 events",
        goal=f"<= {MOST}, the same", holds=few == many <= MOST,
    )  # fmt: skip
    report.line(
        f"CPU of Python for a completion, {told} events of history", many_ms, "ms", ratio=many_ms / few_ms,
        against=f"{few_ms:.2f} ms with at most {known} events", goal=f"<= {SLOWER} times that",
        holds=many_ms <= SLOWER * few_ms,
    )  # fmt: skip


def _circle(task: int, instance_id: int, events: int) -> int:
    while _events(instance_id) < events:
        for _turn in range(max(1, (events - _events(instance_id)) // 4)):
            task = _complete(task)
    return task


def _statements(task: int) -> tuple[int, int]:
    """Statements of one completion, and the task that is open then."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        task = _complete(task)
    return len(captured), task


def _times(old: int, young: list[int]) -> tuple[float, float]:
    """The medians of a completion's processor time here, in milliseconds: with a long history, and with a short one."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(TIMES):
        place = turn % len(young)
        old, spent = _timed(old)
        taken[0].append(spent)
        young[place], spent = _timed(young[place])
        taken[1].append(spent)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _timed(task: int) -> tuple[int, float]:
    began = time.process_time()
    task = _complete(task)
    return task, (time.process_time() - began) * 1000


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
