"""The processes that work, and are killed: job workers and completers, each started again at once."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from kniga.runtime.children import die_with_parent
from proofs.faults.killing.completing import Share
from proofs.harness import ROOT

WORKERS = 2
WORKER_LIVES = (6.0, 40.0)
COMPLETER_LIVES = (30.0, 120.0)
"""Seconds from the start of one to its death, at least and at most."""


@dataclass
class Hand:
    """One place in the crew: the process that fills it, and when it dies."""

    kind: str
    start: Callable[[], subprocess.Popen[bytes]]
    lives: tuple[float, float]
    process: subprocess.Popen[bytes]
    dies_at: float


@dataclass
class Crew:
    """Workers and completers of one run; everything it starts, it ends."""

    folder: Path
    chance: random.Random
    hands: list[Hand] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    ended_alone: Counter[str] = field(default_factory=Counter)
    launched: int = 0

    @classmethod
    @contextlib.contextmanager
    def working(cls, folder: Path, seed: int) -> Iterator[Crew]:
        """A crew without anybody yet."""
        crew = cls(folder, random.Random(seed))
        try:
            yield crew
        finally:
            for hand in crew.hands:
                hand.process.kill()
                hand.process.wait()

    @property
    def stop_file(self) -> Path:
        """Completers stop when it is there."""
        return self.folder / "stop"

    def add_workers(self, lives: tuple[float, float] = WORKER_LIVES) -> None:
        """Two job workers, as `kniga run` starts them."""
        for _number in range(WORKERS):
            self._add("worker", self._start_worker, lives)

    def add_completers(self, count: int, *, is_last: bool = False) -> None:
        """So many completers; those of the last round bring every process to its end."""
        self.stop_file.unlink(missing_ok=True)
        for part in range(count):
            share = Share("", str(self.stop_file), 0, part, count, is_last=is_last)
            self._add("completer", lambda share=share: self._start_completer(share), COMPLETER_LIVES)

    def kill_some(self) -> None:
        """Kill those whose time has come, and put others in their places."""
        now = time.monotonic()
        for hand in self.hands:
            if hand.process.poll() is not None:
                self.ended_alone[hand.kind] += 1
            elif now < hand.dies_at:
                continue
            else:
                hand.process.kill()
                hand.process.wait()
                self.kills[hand.kind] += 1
            hand.process, hand.dies_at = hand.start(), now + self.chance.uniform(*hand.lives)

    def dismiss(self, kind: str) -> None:
        """Let those of a kind end by themselves."""
        if kind == "completer":
            self.stop_file.touch()
        for hand in self.hands:
            if hand.kind == kind:
                if kind == "worker":
                    hand.process.terminate()
                hand.process.wait(60)
        self.hands = [hand for hand in self.hands if hand.kind != kind]

    def told(self) -> list[str]:
        """Every line the completers have written, those of killed ones too; a line cut short is none."""
        lines: list[str] = []
        for path in sorted(self.folder.glob("completer-*.log")):
            lines += path.read_text().rpartition("\n")[0].splitlines()
        return lines

    def completions(self) -> int:
        """How many completions were acknowledged so far."""
        return sum(f"\n{path.read_text()}".count("\nC ") for path in self.folder.glob("completer-*.log"))

    def complaints(self) -> list[str]:
        """What the workers logged."""
        return [
            line for path in sorted(self.folder.glob("worker-*.log")) for line in path.read_text().splitlines() if line
        ]

    def _add(self, kind: str, start: Callable[[], subprocess.Popen[bytes]], lives: tuple[float, float]) -> None:
        self.hands.append(Hand(kind, start, lives, start(), time.monotonic() + self.chance.uniform(*lives)))

    def _start_worker(self) -> subprocess.Popen[bytes]:
        self.launched += 1
        return self._launch([sys.executable, "-m", "kniga.runtime.worker"], f"worker-{self.launched}.log")

    def _start_completer(self, share: Share) -> subprocess.Popen[bytes]:
        self.launched += 1
        log = self.folder / f"completer-{self.launched}.log"
        asked = replace(share, log=str(log), seed=self.chance.randrange(2**32))
        return self._launch(asked.arguments, f"completer-{self.launched}.err")

    def _launch(self, command: list[str], output: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
        with (self.folder / output).open("wb") as said:
            return subprocess.Popen(
                command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )  # fmt: skip


def processor_seconds() -> float:
    """What this process, all it has started and PostgreSQL have worked so far; Django must be set up."""
    from django.db import connection

    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid).parent()
    assert server is not None, "a backend is a child of its server"
    found = [psutil.Process(), server, *server.children()]
    return sum(sum(process.cpu_times()[:4]) for process in found)
