"""What every proof leans on: a Kniga of its own, and one JSON line per claim.

    def main(report: Report) -> None:
        with Kniga.started() as kniga:
            token = kniga.token("admin@kniga.local", role="administrator")
            status, body = kniga.api("GET", "/deals", token=token)
            report.line("deals listed", len(body["items"]), "deals", goal="0", holds=len(body["items"]) == 0)

    if __name__ == "__main__":
        sys.exit(run(main))

Each Kniga has its own home in a temporary folder and a free port; what is started here is ended here, by its id.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 180.0
PASSWORD = "proof-pass-4711"
"""The password of every person a proof makes."""


class Report:
    """Prints a JSON line per claim and remembers whether all of them hold."""

    def __init__(self) -> None:
        self.all_hold = True

    def line(
        self,
        name: str,
        value: Any,
        unit: str,
        *,
        ratio: float | None = None,
        against: str | None = None,
        goal: str | None = None,
        holds: bool = True,
    ) -> None:
        """One claim: `value` in `unit`; `ratio` to what it is measured `against`; `goal` in words or figures."""
        self.all_hold = self.all_hold and holds
        value = round(value, 3) if isinstance(value, float) else value
        ratio = None if ratio is None else round(ratio, 3)
        content = {
            "name": name, "value": value, "unit": unit, "ratio": ratio, "against": against, "goal": goal,
            "holds": holds,
        }  # fmt: skip
        print(json.dumps(content, ensure_ascii=False), flush=True)


def run(main: Callable[[Report], None]) -> int:
    """Run a proof; 0 if every claim holds, 1 if not."""
    # A polite kill must end what was started here too, so it becomes an exception.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report()
    main(report)
    return 0 if report.all_hold else 1


def note(text: str) -> None:
    """Tell a person how far it is; not part of the result."""
    print(f"proof: {text}", file=sys.stderr, flush=True)


def until(is_so: Callable[[], bool], *, seconds: float = PATIENCE) -> bool:
    """Wait for something another process does; False if it does not come about in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that is gone afterwards, and that root's database user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="kniga-proof-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Kniga:
    """A running `kniga run` with a home of its own."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    port: int = 0
    seconds_to_ready: float = 0.0
    lines: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def started(
        cls, *options: str, home: Path | None = None, demo: bool = False, env: Mapping[str, str] | None = None
    ) -> Iterator[Kniga]:
        """Start Kniga and wait until it is ready; `options` go to `kniga run`. Ends it at the end."""
        with contextlib.ExitStack() as stack:
            folder = home or stack.enter_context(temporary_home())
            environment = environment_of(folder, **(env or {}))
            kniga = cls.launch(folder, environment, *options, "--demo" if demo else "--no-demo")
            stack.callback(kniga.end)
            yield kniga

    @classmethod
    def launch(cls, home: Path, environment: dict[str, str], *options: str) -> Kniga:
        """Start `kniga run` and wait for its address."""
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "kniga", "run", *options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        kniga = cls(home, environment, process)
        try:
            kniga._await_address(began)
        except BaseException:
            # Nobody else knows of it yet.
            kniga.end()
            raise
        return kniga

    def _await_address(self, began: float) -> None:
        said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(said,), daemon=True).start()
        while (line := said.get(timeout=PATIENCE)) is not None:
            found = re.search(r"ready after .*:(\d+)/", line)
            if found:
                self.port = int(found[1])
                self.seconds_to_ready = time.monotonic() - began
                return
        raise RuntimeError("kniga run ended:\n" + "".join(self.lines))

    @property
    def url(self) -> str:
        """The address of the pages, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `kniga` command on the same home."""
        return command(*arguments, environment=self.environment, check=check)

    def token(self, email: str, *, role: str, name: str = "Proof") -> str:
        """A key of the REST API with all scopes, for a person made when missing (password: PASSWORD)."""
        self.command("user", "create", email, "--name", name, "--role", role, "--password", PASSWORD, check=False)
        made = self.command("token", "create", email, "--scope", "all", "--json")
        token: str = json.loads(made.stdout)["token"]
        return token

    def api(
        self,
        method: str,
        path: str,
        *,
        token: str,
        body: Any = None,
        key: str | None = None,
        revision: int | None = None,
        timeout: float = 30,
    ) -> tuple[int, Any]:
        """One call of the REST API on a connection of its own: status and decoded body. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return call(connection, method, path, token=token, body=body, key=key, revision=revision)
        finally:
            connection.close()

    def processes(self, text: str) -> list[psutil.Process]:
        """Our processes whose command line holds `text`: `granian`, `kniga.runtime.worker`, `postgres`."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        found = []
        for child in children:
            with contextlib.suppress(psutil.Error):
                if text in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def is_ready(self) -> bool:
        """Whether /readyz says yes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def end(self) -> None:
        """Stop it as Ctrl-C does, and make sure of it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def _read(self, said: queue.SimpleQueue[str | None]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            said.put(line)
        said.put(None)


def environment_of(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a Kniga with this home and nothing that points to another."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PORT"}}
    return {**kept, "KNIGA_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), **extra}


def command(*arguments: str, environment: Mapping[str, str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one `kniga` command; with `check` a failure raises with what it said."""
    done = subprocess.run([sys.executable, "-m", "kniga", *arguments], env=environment, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"kniga {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done


def call(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    *,
    token: str,
    body: Any = None,
    key: str | None = None,
    revision: int | None = None,
) -> tuple[int, Any]:
    """One call of the REST API on an open connection; a POST without `key` gets a fresh Idempotency-Key, and a change
    names the `revision` it was read with."""
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    content = None
    if body is not None:
        content = json.dumps(body)
        headers["Content-Type"] = "application/json"
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    if method == "POST":
        headers["Idempotency-Key"] = key or secrets.token_hex(16)
    connection.request(method, f"/api/v1{path}", content, headers)
    response = connection.getresponse()
    raw = response.read()
    is_json = "json" in (response.getheader("Content-Type") or "")
    return response.status, json.loads(raw) if raw and is_json else raw
