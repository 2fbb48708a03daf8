"""`kniga import`: files in, and back out.

Exit codes: 0 done, 1 refused or something must be confirmed (nothing saved), 2 the file cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.imports.options import Options
    from kniga.people.models import User

UNREADABLE = 2
app = typer.Typer(no_args_is_help=True, help=__doc__)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, TSV or XLSX.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="COLUMN=FIELD; an empty field leaves the column out.")]
Key = Annotated[str | None, typer.Option(help="The field by which rows are matched with what Kniga has.")]
Confirm = Annotated[list[str] | None, typer.Option(help="REFERENCE:TEXT=NAME, e.g. “product:GTXPro=GTX Pro”.")]
CreateMissing = Annotated[
    list[str] | None, typer.Option(help="Make unknown entries of this reference: product, client.")
]
DateOrder = Annotated[str | None, typer.Option(help="iso, dmy or mdy, where the dates do not tell.")]
NumberStyle = Annotated[str | None, typer.Option(help="point (1,234.56) or comma (1 234,56).")]
Encoding = Annotated[str | None, typer.Option(help="utf-8, cp1251, …; found by itself otherwise.")]
Delimiter = Annotated[str | None, typer.Option(help="The character between cells; found by itself otherwise.")]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a workbook; the first with a table otherwise.")]
HeaderRow = Annotated[int | None, typer.Option(help="The row with the names of the columns, 0 for none.", min=0)]
Duplicates = Annotated[str, typer.Option(help="New clients that look like present ones: ask, create or skip.")]
SkipErrors = Annotated[bool, typer.Option("--skip-errors", help="Import the good rows and leave out the others.")]
KeepPresent = Annotated[
    bool, typer.Option("--keep-present", help="Keep what an import may not change, instead of a conflict.")
]
Process = Annotated[str | None, typer.Option(help="The process open deals enter.")]
Stage = Annotated[list[str] | None, typer.Option(help="STAGE=STEP, e.g. “Engaging=needs”; or =won, =lost.")]
Domain = Annotated[str, typer.Option(help="Where sign-in addresses are made for users without one.")]
As = Annotated[str | None, typer.Option("--as", help="The sign-in address of the person the ledger names.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _add(kind: str, line: str) -> None:
    def command(
        file: File,
        map: Map = None,
        key: Key = None,
        confirm: Confirm = None,
        create_missing: CreateMissing = None,
        date_order: DateOrder = None,
        number_style: NumberStyle = None,
        encoding: Encoding = None,
        delimiter: Delimiter = None,
        sheet: Sheet = None,
        header_row: HeaderRow = None,
        duplicates: Duplicates = "ask",
        skip_errors: SkipErrors = False,
        keep_present: KeepPresent = False,
        process: Process = None,
        stage: Stage = None,
        domain: Domain = "example.invalid",
        as_email: As = None,
        dry_run: DryRun = False,
        as_json: AsJson = False,
    ) -> None:
        given = {
            "mapping": _pairs("--map", map), "key": key, "confirmed": _confirmed(confirm),
            "create_missing": tuple(create_missing or ()), "date_order": date_order, "number_style": number_style,
            "encoding": encoding, "delimiter": {"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter),
            "sheet": sheet, "header_row": header_row, "duplicates": duplicates, "skip_errors": skip_errors,
            "keep_present": keep_present, "process": process, "stages": _pairs("--stage", stage),
            "mail_domain": domain,
        }  # fmt: skip
        _import(kind, file, given, as_email, dry_run=dry_run, as_json=as_json)

    app.command(kind, help=line)(command)


_add("users", "Users with branches and teams; a named manager becomes the lead of a team.")
_add("clients", "Companies and persons, each with its first contact.")
_add("contacts", "People at clients.")
_add("products", "Products with units and prices.")
_add("deals", "Deals: open ones enter a process, closed ones become history with their dates.")


@app.command()
def undo(
    job: Annotated[int, typer.Argument(help="The number of the import, see `kniga import list`.")],
    as_email: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a whole import back."""
    with _speaking():
        from kniga.imports.queries import get_visible_job
        from kniga.imports.undoing import undo_job
        from kniga.platform import clock
        from kniga.platform.errors import NotVisible

        try:
            found = get_visible_job(user=None, id=job)
        except NotVisible:
            refuse(f"there is no import {job}; see kniga import list")
        undone = asdict(undo_job(job=found, by=_person(as_email), now=clock.now()))
    if as_json:
        print_json({"job": job, "status": "undone", **undone})
        return
    print(f"import {job}: {undone['removed']} removed, {undone['restored']} restored, {undone['kept_count']} kept")
    for row in undone["kept"]:
        print(f"  row {row['row']} {row['name']}: {row['text']}")


