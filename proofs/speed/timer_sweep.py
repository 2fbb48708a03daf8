"""A sweep of 100,000 due timers, against bare set-based statements writing the same rows.

    python -m proofs.speed.timer_sweep [--count 100000]

Each timer stands on the open task of a deal of its own and does not interrupt: when it fires, a second task asks the
lead to look. One worker sweeps; the bare statements know beforehand what follows, and write all of it at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psutil

from proofs.harness import Report, note, run
from proofs.speed.race.ground import ground, make_deals
from proofs.speed.race.sale import timed_sale

KEY: Final = "race_timed"
TABLES: Final = ("processes_instance", "processes_task", "processes_timer", "platform_event")
AT_ONCE: Final = 10_000
BARE: Final = (
    """
    CREATE TEMPORARY TABLE bare ON COMMIT DROP AS
    SELECT w.id AS timer_id, w.instance_id, w.token, i.deal_id, d.client_id, i.seq, s.stage_id,
           nextval(pg_get_serial_sequence('processes_task', 'id')) AS task_id
    FROM processes_timer w JOIN processes_instance i ON i.id = w.instance_id JOIN deals_deal d ON d.id = i.deal_id
    JOIN processes_task s ON s.instance_id = w.instance_id AND s.token = w.token
    WHERE w.status = 'scheduled' AND w.due_at <= %(now)s ORDER BY w.due_at LIMIT %(count)s
    """,
    "UPDATE processes_timer w SET status = 'fired', closed_in = 3 FROM bare WHERE w.id = bare.timer_id",
    """
    UPDATE processes_instance i SET revision = revision + 1, seq = i.seq + 1, tokens = %(tokens)s::jsonb
    FROM bare WHERE i.id = bare.instance_id
    """,
    """
    INSERT INTO processes_task (id, instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    SELECT task_id, instance_id, seq + 1, 'check', 'check', 'call', deal_id, client_id, stage_id, %(lead)s, 'open',
           %(now)s, %(now)s FROM bare
    """,
    """
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    SELECT %(now)s, e.kind, NULL, client_id, deal_id, instance_id, CASE WHEN e.is_task THEN task_id END, e.payload
    FROM bare CROSS JOIN (VALUES
        ('processes.timer.fired', false, '{"token": 1, "timer": "late"}'::jsonb),
        ('processes.task.created', true, '{"token": 2, "element": "check", "stage": "stage1"}')
    ) AS e (kind, is_task, payload)
    """,
)


def main(report: Report) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    with ground(timed_sale()):
        bare = _bare()
        _start(10)
        by_bare = _rows(lambda: bare(10))
        _start(10)
        by_product = _rows(lambda: _sweep(10))
        report.line(
            "rows of ten timers", sum(by_product.values()), "rows",
            against=f"{sum(by_bare.values())} of the bare statements, table by table", goal="the same",
            holds=by_product == by_bare,
        )  # fmt: skip
        _start(count)
        seconds, cpu = _timed(lambda: bare(count))
        _start(count)
        swept, swept_cpu = _timed(lambda: _sweep(count))
        left = _left()
    report.line(f"bare statements for {count} timers", count / seconds, "timers/s", against=f"{cpu:.1f} s of CPU")
    report.line(
        f"sweep of {count} due timers", count / swept, "timers/s", ratio=seconds / swept,
        against=f"the bare statements; {swept:.1f} s, {swept_cpu / count * 1000:.2f} ms of CPU each",
        goal="all fired, each once", holds=left == 0,
    )  # fmt: skip


def _bare() -> Callable[[int], None]:
    from django.db import connection, transaction

    from kniga.people.models import User

    lead = User.objects.get(role="lead").pk
    tokens = '{"fired": [[1, "late"]], "format": 2, "tokens": [{"id": 1, "element": "offer"}]}'

    def fire(count: int) -> None:
        values: dict[str, Any] = {"now": _later(), "count": count, "lead": lead, "tokens": tokens}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in BARE:
                cursor.execute(statement, values if "%(" in statement else None)

    return fire


def _sweep(count: int) -> None:
    from kniga.processes.background.sweeping import sweep_timers

    found = sweep_timers(now=_later())
    assert found == count, f"{found} of {count} timers were due"


def _start(count: int) -> None:
    """New deals, each with a timer that is due by `_later`."""
    from django.db import connection, transaction

    from kniga.processes.running.bulk import published_version_id, start_many

    version = published_version_id(KEY)
    for first in range(0, count, AT_ONCE):
        with transaction.atomic():
            deals = make_deals(min(AT_ONCE, count - first), key=KEY)
            entries = [(deal, None) for deal in deals]
            start_many(version_id=version, entries=entries, actor_id=None, now=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    note(f"{count} timers are there")


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def _left() -> int:
    from kniga.processes.models import Timer

    return Timer.objects.filter(status="scheduled").count()


def _rows(act: Callable[[], None]) -> dict[str, int]:
    """How many rows an act wrote into each table, and events of each kind."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        before = int(cursor.fetchone()[0])
        act()
        count = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {table} WHERE xmin::text::bigint > %(before)s" for table in TABLES
        )
        kinds = "SELECT kind, count(*) FROM platform_event WHERE xmin::text::bigint > %(before)s GROUP BY kind"
        cursor.execute(f"{count} UNION ALL {kinds}", {"before": before})
        return dict(cursor.fetchall())


def _timed(act: Callable[[], None]) -> tuple[float, float]:
    from django.db import connection

    backend = psutil.Process(connection.connection.info.backend_pid)
    before, began = _cpu(backend), time.perf_counter()
    act()
    return time.perf_counter() - began, _cpu(backend) - before


def _cpu(backend: psutil.Process) -> float:
    times = backend.cpu_times()
    return float(times.user + times.system) + time.process_time()


if __name__ == "__main__":
    sys.exit(run(main))
