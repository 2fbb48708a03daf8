"""Programs under test as child processes: started, read line by line, always ended."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The caller's environment with a Kniga home of its own and nothing that points elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PORT"}}
    return {**kept, "KNIGA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "kniga.config.settings", **extra}


def open_home(folder: Path) -> Path:
    """A home that the database's own user can reach: pytest's folders are closed to others."""
    home = folder / "home"
    home.mkdir(mode=0o711)
    if os.geteuid() == 0:
        for path in (home, *home.parents):
            if path.stat().st_mode & 0o777 == 0o700:
                path.chmod(0o711)
    return home


def kniga(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one `kniga` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kniga", *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE
    )


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true within a minute; for what another process does and tells nobody."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while time.monotonic() < deadline:
        if is_so():
            return True
        pause.wait(0.05)
    return False


@dataclass
class Running:
    """A program that goes on, with its lines."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _queue: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def await_line(self, text: str) -> str:
        """The next line that contains `text`; fails if the program ends or says nothing for a minute."""
        while True:
            line = self._queue.get(timeout=PATIENCE)
            assert line is not None, f"ended without saying {text!r}:\n" + "".join(self.lines)
            self.lines.append(line)
            if text in line:
                return line

    def answer(self, text: str = "") -> None:
        """Write a line to a program that was started with `answers`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def await_end(self) -> int:
        return self.process.wait(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line)
        self._queue.put(None)


@contextmanager
def running(*command: str, env: Mapping[str, str], answers: bool = False) -> Iterator[Running]:
    """Start a program; at the end it is asked to stop, and made to."""
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE if answers else None, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
