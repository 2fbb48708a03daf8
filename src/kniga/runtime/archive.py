"""Backups: one file with everything, and the way back.

The file is a tar archive of `manifest.json` (row counts and migrations), `database.dump` (pg_dump's custom
format) and `media/`. Counts and dump are taken from one snapshot, so they agree whatever goes on meanwhile, and
a restore can be checked against them to the row.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kniga.runtime.home import Home
from kniga.runtime.placement import shipped_binaries
from kniga.runtime.postgres import Dsn

FORMAT = 1
Progress = Callable[[str], None]


class ArchiveError(RuntimeError):
    """A backup that cannot be made or read back; the message names the cure."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: rows per table and the migrations its tables come from."""

    format: int
    made_at: str
    tables: dict[str, int]
    migrations: list[str]

    @property
    def rows(self) -> int:
        """Rows in all tables together."""
        return sum(self.tables.values())


def write_archive(address: Dsn, home: Home, target: Path, *, now: datetime, progress: Progress) -> Manifest:
    """Write everything into `target`, which appears only when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            dump = Path(folder) / "database.dump"
            with _snapshot(address) as (connection, snapshot):
                progress("counting rows")
                manifest = Manifest(FORMAT, now.isoformat(), _row_counts(connection), _migrations(connection))
                progress(f"dumping {manifest.rows:,} rows")
                _run(
                    "pg_dump",
                    "--format=custom",
                    "--no-owner",
                    f"--snapshot={snapshot}",
                    f"--file={dump}",
                    address=address,
                )
            progress("packing")
            _pack(draft, manifest, dump, home.media)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def read_archive(address: Dsn, home: Home, source: Path, *, progress: Progress) -> Manifest:
    """Fill the empty database at `address` from `source` and check every table's row count.

    Raises ArchiveError if the database holds people or is in use, or if the file is no whole backup.
    """
    with tempfile.TemporaryDirectory(prefix="kniga-restore-") as name:
        folder = Path(name)
        progress("unpacking")
        manifest = _unpack(source, folder)
        with psycopg.connect(address, autocommit=True) as connection:
            _refuse_used(connection)
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        progress(f"restoring {manifest.rows:,} rows")
        _run(
            "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction",
            str(folder / "database.dump"), address=address,
        )  # fmt: skip
        progress("checking")
        with psycopg.connect(address) as connection:
            _compare(manifest, _row_counts(connection))
        _place_media(folder / "media", home.media)
    return manifest


@contextlib.contextmanager
def _snapshot(address: Dsn) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    with psycopg.connect(address) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert found is not None
        yield connection, found[0]


def _row_counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of every table; a partitioned table counts once, with all its partitions."""
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    ).fetchall()
    counts = {}
    for (name,) in names:
        counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        assert counted is not None
        counts[name] = int(counted[0])
    return counts


def _migrations(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def _run(program: str, *arguments: str, address: Dsn) -> None:
    place, secrets = open_and_secret(address)
    done = subprocess.run(
        [str(shipped_binaries() / program), f"--dbname={place}", *arguments],
        env={**os.environ, **secrets},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ArchiveError(f"{program} failed: {done.stderr.strip()}")


def open_and_secret(address: Dsn) -> tuple[str, dict[str, str]]:
    """The address without its password, and the environment that gives it: everybody on the machine reads argv."""
    parts: dict[str, Any] = conninfo_to_dict(address)
    password = parts.pop("password", None)
    return make_conninfo(**parts), {} if password is None else {"PGPASSWORD": str(password)}


def _pack(draft: Path, manifest: Manifest, dump: Path, media: Path) -> None:
    described = dump.with_name("manifest.json")
    described.write_text(json.dumps(asdict(manifest), indent=2))
    with tarfile.open(draft, "w") as archive:
        draft.chmod(0o600)
        # The manifest first, so that reading it does not mean reading everything.
        archive.add(described, "manifest.json")
        archive.add(dump, "database.dump")
        if media.is_dir():
            archive.add(media, "media")


def _unpack(source: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        content = json.loads((folder / "manifest.json").read_text())
        manifest = Manifest(**content)
    except (OSError, tarfile.TarError, ValueError, TypeError) as error:
        raise ArchiveError(f"{source} is no whole Kniga backup: {error}") from error
    if manifest.format != FORMAT:
        raise ArchiveError(f"{source} has format {manifest.format}; this Kniga reads format {FORMAT}")
    return manifest


def _refuse_used(connection: psycopg.Connection[Any]) -> None:
    others = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    ).fetchone()
    if others and others[0]:
        raise ArchiveError("the database is in use; stop kniga run first")
    tables = connection.execute("SELECT to_regclass('public.people_user') IS NOT NULL").fetchone()
    if tables and tables[0]:
        people = connection.execute("SELECT count(*) FROM people_user").fetchone()
        if people and people[0]:
            raise ArchiveError(
                f"the database holds {people[0]} people; restore into an empty one (another KNIGA_HOME or DATABASE_URL)"
            )


def _compare(manifest: Manifest, counts: dict[str, int]) -> None:
    names = sorted(manifest.tables.keys() | counts.keys())
    wrong = [
        f"{name}: {counts.get(name)} of {manifest.tables.get(name)}"
        for name in names
        if counts.get(name) != manifest.tables.get(name)
    ]
    if wrong:
        raise ArchiveError(f"restored, but row counts differ: {'; '.join(wrong)}")


def _place_media(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    for path in (path for path in source.rglob("*") if path.is_file()):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
