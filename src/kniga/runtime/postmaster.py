"""Finding the server processes that belong to a data folder."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """The head process of a running server, as its pid file tells."""

    pid: int
    status: str

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections (recovery after a crash comes before that)."""
        return self.status == "ready"

    def send(self, number: int) -> None:
        """Send a signal; a process that is gone already is no error."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def is_alive(self) -> bool:
        """Whether the process still runs (a zombie does not)."""
        return _is_postgres(self.pid)


def running_postmaster(data: Path) -> Postmaster | None:
    """The server working on `data`; None if the pid file is absent or left by a server that died."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(lines) < 2 or not lines[0].lstrip("-").isdigit():
        return None
    pid = abs(int(lines[0]))
    # The number may belong to somebody else by now, so the process must be a postgres of this very folder.
    if not _is_postgres(pid) or not _works_in(pid, data):
        return None
    return Postmaster(pid, lines[7].strip() if len(lines) > 7 else "starting")


def orphans_of(data: Path) -> list[int]:
    """Processes of a server on `data` that outlived their head process.

    Linux only; elsewhere backends end by themselves within moments, and the server waits for them.
    """
    if not PROC.is_dir():
        return []
    numbers = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if _cwd_of(pid) == data.resolve() and _is_postgres(pid)]


def _cwd_of(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _works_in(pid: int, data: Path) -> bool:
    if not PROC.is_dir():
        return True
    folder = _cwd_of(pid)
    # Unreadable means it is another user's process: not one that we started.
    return folder is not None and folder == data.resolve()


def _is_postgres(pid: int) -> bool:
    if not PROC.is_dir():
        listed = subprocess.run(["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True)
        return "postgres" in listed.stdout and not listed.stdout.startswith("Z")
    try:
        status = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return False
    name, _, rest = status.partition("(")[2].rpartition(")")
    return name.startswith("postgres") and not rest.strip().startswith("Z")
