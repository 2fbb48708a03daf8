"""Figures for Prometheus: requests counted here, the state of the work asked of the database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

REQUESTS = Counter("kniga_requests", "Requests answered", ["view", "method", "status"])
REQUEST_SECONDS = Histogram(
    "kniga_request_seconds",
    "Time to answer a request",
    ["view"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)


@dataclass(frozen=True)
class Measure:
    """One figure read from the database when it is asked for."""

    name: str
    help: str
    sql: str


# Plain SQL, because this package lies below the capabilities whose tables it watches.
MEASURES = (
    Measure("kniga_tasks_open", "Open tasks", "SELECT count(*) FROM processes_task WHERE status = 'open'"),
    Measure(
        "kniga_tasks_overdue",
        "Open tasks whose deadline has passed",
        "SELECT count(*) FROM processes_task WHERE status = 'open' AND due_at < now()",
    ),
    Measure(
        "kniga_timers_late",
        "Timers that should have fired a minute ago",
        "SELECT count(*) FROM processes_timer WHERE status = 'scheduled' AND due_at < now() - interval '1 minute'",
    ),
    Measure(
        "kniga_jobs_queued",
        "Jobs waiting for a worker",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'",
    ),
    Measure(
        "kniga_jobs_failed", "Jobs that gave up", "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"
    ),
    Measure(
        "kniga_ledger_lag_seconds",
        "Age of the oldest transaction that projections of the ledger must wait for",
        "SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0) FROM pg_stat_activity"
        " WHERE backend_xid IS NOT NULL AND datname = current_database()",
    ),
)


def count_request(*, view: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request; `view` is the name of its route, never its path (ids would multiply it)."""
    REQUESTS.labels(view, method, str(status)).inc()
    REQUEST_SECONDS.labels(view).observe(seconds)


def exposition() -> bytes:
    """All figures in Prometheus' text format, summed over the web processes."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Inherited())
    registry.register(_Database())
    return generate_latest(registry)


class _Inherited(Collector):
    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()


class _Database(Collector):
    def collect(self) -> Iterator[Metric]:
        for measure in MEASURES:
            value = _ask(measure.sql)
            if value is not None:
                yield GaugeMetricFamily(measure.name, measure.help, value=value)


def _ask(sql: str) -> float | None:
    """The figure, or None where its table does not exist (yet)."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            return float(cursor.fetchone()[0])
    except DatabaseError:
        return None
