"""Kill two job workers at random while tasks are completed, timers fire and messages come; nothing may be lost,
doubled or stuck.

    python -m proofs.faults.two_workers [--completions 100000] [--deals N] [--completers 3] [--seed 1] [--home FOLDER]

Deals of a department of its own go round in a process of every kind of wait (see `killing.books`). Completers finish
tasks through the product's services, send messages, take completions back; two workers fire timers, carry signals,
begin and end called processes. All of them are killed (kill -9) at moments a seed decides, and others put in their
places. In the middle everything stops and what each process waits for is compared with its rows; then all processes
are brought to their end, and every ledger is replayed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from proofs.faults.killing import judging
from proofs.faults.killing.books import FAIR
from proofs.faults.killing.crew import Crew, processor_seconds
from proofs.faults.killing.department import make
from proofs.harness import Report, note, run, temporary_home

SIGNAL_EACH = 5.0
"""Seconds, for 100,000 completions."""
PATIENCE_AT_THE_END = 240.0
"""Longer than the lease of work whose worker was killed."""


def main(report: Report) -> None:
    chosen = _arguments()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        home = chosen.home or stack.enter_context(temporary_home())
        stack.enter_context(database_in(home))
        folder = home / "said"
        folder.mkdir()
        _begin(report, chosen.deals or max(chosen.completions // 50, 40))
        crew = stack.enter_context(Crew.working(folder, chosen.seed))
        _complete(report, crew, chosen.completions, chosen.completers)
        judging.judge_standing(report)
        _end_all(report, crew, chosen.completers)
        told = crew.told()
        judging.judge_ledger(report, told)
        judging.judge_replay(report)
        _tell_of(report, crew, told)
        _tell_time(report, time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--completions", type=int, default=100_000)
    parser.add_argument("--deals", type=int, help="a fiftieth of the completions, if not given")
    parser.add_argument("--completers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="an empty folder that is kept, to look at afterwards")
    return parser.parse_args()


@contextlib.contextmanager
def database_in(home: Path) -> Iterator[None]:
    """The database of a home, for the time of the block."""
    from kniga.runtime.session import database

    os.environ["KNIGA_HOME"] = str(home)
    os.environ.pop("DATABASE_URL", None)
    with database():
        yield


def _begin(report: Report, deals: int) -> None:
    from kniga.platform import clock

    seconds = make(deals, now=clock.now())
    report.line("deals started by start_many", deals, "deals", against=f"{seconds:.1f} s")


def _complete(report: Report, crew: Crew, wanted: int, completers: int) -> None:
    """The time of killing: until so many completions are acknowledged."""
    from kniga.platform import clock
    from kniga.processes.correlation.signals import broadcast_signal

    began = shouted = time.monotonic()
    crew.add_workers()
    crew.add_completers(completers)
    told_of = 0
    while (count := crew.completions()) < wanted:
        crew.kill_some()
        if time.monotonic() - shouted > SIGNAL_EACH:
            broadcast_signal(name=FAIR, now=clock.now())
            shouted = time.monotonic()
        if count - told_of >= wanted / 10:
            note(f"{count} completions, {dict(crew.kills)} killed, {time.monotonic() - began:.0f} s")
            told_of = count
        time.sleep(0.2)
    crew.dismiss("completer")
    crew.dismiss("worker")
    seconds, killed = time.monotonic() - began, crew.kills
    report.line("completions acknowledged", count, "tasks", goal=f">= {wanted}", holds=count >= wanted)
    report.line("rate of completions, kills included", count / seconds, "tasks/s", against=f"{seconds:.0f} s")
    report.line("workers killed", killed["worker"], "kills", goal=">= 2", holds=killed["worker"] >= 2)
    report.line("completers killed", killed["completer"], "kills")


def _end_all(report: Report, crew: Crew, completers: int) -> None:
    """Workers and completers bring every process to its end; one that is stuck would never come there."""
    from kniga.processes.models import Instance

    began = time.monotonic()
    crew.add_workers()
    crew.add_completers(completers, is_last=True)
    running = -1
    while time.monotonic() - began < PATIENCE_AT_THE_END and running != 0:
        time.sleep(0.3)
        running = Instance.objects.filter(status__in=("running", "suspended")).count()
    late = judging.late_timers()
    crew.dismiss("completer")
    crew.dismiss("worker")
    report.line("processes that could not be brought to their end", running, "processes", goal="0", holds=running == 0,
                against=f"{Instance.objects.count()} in {time.monotonic() - began:.0f} s")  # fmt: skip
    report.line("timers that are late", late, "timers", goal="0", holds=late == 0)


def _tell_of(report: Report, crew: Crew, told: list[str]) -> None:
    refused = Counter(line[2:] for line in told if line.startswith("R "))
    report.line("polite refusals", refused.total(), "answers", against=str(dict(refused.most_common())))
    for line in crew.complaints()[:20]:
        note(f"a worker said: {line}")
    report.line("lines of workers' logs", len(crew.complaints()), "lines")


def _tell_time(report: Report, seconds: float) -> None:
    """The time of the clock; beside it what processors have worked, should others use the machine too."""
    worked = processor_seconds()
    report.line("time for all", seconds, "s", against=f"{worked:.0f} s of processors' work")


if __name__ == "__main__":
    sys.exit(run(main))