@app.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=1000)] = 20, as_json: AsJson = False
) -> None:
    """The imports so far."""
    with _speaking():
        from kniga.imports.queries import jobs_page

        lines = [asdict(line) for line in jobs_page(user=None, limit=limit)]
    if not as_json:
        lines = [
            {"id": line["id"], "kind": line["kind"], "status": line["status"], "file": line["file_name"],
             "rows": _told_counts(line["counts"]), "when": line["created_at"].strftime("%Y-%m-%d %H:%M")}
            for line in lines
        ]  # fmt: skip
    print_rows(lines, as_json=as_json, empty="no imports yet")


@app.command()
def fields(kind: Annotated[str, typer.Argument(help="users, clients, contacts, products or deals.")]) -> None:
    """The fields columns may be mapped to."""
    with _speaking(migrate=False):
        from kniga.imports import queries

        if kind not in {choice.value for choice in queries.kinds()}:
            refuse(f"there is nothing called {kind} to import")
        rows = [asdict(field) for field in queries.fields_of(kind)]
        keys = ", ".join(choice.value for choice in queries.keys_of(kind))
    print_rows(rows, as_json=False, empty="")
    print(f"rows are matched by: {keys}")


def _import(
    kind: str, file: Path, given: dict[str, Any], as_email: str | None, *, dry_run: bool, as_json: bool
) -> None:
    with _speaking():
        from kniga.imports.services import ImportStopped, import_file
        from kniga.imports.tabular.errors import TabularError
        from kniga.platform import clock
        from kniga.platform.errors import Refused

        options = _options(given)
        try:
            with _bar(file.name) as progress:
                done = import_file(
                    kind=kind, path=file, options=options, by=_person(as_email), now=clock.now(), dry_run=dry_run,
                    progress=progress,
                )  # fmt: skip
        except TabularError as error:
            place = {"place": error.place, "problem": error.problem, "cure": error.cure}
            _fail(as_json, UNREADABLE, "unreadable", error.code, error.message, place)
        except ImportStopped as stopped:
            _fail(as_json, 1, "stopped", stopped.code, stopped.message, asdict(stopped.report))
        except Refused as refused:
            _fail(as_json, 1, "refused", refused.code, refused.message, {"field": refused.field})
    report, found = asdict(done.report), asdict(done.found)
    status = "dry_run" if dry_run else "applied"
    if as_json:
        found.pop("preview")
        print_json({"job": done.job_id, "status": status, "kind": kind, "file": file.name, "found": found, **report})
        return
    _tell_found(found)
    _tell_report(report)
    print(
        "dry run: nothing was saved"
        if dry_run
        else f"import {done.job_id} applied; undo: kniga import undo {done.job_id}"
    )
    if dry_run and done.report.stopped:
        raise typer.Exit(1)


def _fail(as_json: bool, code: int, status: str, name: str, message: str, details: dict[str, Any]) -> None:
    if as_json:
        print_json({"job": None, "status": status, "error": {"code": name, "message": message}, **details})
        raise typer.Exit(code)
    if status == "stopped":
        _tell_report(details)
    refuse(message, code=code)


def _options(given: dict[str, Any]) -> Options:
    import msgspec

    from kniga.imports.options import options_of

    try:
        return options_of({name: value for name, value in given.items() if value is not None})
    except msgspec.ValidationError as error:
        refuse(f"{str(error).replace('$.', '--')}", code=UNREADABLE)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            refuse(f"{option} wants NAME=VALUE, not “{text}”", code=UNREADABLE)
        pairs[name.strip()] = value.strip()
    return pairs


