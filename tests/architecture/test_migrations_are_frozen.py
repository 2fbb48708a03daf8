"""What a migration has run is history: its SQL never changes, a change is a new file run by a new migration.

A database made yesterday would otherwise keep yesterday's functions and say that nothing is to be migrated.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("sql_of_migrations.json")


def digests() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((ROOT / "src").glob("kniga/*/sql/*.sql"))
    }


def test_the_sql_of_migrations_is_as_it_was_when_it_first_ran() -> None:
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    now = digests()
    changed = [path for path, digest in recorded.items() if now.get(path) != digest]
    assert not changed, "put the new text into a new file, run it in a new migration, and leave these: " + ", ".join(
        changed
    )


def test_every_sql_file_is_recorded() -> None:
    missing = digests().keys() - json.loads(RECORD.read_text(encoding="utf-8")).keys()
    assert not missing, f"add to {RECORD.name}: {sorted(missing)}"
