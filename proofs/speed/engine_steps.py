"""The pure engine: steps of `advance` per second, for a plain sale and for a process with parallel branches.

    python -m proofs.speed.engine_steps

A step is one command: a start, or a completed task with what follows it. Nothing is stored. The rate is per second of
the processor's time, which is the clock's time on a machine that does nothing else.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from kniga.engine import NEW_STATE, CompleteTask, Definition, Rejection, Start, State, Step, advance, compile_bpmn
from proofs.harness import Report, run
from proofs.speed.race.sale import STEPS, kniga_sale, parallel_sale

NOW: Final = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
GOAL: Final = 50_000
SLICES, PER_SLICE = 9, 1000


def main(report: Report) -> None:
    for name, xml, tasks in (("plain sale", kniga_sale(), STEPS), ("parallel branches", parallel_sale(), 5)):
        definition = compile_bpmn(xml)
        walk = _walk_of(definition, tasks)
        walk()
        rates = [_rate(walk) for _slice in range(SLICES)]
        value = statistics.median(rates)
        report.line(
            f"advance, {name}", value, "steps/s", against=f"{1e6 / value:.1f} µs of CPU each, {tasks + 1} steps a deal",
            goal=f">= {GOAL}", holds=value >= GOAL,
        )  # fmt: skip


def _walk_of(definition: Definition, tasks: int) -> Callable[[], int]:
    """From the start to the end of a deal: how many steps it took."""

    def walk() -> int:
        state, steps = _state(advance(definition, NEW_STATE, Start(), now=NOW)), 1
        while state.status == "running":
            state = _state(advance(definition, state, CompleteTask(state.tokens[0].id, "ok"), now=NOW))
            steps += 1
        assert (steps, state.result) == (tasks + 1, "won")
        return steps

    return walk


def _state(step: Step | Rejection) -> State:
    assert not isinstance(step, Rejection), step
    return step.state


def _rate(walk: Callable[[], int]) -> float:
    began, steps = time.process_time(), 0
    for _deal in range(PER_SLICE):
        steps += walk()
    return steps / (time.process_time() - began)


if __name__ == "__main__":
    sys.exit(run(main))
