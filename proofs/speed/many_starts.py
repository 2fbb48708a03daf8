"""Starting 100,000 deals at once by `start_many`, against bare INSERT…SELECT statements writing the same rows.

    python -m proofs.speed.many_starts [--count 100000] [--rounds 2]

Both start the same sale for as many new deals each, in turns, each in a transaction of its own with its commit. The
bare statements know beforehand what the first step is; they read nothing and check nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import psutil

from proofs.harness import Report, note, run
from proofs.speed.race.ground import ground, make_deals
from proofs.speed.race.sale import KEY, step

GOAL: Final = 0.5
TABLES: Final = ("processes_instance", "processes_task", "deals_stagevisit", "deals_deal", "platform_event")

BARE: Final = (
    """
    CREATE TEMPORARY TABLE bare ON COMMIT DROP AS
    SELECT d.id AS deal_id, d.client_id, d.owner_id, d.amount,
           nextval(pg_get_serial_sequence('processes_instance', 'id')) AS instance_id,
           nextval(pg_get_serial_sequence('processes_task', 'id')) AS task_id
    FROM unnest(%(deals)s::bigint[]) AS e (id) JOIN deals_deal d ON d.id = e.id
    """,
    """
    INSERT INTO processes_instance (id, version_id, deal_id, status, revision, seq, stage, data, started_at)
    SELECT instance_id, %(version)s, deal_id, 'running', 2, 1, 'stage1', '{}', %(now)s FROM bare
    """,
    """
    INSERT INTO processes_task (id, instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    SELECT task_id, instance_id, 1, %(element)s, 'Step 1', 'call', deal_id, client_id, %(stage)s, owner_id, 'open',
           %(now)s, %(due)s FROM bare
    """,
    """
    INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
    SELECT deal_id, %(stage)s, owner_id, %(now)s, amount, false FROM bare
    """,
    """
    UPDATE deals_deal d SET stage_id = %(stage)s, stage_since = %(now)s FROM bare WHERE d.id = bare.deal_id
    """,
    """
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    SELECT %(now)s, e.kind, NULL, client_id, deal_id, instance_id, CASE WHEN e.is_task THEN task_id END, e.payload
    FROM bare CROSS JOIN (VALUES
        ('processes.instance.started', false, '{"element": null, "data": {}}'::jsonb),
        ('processes.stage.entered', false, '{"stage": "stage1", "previous": null}'),
        ('processes.task.created', true, '{"token": 1, "element": "step1", "stage": "stage1"}')
    ) AS e (kind, is_task, payload)
    """,
)


def main(report: Report) -> None:
    chosen = _arguments()
    with ground():
        product, bare = _product(), _bare()
        _same_rows(report, product, bare)
        taken: dict[Callable[[Sequence[int]], None], list[tuple[float, float]]] = {product: [], bare: []}
        for number in range(chosen.rounds):
            for way in (product, bare) if number % 2 == 0 else (bare, product):
                deals = _deals(chosen.count)
                note(f"{chosen.count} deals are there")
                taken[way].append(_timed(partial(way, deals)))
    _tell(report, chosen.count, taken[product], taken[bare])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


def _tell(report: Report, count: int, product: list[tuple[float, float]], bare: list[tuple[float, float]]) -> None:
    rates, cpus = [], []
    for taken in (product, bare):
        rates.append(count / statistics.median(seconds for seconds, _cpu in taken))
        cpus.append(statistics.median(cpu for _seconds, cpu in taken))
    report.line(f"bare INSERT…SELECT of {count} starts", rates[1], "starts/s", against=f"{cpus[1]:.1f} s of CPU")
    report.line(
        f"start_many of {count} instances", rates[0], "starts/s", ratio=rates[0] / rates[1],
        against=f"the bare statements; {cpus[0]:.1f} s of CPU, {cpus[1] / cpus[0]:.0%} by CPU",
        goal=f">= {GOAL:.0%} of the bare rate", holds=rates[0] >= GOAL * rates[1],
    )  # fmt: skip


def _product() -> Callable[[Sequence[int]], None]:
    from kniga.processes.running.bulk import published_version_id, start_many

    version = published_version_id(KEY)

    def start(deals: Sequence[int]) -> None:
        entries = [(deal, None) for deal in deals]
        done = start_many(version_id=version, entries=entries, actor_id=None, now=datetime.now(UTC))
        assert done.started == len(deals), done

    return start


def _bare() -> Callable[[Sequence[int]], None]:
    from django.db import connection

    from kniga.deals.models import Stage
    from kniga.processes.running.bulk import published_version_id

    values: dict[str, Any] = {
        "version": published_version_id(KEY),
        "stage": Stage.objects.get(pipeline__key=KEY, key="stage1").pk,
        "element": step(1),
    }

    def start(deals: Sequence[int]) -> None:
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            for statement in BARE:
                cursor.execute(statement, {**values, "deals": list(deals), "now": now, "due": now + timedelta(days=1)})

    return start


def _deals(count: int) -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        deals = make_deals(count)
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("VACUUM (ANALYZE) deals_deal")
        cursor.execute("CHECKPOINT")
    return deals


def _timed(act: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock, and of the processor here and in the server's process."""
    from django.db import connection, transaction

    backend = psutil.Process(connection.connection.info.backend_pid)
    before, began = _cpu(backend), time.perf_counter()
    with transaction.atomic():
        act()
    return time.perf_counter() - began, _cpu(backend) - before


def _cpu(backend: psutil.Process) -> float:
    times = backend.cpu_times()
    return float(times.user + times.system) + time.process_time()


def _same_rows(report: Report, *ways: Callable[[Sequence[int]], None]) -> None:
    """Both write as many rows into each table, and their events are of the same kinds."""
    from django.db import connection, transaction

    count = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM {table} WHERE xmin = pg_current_xact_id()::xid" for table in TABLES
    )
    kinds = "SELECT kind, count(*) FROM platform_event WHERE xmin = pg_current_xact_id()::xid GROUP BY kind"
    found = []
    for way in ways:
        deals = make_deals(10)
        with transaction.atomic(), connection.cursor() as cursor:
            way(deals)
            cursor.execute(f"{count} UNION ALL {kinds}")
            found.append(dict(cursor.fetchall()))
    rows = [sum(one[table] for table in TABLES) for one in found]
    report.line(
        "rows of ten starts", rows[0], "rows", against=f"{rows[1]} of the bare statements, table by table",
        goal="the same", holds=found[0] == found[1],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(main))
