"""`kniga process`: the sales book's processes: list, check, upload, publish, retire, export, install; their running
deals: instances, move, signal, replay."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kniga.cli.output import print_json, print_rows, refuse, shown_time
from kniga.cli.process_check import check_files, problems_of
from kniga.cli.process_deals import instances, move
from kniga.cli.process_session import database, person, version_of
from kniga.cli.replaying import replay
from kniga.cli.webhooks import webhook_secret

if TYPE_CHECKING:
    from kniga.engine import Problem
    from kniga.processes.models import ProcessVersion

app = typer.Typer(no_args_is_help=True)

for _command in (instances, move, replay, webhook_secret):
    app.command()(_command)

PROBLEMS, UNREADABLE = 1, 2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Files = Annotated[list[Path], typer.Argument(help="BPMN files.")]
File = Annotated[Path, typer.Argument(help="A BPMN file.")]
Key = Annotated[str, typer.Argument(help="Key of the process: the id in its BPMN file.")]
Number = Annotated[int | None, typer.Option("--version", help="Number of the version.")]
Note = Annotated[str, typer.Option(help="What has changed.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the ledger.")]
ActingAs = Annotated[str, typer.Option("--as", help="E-mail of the person who does it; the system by default.")]


@app.command("signal")
def broadcast(
    name: Annotated[str, typer.Argument(help="Name of the signal, as the book has it.")], acting: ActingAs = ""
) -> None:
    """Broadcast a signal: every process that waits for it by now hears it, those that begin with it begin."""
    with database():
        from kniga.platform import clock
        from kniga.platform.errors import Refused
        from kniga.processes.correlation.signals import broadcast_signal

        try:
            broadcast_signal(name=name, by=person(acting), now=clock.now())
        except Refused as refused:
            refuse(refused.message)
    print(f"the workers carry the signal {name}")


@app.command("list")
def list_processes(as_json: AsJson = False) -> None:
    """All processes with the version in force and the deals in work."""
    with database():
        from kniga.processes.versions.version_queries import process_rows

        rows = [asdict(row) for row in process_rows(user=None)]
        if not as_json:
            rows = [
                {
                    "process": row["key"], "name": row["name"], "in force": row["published"],
                    "versions": row["versions"], "deals": row["running"],
                    "to come": row["scheduled"] and f"{row['scheduled']} at {shown_time(row['publish_at'])}",
                }
                for row in rows
            ]  # fmt: skip
    print_rows(rows, as_json=as_json, empty="no process yet: kniga process install")


@app.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Check BPMN files without saving anything. Exit code 0: all are sound, 1: some problem, 2: some cannot be read.

    With --json one line per file: file, verdict (sound, unsound, not_proved, refused, unreadable), problems,
    seconds."""
    raise typer.Exit(check_files(files, as_json=as_json))


@app.command()
def upload(
    file: File,
    note: Note = "",
    acting: ActingAs = "",
    publish_it: Annotated[bool, typer.Option("--publish", help="Publish the version at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a BPMN file as the next version of its process: a draft, until it is published."""
    xml = _read(file)
    with database():
        from kniga.platform import clock
        from kniga.processes.versions.publishing import BookRefused, publish_version, upload_version

        by, now = person(acting), clock.now()
        try:
            version = upload_version(xml=xml, note=note, by=by, now=now)
            if publish_it:
                version = publish_version(version_id=version.pk, by=by, now=now)
        except BookRefused as refused:
            _refuse_book(str(file), refused.problems, as_json)
        shown = _shown(version)
    _print_version(shown, as_json)


@app.command()
def publish(key: Key, version: Number = None, note: Note = "", acting: ActingAs = "", as_json: AsJson = False) -> None:
    """Publish a version (the newest one by default): new deals start on it, running deals stay on theirs."""
    with database():
        from kniga.platform import clock
        from kniga.processes.versions.publishing import BookRefused, publish_version

        chosen = version_of(key, version, published=False)
        try:
            published = publish_version(version_id=chosen.pk, note=note, by=person(acting), now=clock.now())
        except BookRefused as refused:
            _refuse_book(key, refused.problems, as_json)
        shown = _shown(published)
    _print_version(shown, as_json)


@app.command()
def retire(key: Key, reason: Reason = "", acting: ActingAs = "", as_json: AsJson = False) -> None:
    """Retire the published version: no new deal starts on it, running deals stay."""
    with database():
        from kniga.platform import clock
        from kniga.processes.versions.publishing import retire_version

        chosen = version_of(key, None, published=True)
        retired = retire_version(version_id=chosen.pk, reason=reason, by=person(acting), now=clock.now())
        shown = _shown(retired)
    _print_version(shown, as_json)


@app.command()
def export(
    key: Key,
    version: Number = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write here; the standard output by default.")] = None,
) -> None:
    """Write the BPMN file of a version (the published one by default), byte for byte as it was uploaded."""
    with database():
        xml = bytes(version_of(key, version, published=True).xml)
    if to is None:
        sys.stdout.buffer.write(xml)
        return
    try:
        to.write_bytes(xml)
    except OSError as error:
        refuse(f"{to} cannot be written: {error.strerror}")


@app.command()
def install(
    lang: Annotated[str, typer.Option(help="Language of the books: ru or en.")] = "ru",
    as_json: AsJson = False,
) -> None:
    """Upload and publish the sales books that ship with Kniga."""
    if lang not in ("ru", "en"):
        refuse(f"there are no books in “{lang}”: choose ru or en", code=2)
    with database():
        from kniga.platform import clock
        from kniga.processes.versions.publishing import install_books

        shown = [_shown(version) for version in install_books(language=lang, by=None, now=clock.now())]
    print_rows(shown, as_json=as_json, empty="no books in this language")


def _refuse_book(name: str, problems: tuple[Problem, ...], as_json: bool) -> None:
    found = problems_of(problems)
    if as_json:
        print_json({"file": name, "code": PROBLEMS, "problems": found})
        raise typer.Exit(PROBLEMS)
    print(f"{name}: not fit to be published")
    for problem in found:
        place = f"{problem['place']}: " if problem["place"] else ""
        print(f"  {problem['severity']}: {place}{problem['message']}")
    raise typer.Exit(PROBLEMS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", code=UNREADABLE)


def _shown(version: ProcessVersion) -> dict[str, Any]:
    return {
        "process": version.process.key, "version": version.number, "status": str(version.status),
        "verdict": version.verdict,
    }  # fmt: skip


def _print_version(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
    else:
        print(f"{shown['process']}: version {shown['version']} is {shown['status']}")
