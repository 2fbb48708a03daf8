"""All checks that need no running server: lint, format, types, import contracts, templates, migrations."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / ".venv" / "bin"
PYTHON = str(PROGRAMS / "python")
SOURCES = ("src", "tests", "tools", "proofs")

# The longest first: two run at a time.
CHECKS: dict[str, list[str]] = {
    "types": [str(PROGRAMS / "mypy")],
    "lint": [str(PROGRAMS / "ruff"), "check", *SOURCES],
    "format": [str(PROGRAMS / "ruff"), "format", "--check", *SOURCES],
    "import contracts": [str(PROGRAMS / "lint-imports")],
    "templates": [PYTHON, "tools/check_templates.py"],
    "migrations": [PYTHON, "-W", "ignore::RuntimeWarning", "-m", "django", "makemigrations", "--check", "--dry-run"],
    "front-end types": [PYTHON, "tools/frontend.py", "check"],
}


def main() -> int:
    """Run the checks; returns how many failed."""
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, CHECKS))
    return sum(not result for result in results)


def run(name: str) -> bool:
    """Run one check and print its line; its output follows if it failed."""
    started = time.monotonic()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "kniga.config.settings", "KNIGA_LOG_LEVEL": "WARNING"}
    command = [part for part in CHECKS[name] if part not in SOURCES or (ROOT / part).is_dir()]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    passed = done.returncode == 0
    line = f"check: {name} {'ok' if passed else 'FAILED'} ({time.monotonic() - started:.1f} s)"
    print(line if passed else f"{line}\n{done.stdout}", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
