"""`kniga backup` and `kniga restore`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kniga.cli.output import print_json, refuse
from kniga.runtime.archive import ArchiveError, Progress, read_archive, write_archive
from kniga.runtime.home import current_home
from kniga.runtime.session import database, migrate_if_needed, pending_migrations, unknown_migrations

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def backup(
    target: Annotated[Path | None, typer.Argument(help="File to write; by default one in the home.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write all data into one file, while Kniga may go on working."""
    from kniga.platform import clock

    started = time.monotonic()
    home = current_home().prepare()
    now = clock.now()
    file = (target or home.backups / f"kniga-{now:%Y%m%d-%H%M%S}.tar").resolve()
    with database() as address, _progress(as_json) as progress:
        try:
            manifest = write_archive(address, home, file, now=now, progress=progress)
        except ArchiveError as error:
            refuse(str(error))
    seconds = time.monotonic() - started
    if as_json:
        print_json({"file": str(file), "rows": manifest.rows, "bytes": file.stat().st_size, "seconds": seconds})
    else:
        print(f"{manifest.rows:,} rows, {file.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s: {file}")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that kniga backup wrote.")],
    as_json: AsJson = False,
) -> None:
    """Read a backup into an empty database, and check it to the row."""
    started = time.monotonic()
    home = current_home().prepare()
    with database(migrate=False) as address, _progress(as_json) as progress:
        try:
            manifest = read_archive(address, home, source, progress=progress)
        except ArchiveError as error:
            refuse(str(error))
        # What is here now is no half-made furnishing: the next start must not empty it.
        home.furnishing_file.unlink(missing_ok=True)
        unknown = unknown_migrations()
        if unknown:
            refuse(f"restored, but this Kniga is older than the backup (unknown: {', '.join(unknown)}); update it")
        migrated = migrate_if_needed() if pending_migrations() else 0
    seconds = time.monotonic() - started
    if as_json:
        print_json({"rows": manifest.rows, "made_at": manifest.made_at, "migrated": migrated, "seconds": seconds})
    else:
        print(f"{manifest.rows:,} rows of {manifest.made_at[:16]} restored and counted in {seconds:.1f} s")


@contextmanager
def _progress(as_json: bool) -> Iterator[Progress]:
    if as_json:
        yield lambda line: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda line: status.update(line)
