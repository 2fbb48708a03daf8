"""`make test`: the checks, then all tests on two processes, then one line that says how it went.

Arguments are passed to pytest. Browser tests need Debian's chromium, which is installed when this runs as root
and it is missing; elsewhere they fail, unless KNIGA_NO_BROWSER=1 leaves them out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import check

ROOT = Path(__file__).resolve().parents[1]
PYTEST = ROOT / ".venv" / "bin" / "pytest"
PROCESSES = os.environ.get("KNIGA_TEST_PROCESSES", "2")


def main() -> int:
    started = time.monotonic()
    without_browser = os.environ.get("KNIGA_NO_BROWSER") == "1"
    if not without_browser:
        ensure_browser()
    failed_checks = check.main()
    choice = ["-m", "not browser"] if without_browser else []
    arguments = ["-n", PROCESSES, "--dist", "loadfile", "-q", *choice, *sys.argv[1:]]
    done = subprocess.run([PYTEST, *arguments], cwd=ROOT)
    took = time.monotonic() - started
    checks = f"{failed_checks} checks FAILED" if failed_checks else "all checks ok"
    tests = "tests ok" if done.returncode == 0 else f"tests FAILED (code {done.returncode})"
    left_out = ", browser tests left out (KNIGA_NO_BROWSER=1)" if without_browser else ""
    print(f"kniga test: {checks}, {tests}{left_out}, {took:.0f} s", flush=True)
    return 1 if failed_checks or done.returncode else 0


def ensure_browser() -> None:
    """Install chromium if this machine lets us; what is missing then shows as failed browser tests."""
    if shutil.which("chromium") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("kniga test: installing chromium", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
