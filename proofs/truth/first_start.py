"""A fresh clone, one command, a signed-in page; and the second start.

    python -m proofs.truth.first_start [--cold]

Clones this checkout's last commit into a temporary folder, runs `make run` there, signs in with what it prints and
opens the desk. Then it stops Kniga as Ctrl-C does, looks whether anything is left, and starts it again. `--cold` gives
pip and npm empty caches, so that everything is fetched anew.
"""

from __future__ import annotations

import argparse
import contextlib
import http.cookiejar
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from proofs.harness import ROOT, Report, note, run

FIRST_START_GOAL_SECONDS = 300.0
SECOND_START_GOAL_SECONDS = 15.0
PATIENCE = 900.0


def main(report: Report) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="empty caches of pip and npm")
    chosen = parser.parse_args()
    with _clone() as checkout:
        environment = _environment(checkout, cold=chosen.cold)
        first = _start_and_sign_in(report, "first start", checkout, environment, FIRST_START_GOAL_SECONDS)
        second = _start_and_sign_in(report, "second start", checkout, environment, SECOND_START_GOAL_SECONDS)
        report.line("second start against the first", second, "s", ratio=second / first, against=f"{first:.1f} s")


@contextlib.contextmanager
def _clone() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kniga-first-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        checkout = folder / "kniga"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        yield checkout
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(checkout: Path, *, cold: bool) -> dict[str, str]:
    dropped = {"DATABASE_URL", "KNIGA_HOME", "PORT", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    if cold:
        caches = checkout.parent / "caches"
        kept |= {"PIP_CACHE_DIR": str(caches / "pip"), "npm_config_cache": str(caches / "npm")}
    return kept


def _start_and_sign_in(report: Report, name: str, checkout: Path, environment: dict[str, str], goal: float) -> float:
    """Run `make run`, sign in, stop; returns the seconds from the command to the signed-in page."""
    began = time.monotonic()
    with _make_run(checkout, environment) as lines:
        address, email, password = _await_sign_in(lines)
        status, seen = _sign_in(address, email, password)
        seconds = time.monotonic() - began
        signed_in = status == 200 and "/accounts/login" not in seen
        report.line(f"{name}: signed-in page", seen, "address", goal="a page behind the sign-in", holds=signed_in)
    report.line(f"{name}: from the command to it", seconds, "s", goal=f"<= {goal:g} s", holds=seconds <= goal)
    left = _processes_of(checkout)
    report.line(f"{name}: processes left after Ctrl-C", len(left), "processes", goal="0", holds=not left)
    return seconds


@contextlib.contextmanager
def _make_run(checkout: Path, environment: dict[str, str]) -> Iterator[queue.SimpleQueue[str | None]]:
    process = subprocess.Popen(
        ["make", "run", f"PYTHON={_system_python()}"],
        cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        yield lines
    finally:
        # Ctrl-C in a terminal goes to the whole group in front.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _system_python() -> str:
    """The Python outside of any virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def _await_sign_in(lines: queue.SimpleQueue[str | None]) -> tuple[str, str, str]:
    """The address and the first sign-in that `make run` prints."""
    address, said = "", []
    while (line := lines.get(timeout=PATIENCE)) is not None:
        said.append(line)
        if not line.startswith("WARNING"):
            note(line.rstrip())
        found = re.search(r"ready after .* at (http://\S+?)/ ", line)
        address = found[1] if found else address
        words = line.split()
        if address and len(words) >= 3 and "@" in words[1]:
            return address, words[1], words[2]
    raise RuntimeError("make run ended:\n" + "".join(said[-30:]))


def _sign_in(address: str, email: str, password: str) -> tuple[int, str]:
    """Sign in as a browser does; the status and address of the page it ends on."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = opener.open(f"{address}/accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None, "the sign-in page has no form"
    fields = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
    request = urllib.request.Request(
        f"{address}/accounts/login/", urllib.parse.urlencode(fields).encode(), {"Referer": f"{address}/"}
    )
    try:
        page = opener.open(request)
    except urllib.error.HTTPError as error:
        return error.code, str(error.url)
    return page.status, str(page.url)


def _processes_of(checkout: Path) -> list[psutil.Process]:
    """What still runs out of this checkout, after a moment to end."""
    mine = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(checkout) in " ".join(process.cmdline()):
                mine.append(process)
    return psutil.wait_procs(mine, timeout=20)[1]


if __name__ == "__main__":
    sys.exit(run(main))
