"""Keeps the processes of `kniga run` alive, and ends them in order.

A child that dies is started again, after a pause that grows while it keeps dying. All children are told by
the kernel when this process dies, so that nothing of it survives a kill -9 except the database server, which
the next start takes over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kniga.runtime.children import die_with_parent
from kniga.runtime.postgres import Cluster, ClusterError

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY_SECONDS = 60.0
WATCH_SECONDS = 0.3
LOG_LIMIT = 20 * 1024 * 1024

Say = Callable[[str], None]


@dataclass
class Child:
    """One process to keep alive; it gets `stop_seconds` to end by itself when asked to."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path | None
    stop_seconds: float = 15.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    retry_at: float = 0.0

    def start(self) -> None:
        """Start the process; call from the main thread, whose death the child is tied to."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self._open_log()) if self.log_file else None
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # Out of the terminal's group: Ctrl-C reaches the supervisor alone, which ends children in order.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """The exit code once the process has ended."""
        return None if self.process is None else self.process.poll()

    def stop(self) -> None:
        """Ask the process to end, and make its whole group end if it does not."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.stop_seconds)
        # Also what it may have left: grandchildren share its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _open_log(self) -> contextlib.AbstractContextManager[int]:
        assert self.log_file is not None
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        return _Descriptor(os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640))


class _Descriptor:
    def __init__(self, number: int) -> None:
        self.number = number

    def __enter__(self) -> int:
        return self.number

    def __exit__(self, *_: object) -> None:
        os.close(self.number)


@dataclass
class Supervisor:
    """Watches `children` and, if it is ours, the database `cluster`."""

    children: list[Child]
    cluster: Cluster | None
    say: Say
    _stop: threading.Event = field(default_factory=threading.Event)

    def catch_signals(self) -> None:
        """End on Ctrl-C, on a polite kill and on a closed terminal."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start all children."""
        for child in self.children:
            child.start()

    def watch(self, *, until: Callable[[], bool] | None = None) -> None:
        """Keep everything alive until the end is asked for (or `until` says yes)."""
        while not self._stop.wait(WATCH_SECONDS):
            if until is not None and until():
                return
            self._watch_cluster()
            for child in self.children:
                self._watch_child(child)

    def stop(self) -> None:
        """End the children, the last started first, then leave the cluster."""
        for child in reversed(self.children):
            child.stop()
        if self.cluster is not None:
            self.cluster.release()

    def _watch_cluster(self) -> None:
        if self.cluster is None or self.cluster.is_running():
            return
        self.say("the database server died; starting it again")
        try:
            self.cluster.ensure_started()
        except ClusterError as error:
            self.say(f"the database server did not come back, trying again: {error}")
        else:
            self.say("the database server is back")

    def _watch_child(self, child: Child) -> None:
        now = time.monotonic()
        code = child.ended()
        if code is None:
            if child.failures and now - child.started_at > STEADY_SECONDS:
                child.failures = 0
            return
        if not child.retry_at:
            pause = PAUSES[min(child.failures, len(PAUSES) - 1)]
            child.failures += 1
            child.retry_at = now + pause
            where = f" (see {child.log_file})" if child.log_file else ""
            self.say(f"{child.name} ended with {_cause(code)}; starting it again in {pause:g} s{where}")
        if now >= child.retry_at:
            # Whatever of its group is left would keep the port or the jobs.
            child.stop()
            child.retry_at = 0.0
            child.start()


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"code {code}"
