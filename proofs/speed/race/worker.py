"""A worker of the race: a process with one connection that completes tasks when it is told to.

It reads orders from its standard input, one a line, and answers each with a line of JSON: `prepare N` (have at least
N completions at hand), `run SECONDS` (complete as many as there is time for) and `end`.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Generic, TypeVar

import psutil

from proofs.speed.race.sale import COMPLETED

Handle = TypeVar("Handle")
IN_TURNS = 20
"""Instances a worker has under way at a time."""


class Engine(ABC, Generic[Handle]):
    """One engine in this process; a handle is whatever it finds the next task of an instance by."""

    @abstractmethod
    def start(self, count: int) -> list[Handle]:
        """Start instances, each with its first task open."""

    @abstractmethod
    def complete(self, handle: Handle) -> Handle:
        """Complete the open task of an instance with "ok"; the handle of its next one. Durable on return."""

    @abstractmethod
    def backend(self) -> int:
        """The process id of the connection's server process."""


@dataclass
class Supply(Generic[Handle]):
    """Instances to complete tasks of: some under way in turns, so that all steps are met alike, the rest not begun."""

    waiting: list[Handle] = field(default_factory=list)
    under_way: deque[tuple[Handle, int]] = field(default_factory=deque)

    @property
    def completions(self) -> int:
        """How many tasks can be completed."""
        begun = sum(COMPLETED - step for _handle, step in self.under_way)
        return begun + COMPLETED * len(self.waiting)

    def take(self) -> tuple[Handle, int] | None:
        """An instance and how many of its tasks are done; None when all are used up."""
        while self.waiting and len(self.under_way) < IN_TURNS:
            self.under_way.append((self.waiting.pop(), 0))
        return self.under_way.popleft() if self.under_way else None

    def give_back(self, handle: Handle, step: int) -> None:
        """What is left of it waits for its next turn."""
        if step < COMPLETED:
            self.under_way.append((handle, step))


def serve(engine: Engine[Handle]) -> None:
    """Carry out orders until told to end."""
    supply: Supply[Handle] = Supply()
    for line in sys.stdin:
        order, _space, value = line.strip().partition(" ")
        if order == "end":
            return
        if order == "prepare":
            missing = int(value) - supply.completions
            if missing > 0:
                supply.waiting += engine.start(ceil(missing / COMPLETED))
            answer: dict[str, float] = {"completions": supply.completions}
            # What is there stays: Kniga's web server does so after its start, and so it shall be for all of them.
            gc.collect()
            gc.freeze()
        else:
            answer = _run(engine, supply, float(value))
        print(json.dumps(answer), flush=True)


def _run(engine: Engine[Handle], supply: Supply[Handle], seconds: float) -> dict[str, float]:
    backend = psutil.Process(engine.backend())
    client, server, began = time.process_time(), _cpu(backend), time.perf_counter()
    done = 0
    while time.perf_counter() - began < seconds and (taken := supply.take()):
        handle, step = taken
        supply.give_back(engine.complete(handle), step + 1)
        done += 1
    return {
        "done": done,
        "seconds": time.perf_counter() - began,
        "client": time.process_time() - client,
        "server": _cpu(backend) - server,
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass
class Slice:
    """What some workers did side by side in one slice of time."""

    done: int
    rate: float
    client: float
    server: float


class Team:
    """Workers of one engine, each a process of its own; they are ended with the block."""

    def __init__(self, size: int, environment: Mapping[str, str], name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"proofs.speed.race.{name}", *arguments]
        self.workers = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _number in range(size)
        ]

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_error: object) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self.workers:
            worker.wait(30)

    def prepare(self, workers: int, completions: int) -> None:
        """Have so many completions at hand in each of the first workers."""
        self._order(workers, f"prepare {completions}")

    def run(self, workers: int, seconds: float) -> Slice:
        """Let the first workers complete tasks at the same time."""
        told = self._order(workers, f"run {seconds}")
        return Slice(
            sum(int(one["done"]) for one in told),
            sum(one["done"] / one["seconds"] for one in told),
            sum(one["client"] for one in told),
            sum(one["server"] for one in told),
        )

    def _order(self, workers: int, order: str) -> list[dict[str, Any]]:
        chosen = self.workers[:workers]
        for worker in chosen:
            assert worker.stdin is not None
            worker.stdin.write(f"{order}\n")
            worker.stdin.flush()
        answers = []
        for worker in chosen:
            assert worker.stdout is not None
            line = worker.stdout.readline()
            if not line:
                raise RuntimeError(f"{worker.args!r} ended with {worker.wait(30)}")
            answers.append(json.loads(line))
        return answers
