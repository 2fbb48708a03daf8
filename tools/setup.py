"""Make a checkout ready to run: virtual environment, pinned packages, front end, translations.

Uses the standard library only, does nothing twice, and needs no tool but Python with pip and venv.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this line is what tells an older Python's user)
    sys.exit("Kniga needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")

import argparse
import hashlib
import os
import subprocess
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LAUNCHER = """\
#!{python}
import sys

from kniga.cli import main

sys.exit(main())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--no-frontend", action="store_true", help="leave the front end as it is")
    chosen = parser.parse_args()
    step("virtual environment", make_environment)
    step("packages", lambda: install_packages(dev=chosen.dev))
    step("kniga command", install_kniga)
    if not chosen.no_frontend:
        step("front end", lambda: run_tool("tools/frontend.py"))
    step("translations", compile_messages)


def step(name: str, work: object) -> None:
    """Run one step and tell it only if it took a noticeable time."""
    started = time.monotonic()
    assert callable(work)
    work()
    took = time.monotonic() - started
    if took > 1:
        print(f"set-up: {name} ready in {took:.0f} s", flush=True)


def make_environment() -> None:
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0:
        return
    print("set-up: making the virtual environment", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=True)
    except (subprocess.CalledProcessError, ImportError):
        sys.exit("This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv")


def install_packages(*, dev: bool) -> None:
    """Install what the lock files pin, if they changed since the last time."""
    stamp = VENV / "kniga-packages"
    done = stamp.read_text().split() if stamp.exists() else []
    locks = {name: digest(ROOT / "requirements" / f"{name}.txt") for name in ("base", "dev")}
    wanted = "dev" if dev else "base"
    if locks[wanted] in done:
        return
    print("set-up: installing packages (the first time takes a minute or two)", flush=True)
    lock = ROOT / "requirements" / f"{wanted}.txt"
    arguments = ["install", "-qq", "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
    if subprocess.run([PYTHON, "-m", "pip", *arguments]).returncode != 0:
        sys.exit("set-up: pip could not install the packages; its message is above")
    # The development lock holds everything of the base one.
    stamp.write_text("\n".join(locks.values() if dev else [locks["base"]]) + "\n")


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


def install_kniga() -> None:
    """Put `src` on the environment's path and write the `kniga` command."""
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True).stdout.strip())
    write(packages / "kniga.pth", f"{ROOT / 'src'}\n")
    command = VENV / "bin" / "kniga"
    write(command, LAUNCHER.format(python=PYTHON))
    command.chmod(0o755)


def write(path: Path, content: str) -> None:
    if not path.exists() or path.read_text() != content:
        path.write_text(content)


def run_tool(path: str) -> None:
    if subprocess.run([PYTHON, ROOT / path]).returncode != 0:
        sys.exit(f"set-up: {path} failed; its message is above")


def compile_messages() -> None:
    """Compile the translations that changed (an import of Babel costs, so ask the files first)."""
    sources = sorted((ROOT / "src" / "kniga" / "locale").glob("**/*.po"))
    if all(is_compiled(source) for source in sources):
        return
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    if subprocess.run([PYTHON, "-m", "kniga.config.messages", "compile"], env=environment).returncode != 0:
        sys.exit("set-up: the translations could not be compiled; the message is above")


def is_compiled(source: Path) -> bool:
    """Whether the compiled file of this source is at least as new as it."""
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


if __name__ == "__main__":
    main()