def _confirmed(given: list[str] | None) -> dict[str, dict[str, str]]:
    confirmed: dict[str, dict[str, str]] = {}
    for text in given or ():
        reference, colon, pair = text.partition(":")
        name, equals, value = pair.partition("=")
        if not colon or not equals:
            refuse(f"--confirm wants REFERENCE:TEXT=NAME, not “{text}”", code=UNREADABLE)
        confirmed.setdefault(reference.strip(), {})[name.strip()] = value.strip()
    return confirmed


def _person(email: str | None) -> User | None:
    if email is None:
        return None
    from kniga.people.models import User

    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        refuse(f"nobody signs in as {email}; see kniga user list")
    return found


@contextmanager
def _speaking(*, migrate: bool = True) -> Iterator[None]:
    """The database, and English, which is what commands speak."""
    with database(migrate=migrate):
        from django.utils import translation

        with translation.override("en"):
            yield


@contextmanager
def _bar(title: str) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        tasks: dict[str, Any] = {}

        def tell(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = progress.add_task(f"{title}: {phase}", total=total or None)
            progress.update(tasks[phase], completed=done, total=total or None)

        yield tell


def _tell_found(found: dict[str, Any]) -> None:
    delimiter = {"\t": "tab"}.get(found["delimiter"], found["delimiter"])
    written = found["encoding"] and f"{found['encoding']}, cells apart by “{delimiter}”"
    written = written or f"sheet “{found['sheet']}”"
    print(f"found: {found['rows']} rows; {written}; header in row {found['header_row']}")
    rows = [
        {"column": column["name"], "field": column["field"] or "—", "holds": column["content"],
         "read as": column["date_order"] or column["number_style"], "e.g.": " · ".join(column["samples"][:2])}
        for column in found["columns"]
    ]  # fmt: skip
    print_rows(rows, as_json=False, empty="")


def _tell_report(report: dict[str, Any]) -> None:
    print(f"{report['rows']} rows: {_told_counts(report['counts'])}")
    for reference, names in report["new"].items():
        shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        print(f"new {reference} ({len(names)}): {shown}")
    for reference, names in report["remembered"].items():
        for text, name in names.items():
            print(f"explained for an earlier file: {reference} “{text}” is “{name}”")
    _tell_notes(report["notes"])
    for one in report["unknown"]:
        print(f"not known: {one['reference']} “{one['text']}” in {one['rows']} rows; {_way_out(one)}")
    for problem in report["problems"]:
        place = f", {problem['column']}" if problem["column"] else ""
        print(f"  row {problem['row']}{place}: {problem['text']}")
    if report["formulas"]:
        print(f"cells that look like formulas, taken as text: {report['formulas']}")


def _way_out(one: dict[str, Any]) -> str:
    if one["reference"] == "stage":
        hint = one["suggestion"] or "STEP"
        return f'say what it means: --stage "{one["text"]}={hint}" (or =won, =lost)'
    if one["suggestion"]:
        return f'if it is “{one["suggestion"]}”: --confirm "{one["reference"]}:{one["text"]}={one["suggestion"]}"'
    if one["can_create"]:
        return f"to make it: --create-missing {one['reference']}"
    return f'say which it is: --confirm "{one["reference"]}:{one["text"]}=NAME"'


def _tell_notes(notes: dict[str, Any]) -> None:
    if notes.get("statuses"):
        print("stages: " + ", ".join(f"{name} {count}" for name, count in notes["statuses"].items()))
    if notes.get("without_client"):
        print(f"{notes['without_client']} deals without client: kept")
    if notes.get("new_leads"):
        print(f"new team leads: {', '.join(notes['new_leads'])}")
    for name, address in notes.get("addresses", ()):
        print(f"  sign-in of {name}: {address} (no password yet: kniga user set-password)")


def _told_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {action}" for action, count in counts.items() if count) or "nothing"
