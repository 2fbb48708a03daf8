"""The race of engines: completions per second, and CPU milliseconds of each, with one, two and eight connections.

    python -m proofs.speed.engine_race [--slices 6] [--seconds 1.5]

Kniga's `complete_task` against a bare PL/pgSQL function writing the same rows, against SpiffWorkflow with its state as
JSON in the same PostgreSQL, and against django-viewflow: the same sale of eleven tasks in seven
stages, each worker a process with one
connection and instances of its own, in slices that take turns in one run. Kniga also writes worklist, ledger and
stage visits; the peers write their state alone. fsync is on.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
from dataclasses import dataclass, field
from importlib.metadata import version

from proofs.harness import Report, note, run
from proofs.speed.measuring import machine
from proofs.speed.race import floor
from proofs.speed.race.ground import ground, prepare_peers
from proofs.speed.race.sale import STAGES
from proofs.speed.race.worker import Slice, Team

CONNECTIONS = (1, 2, 8)
ENGINES = {
    "kniga": "Kniga",
    "floor": "bare PL/pgSQL function",
    "spiff": "SpiffWorkflow",
    "lean": "SpiffWorkflow, specification kept in memory",
    "viewflow": "django-viewflow",
}
PROGRAMS = {
    "kniga": ["kniga_worker"],
    "floor": ["floor_worker"],
    "spiff": ["spiff_worker"],
    "lean": ["spiff_worker", "lean"],
    "viewflow": ["viewflow_worker"],
}
PACKAGES = {"spiff": "SpiffWorkflow", "lean": "SpiffWorkflow", "viewflow": "django-viewflow"}
FLOOR_GOAL, SPIFF_GOAL, VIEWFLOW_GOAL = 0.6, 3.0, 8.0
AT_HAND = {"kniga": 900, "floor": 1800, "spiff": 700, "lean": 900, "viewflow": 250}
"""Completions a second that are prepared for, more than any machine of ours has done."""


@dataclass
class Tally:
    """The slices of one engine with so many connections."""

    slices: list[Slice] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Completions per second: the median of the slices."""
        return statistics.median(one.rate for one in self.slices)

    @property
    def done(self) -> int:
        """Completions in all slices."""
        return sum(one.done for one in self.slices)

    @property
    def client(self) -> float:
        """CPU milliseconds of the worker per completion."""
        return 1000 * sum(one.client for one in self.slices) / self.done

    @property
    def server(self) -> float:
        """CPU milliseconds of the connection's server process per completion."""
        return 1000 * sum(one.server for one in self.slices) / self.done

    @property
    def cpu(self) -> float:
        """CPU milliseconds of both."""
        return self.client + self.server


def main(report: Report) -> None:
    chosen = _arguments()
    with ground() as environment, contextlib.ExitStack() as stack:
        prepare_peers(environment)
        _same_rows(report, environment["DATABASE_URL"])
        most = max(chosen.connections)
        teams = {name: stack.enter_context(Team(most, environment, *PROGRAMS[name])) for name in ENGINES}
        for connections in chosen.connections:
            _tell(report, connections, _race(teams, connections, chosen.slices, chosen.seconds))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--connections", type=int, nargs="*", default=CONNECTIONS)
    return parser.parse_args()


def _race(teams: dict[str, Team], connections: int, slices: int, seconds: float) -> dict[str, Tally]:
    tallies = {name: Tally() for name in teams}
    for name, team in teams.items():
        team.prepare(connections, int(AT_HAND[name] * seconds * (slices + 1) / min(connections, 2)))
    note(f"{connections} connections, {machine()}")
    for number in range(slices + 1):  # the first one warms plans, caches and definitions, as in production
        for name, team in teams.items():
            result = team.run(connections, seconds)
            if number:
                tallies[name].slices.append(result)
    return tallies


def _tell(report: Report, connections: int, tallies: dict[str, Tally]) -> None:
    kniga, bare = tallies["kniga"], tallies["floor"]
    at = f"{connections} connection{'s' if connections > 1 else ''}"
    for name in [name for name in ENGINES if name != "kniga"]:
        other = tallies[name]
        report.line(f"{ENGINES[name]}, {at}", other.rate, "completions/s", against=f"{_version(name)}{_cpu(other)}")
    report.line(
        f"completions of Kniga, {at}", kniga.rate, "completions/s", ratio=kniga.rate / bare.rate,
        against=f"the bare function writing the same rows; {_cpu(kniga)}", goal=f">= {FLOOR_GOAL:.0%} of it",
        holds=kniga.rate >= FLOOR_GOAL * bare.rate,
    )  # fmt: skip
    for name, goal in (("spiff", SPIFF_GOAL), ("lean", None), ("viewflow", VIEWFLOW_GOAL)):
        other = tallies[name]
        report.line(
            f"Kniga and {ENGINES[name]}, {at}", kniga.rate, "completions/s", ratio=kniga.rate / other.rate,
            against=f"{other.rate:.0f} completions/s; Kniga takes {kniga.cpu / other.cpu:.2f} of its CPU time",
            goal=None if goal is None else f">= {goal:g} times its rate",
            holds=goal is None or kniga.rate >= goal * other.rate,
        )  # fmt: skip


def _cpu(tally: Tally) -> str:
    return f"{tally.cpu:.2f} ms of CPU (Python {tally.client:.2f}, PostgreSQL {tally.server:.2f})"


def _version(name: str) -> str:
    return f"version {version(PACKAGES[name])}, " if name in PACKAGES else ""


def _same_rows(report: Report, address: str) -> None:
    """The function writes as many rows into each table as Kniga does."""
    from django.db import connection, transaction

    from proofs.speed.race.floor_worker import Floor
    from proofs.speed.race.kniga_worker import Kniga

    with connection.cursor() as cursor:
        cursor.execute(floor.FUNCTION)
    product, bare = Kniga(), Floor(address)
    count = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM {table} WHERE xmin = pg_current_xact_id()::xid" for table in floor.TABLES
    )
    handle, bare_handle = product.start(1)[0], bare.start(1)[0]
    found: list[list[dict[str, int]]] = [[], []]
    for _step in STAGES[:3]:  # into another stage, within it, and on into the next
        with transaction.atomic(), connection.cursor() as cursor:
            handle = product.complete(handle)
            cursor.execute(count)
            found[0].append(dict(cursor.fetchall()))
        with bare.connection.transaction():
            bare_handle = bare.complete(bare_handle)
            rows = bare.connection.execute(count.encode()).fetchall()
            found[1].append({str(row[0]): int(str(row[1])) for row in rows})
    by_product, by_floor = ([sum(one.values()) for one in way] for way in found)
    report.line(
        "rows of three completions", by_product, "rows", against=f"{by_floor} of the bare function, table by table",
        goal="the same", holds=found[0] == found[1],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(main))
