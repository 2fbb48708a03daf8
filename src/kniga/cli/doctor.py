"""`kniga doctor`: is everything there, and does it work?"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from kniga.cli.output import print_json
from kniga.runtime.home import CHECKOUT, current_home
from kniga.runtime.placement import shipped_binaries

PACKAGE = CHECKOUT / "src" / "kniga"
ENOUGH_GIGABYTES = 1.0
OLDEST_POSTGRESQL = 150000


@dataclass(frozen=True)
class Finding:
    """What one check saw, and what cures it."""

    check: str
    ok: bool
    seen: str
    cure: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False) -> None:
    """Check that everything Kniga needs is there and works; exit code 1 if something is not."""
    findings = [_python(), _disk(), _bundle(), _messages(), _binaries(), *_database()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "ok  " if finding.ok else "FAIL"
            cure = "" if finding.ok or not finding.cure else f" -> {finding.cure}"
            print(f"{mark} {finding.check}: {finding.seen}{cure}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    seen = sys.version.split()[0]
    return Finding("Python", sys.version_info >= (3, 11), seen, "use Python 3.11 or newer")


def _disk() -> Finding:
    home = current_home().prepare()
    free = shutil.disk_usage(home.root).free / 1e9
    is_writable = os.access(home.root, os.W_OK)
    seen = f"{home.root}, {free:.1f} GB free" + ("" if is_writable else ", not writable")
    return Finding("home", is_writable and free >= ENOUGH_GIGABYTES, seen, "free some space or set KNIGA_HOME")


def _bundle() -> Finding:
    built = PACKAGE / "web" / "static" / "build"
    try:
        # The files carry the hash of their content in their names; the manifest tells which.
        names = json.loads((built / "manifest.json").read_bytes())
    except (OSError, ValueError):
        names = {}
    missing = [name for name in ("app.js", "app.css") if not (built / names.get(name, name)).is_file()]
    seen = f"{', '.join(missing)} missing" if missing else "built"
    return Finding("front end", not missing, seen, "make setup")


def _messages() -> Finding:
    sources = list((PACKAGE / "locale").glob("*/*/LC_MESSAGES/*.po"))
    missing = [path for path in sources if not path.with_suffix(".mo").exists()]
    seen = f"{len(missing)} of {len(sources)} catalogues not compiled" if missing else f"{len(sources)} compiled"
    return Finding("translations", not missing, seen, "make setup")


def _binaries() -> Finding:
    if os.environ.get("DATABASE_URL"):
        return Finding("PostgreSQL binaries", True, "not needed: DATABASE_URL is set")
    return _seen("PostgreSQL binaries", lambda: str(shipped_binaries()), "make setup")


def _seen(check: str, look: Callable[[], str], cure: str) -> Finding:
    try:
        return Finding(check, True, look())
    except Exception as error:
        return Finding(check, False, str(error).strip(), cure)


def _database() -> list[Finding]:
    from kniga.cli.database import LETTERS_CURE
    from kniga.runtime.session import database, folds_letters, pending_migrations

    try:
        with database(migrate=False):
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
                    " pg_size_pretty(pg_database_size(current_database()))"
                )
                version, number, size = cursor.fetchone()
            pending, folds = pending_migrations(), folds_letters()
    except Exception as error:
        return [Finding("database", False, str(error).strip(), "see the server's log, or DATABASE_URL")]
    told = f"{len(pending)} not applied" if pending else "all applied"
    return [
        Finding("database", number >= OLDEST_POSTGRESQL, f"PostgreSQL {version}, {size}", "use PostgreSQL 15 or newer"),
        Finding("letters", folds, "capital letters are known" if folds else "only those of ASCII are", LETTERS_CURE),
        Finding("migrations", not pending, told, "kniga migrate"),
    ]
