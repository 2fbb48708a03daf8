"""A real PostgreSQL of our own: made, started, stopped and recovered without anybody's help.

It listens on a Unix socket only, in a folder that nobody but its owner can enter. Any number of processes may
use one cluster at once: each holds a shared lock while it does, and the last one to leave stops the server.
Locks are the system's, so they vanish with a process that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from kniga.runtime import postgres_settings
from kniga.runtime.children import die_with_parent
from kniga.runtime.placement import Placement, decide
from kniga.runtime.postmaster import Postmaster, orphans_of, running_postmaster

Dsn = str
"""A connection address as libpq reads it: `postgresql://kniga@/kniga?host=/folder`."""

OWNER = "kniga"
DATABASE = "kniga"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOG_LIMIT = 10 * 1024 * 1024
# Servers started here that others go on using: kept, because Python warns of a child nobody waits for.
_LEFT_TO_OTHERS: list[subprocess.Popen[bytes]] = []


class ClusterError(RuntimeError):
    """The server could not be made, started or stopped; the message ends with its log."""


class Cluster:
    """One embedded PostgreSQL, named by the folder its data is wanted in.

    `record` is the file that keeps where the data really went (see `placement`). A `throwaway` cluster gives
    up durability, dies with the thread that started it, and is deleted when it stops.
    """

    def __init__(self, data_dir: Path, *, record: Path | None = None, throwaway: bool = False) -> None:
        self.throwaway = throwaway
        self.placement: Placement = decide(data_dir, record)
        self._users_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def temporary(cls) -> Cluster:
        """A throw-away cluster in a new folder under the system's temp folder."""
        # As root the temp folder of the caller may be closed to the database's user; /tmp never is.
        root = os.geteuid() == 0
        folder = Path(tempfile.mkdtemp(prefix="kniga-test-", dir="/tmp" if root else None))
        if root:
            folder.chmod(0o711)
        return cls(folder / "pg", throwaway=True)

    @property
    def dsn(self) -> Dsn:
        """The address of the cluster's database, whether or not it runs."""
        return self.dsn_of(DATABASE)

    @property
    def log_file(self) -> Path:
        """What the server printed."""
        return self.placement.data.parent / f"{self.placement.data.name}.log"

    def dsn_of(self, database: str) -> Dsn:
        """The address of another database of this cluster."""
        return f"postgresql://{OWNER}@/{database}?host={self.placement.sockets}"

    def __enter__(self) -> Dsn:
        return self.ensure_started()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def is_running(self) -> bool:
        """Whether a server works on this data and takes connections."""
        postmaster = running_postmaster(self.placement.data)
        return postmaster is not None and postmaster.is_ready

    def ensure_started(self) -> Dsn:
        """Attach to the running server, or make and start one; return its address.

        Raises ClusterError if the server does not come up.
        """
        with self._changing():
            self._hold()
            if not self._is_answering():
                self._make()
                self._start()
        return self.dsn

    def _is_answering(self) -> bool:
        """Whether the server is there and answers; one that is just dying is waited for."""
        if not self.is_running():
            return False
        # Here, not above: `kniga run` watches for years and needs no driver for that.
        import psycopg

        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running():
            try:
                with psycopg.connect(self.dsn_of("postgres"), connect_timeout=5):
                    return True
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ClusterError(f"PostgreSQL runs but does not answer: {error}") from error
                time.sleep(0.05)
        return False

    def release(self) -> None:
        """Leave the cluster; the last one to leave stops it."""
        with self._changing():
            if self._leave():
                self._stop()
            elif self._process is not None:
                _LEFT_TO_OTHERS.append(self._process)
        if self.throwaway and not self.is_running():
            self._delete()

    def stop(self) -> None:
        """Stop the server whoever else uses it."""
        with self._changing():
            self._leave()
            self._stop()
        if self.throwaway:
            self._delete()

    # Locks: `.lock` guards starting and stopping, `.users` is held shared by everyone who uses the server.

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        descriptor = self._open_lock("lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _hold(self) -> None:
        if self._users_lock is None:
            self._users_lock = self._open_lock("users")
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Give up the shared lock; true if nobody else holds it."""
        if self._users_lock is None:
            return False
        try:
            fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(self._users_lock)
            self._users_lock = None
        return True

    def _open_lock(self, name: str) -> int:
        data = self.placement.data
        data.parent.mkdir(parents=True, exist_ok=True)
        return os.open(data.parent / f"{data.name}.{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    # Making, starting and stopping; called with `.lock` held.

    def _make(self) -> None:
        data = self.placement.data
        self.placement.give(self.placement.sockets)
        if (data / "PG_VERSION").exists() and (data / "kniga.conf").exists():
            self.placement.give(data)
            return
        # A folder without kniga.conf is what an interrupted initdb left: nothing was ever stored in it.
        if data.exists():
            shutil.rmtree(data)
        self.placement.give(data)
        self._run_initdb()
        with (data / "postgresql.conf").open("a") as handle:
            handle.write("\ninclude_if_exists = 'kniga.conf'\n")
        (data / "kniga.conf").touch()

    def _run_initdb(self) -> None:
        command = [
            str(self.placement.binaries / "initdb"),
            f"--pgdata={self.placement.data}",
            f"--username={OWNER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            # With plain C pg_trgm ignores Cyrillic letters.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(["--no-sync"] if self.throwaway else []),
        ]
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            **self.placement.process_options(),
        )
        if done.returncode != 0:
            shutil.rmtree(self.placement.data, ignore_errors=True)
            raise ClusterError(f"initdb failed:\n{done.stdout.decode(errors='replace')}")

    def _start(self) -> None:
        data = self.placement.data
        libraries = self.placement.binaries.parent / "lib"
        (data / "kniga.conf").write_text(
            postgres_settings.configuration(
                sockets=self.placement.sockets, libraries=libraries, throwaway=self.throwaway
            )
        )
        (data / "kniga.conf").chmod(0o644)
        self._clear_remains()
        with self._open_log() as log:
            self._process = subprocess.Popen(
                [str(self.placement.binaries / "postgres"), "-D", str(data)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                # A session of its own: Ctrl-C in the terminal must not reach it before its clients are gone.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT) if self.throwaway else None,
                **self.placement.process_options(),
            )
        self._await_ready(self._process)
        self._ensure_database()

    def _clear_remains(self) -> None:
        """Remove what a killed server left: its pid file, and backends that still hold its shared memory."""
        data = self.placement.data
        if self._process is not None:
            # A killed child that nobody waited for still has its number, which looks like life.
            self._process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        signals = [signal.SIGQUIT, signal.SIGKILL]
        while orphans := orphans_of(data):
            if time.monotonic() > deadline:
                raise ClusterError(f"processes {orphans} of an earlier server do not end")
            number = signals.pop(0) if len(signals) > 1 else signals[0]
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.1)
        (data / "postmaster.pid").unlink(missing_ok=True)
        for remains in self.placement.sockets.glob(".s.PGSQL.*"):
            remains.unlink()

    def _open_log(self) -> BinaryIO:
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT:
            return self.log_file.open("wb")
        return self.log_file.open("ab")

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ClusterError(f"PostgreSQL did not start. Its log ends:\n{self._log_tail()}")
            # Polling is what pg_ctl does too: the server has no way to call back.
            time.sleep(0.02)

    def _ensure_database(self) -> None:
        made = self.placement.data / "kniga.made"
        if made.exists():
            return
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.dsn_of("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        made.touch()

    def _stop(self) -> None:
        postmaster = running_postmaster(self.placement.data)
        if postmaster is None:
            return
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            postmaster.send(number)
            if self._gone(postmaster, seconds):
                with contextlib.suppress(OSError):
                    self.placement.sockets.rmdir()
                return
        raise ClusterError(f"PostgreSQL (process {postmaster.pid}) does not stop:\n{self._log_tail()}")

    def _gone(self, postmaster: Postmaster, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is not None:
                self._process.poll()
            if not postmaster.is_alive():
                return True
            time.sleep(0.02)
        return False

    def _delete(self) -> None:
        shutil.rmtree(self.placement.data, ignore_errors=True)
        shutil.rmtree(self.placement.sockets, ignore_errors=True)
        shutil.rmtree(self.placement.data.parent, ignore_errors=True)

    def _log_tail(self) -> str:
        if not self.log_file.exists():
            return "(no log)"
        return self.log_file.read_text(errors="replace")[-2000:]


def _environment() -> dict[str, str]:
    """The caller's environment without settings that would change what the server does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
