"""`kniga process`: the sales book's processes: list, check, upload, publish, export, install."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.cli.replaying import replay
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.engine import Problem
    from kniga.people.models import User
    from kniga.processes.models import ProcessVersion

app = typer.Typer(no_args_is_help=True)

app.command()(replay)

PROBLEMS, UNREADABLE = 1, 2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Files = Annotated[list[Path], typer.Argument(help="BPMN files.")]
File = Annotated[Path, typer.Argument(help="A BPMN file.")]
Key = Annotated[str, typer.Argument(help="Key of the process: the id in its BPMN file.")]
Number = Annotated[int | None, typer.Option("--version", help="Number of the version.")]
Note = Annotated[str, typer.Option(help="What has changed.")]
ActingAs = Annotated[str, typer.Option("--as", help="E-mail of the person who does it; the system by default.")]


@app.command("list")
def list_processes(as_json: AsJson = False) -> None:
    """All processes with the version in force and the deals in work."""
    with database():
        from kniga.processes.version_queries import process_rows

        rows = [asdict(row) for row in process_rows(user=None)]
    print_rows(rows, as_json=as_json, empty="no process yet: kniga process install")


@app.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Check BPMN files without saving anything. Exit code 0: fine, 1: problems, 2: a file cannot be read."""
    results = [_checked(path) for path in files]
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print_result(result)
    codes = {result["code"] for result in results}
    raise typer.Exit(UNREADABLE if UNREADABLE in codes else PROBLEMS if PROBLEMS in codes else 0)


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
        from kniga.processes.publishing import BookRefused, publish_version, upload_version

        by, now = _person(acting), clock.now()
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
        from kniga.processes.publishing import BookRefused, publish_version

        chosen = _version(key, version, published=False)
        try:
            published = publish_version(version_id=chosen.pk, note=note, by=_person(acting), now=clock.now())
        except BookRefused as refused:
            _refuse_book(key, refused.problems, as_json)
        shown = _shown(published)
    _print_version(shown, as_json)


@app.command()
def export(
    key: Key,
    version: Number = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write here; the standard output by default.")] = None,
) -> None:
    """Write the BPMN file of a version (the published one by default), byte for byte as it was uploaded."""
    with database():
        xml = bytes(_version(key, version, published=True).xml)
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
        from kniga.processes.publishing import install_books

        shown = [_shown(version) for version in install_books(language=lang, by=None, now=clock.now())]
    print_rows(shown, as_json=as_json, empty="no books in this language")


def _checked(path: Path) -> dict[str, Any]:
    from kniga.engine import BpmnRefused, compile_bpmn
    from kniga.engine import check as check_definition
    from kniga.processes.actions.names import KNOWN_ACTIONS

    result: dict[str, Any] = {"file": str(path), "code": 0, "process": None, "problems": []}
    try:
        xml = path.read_bytes()
    except OSError as error:
        return result | {"code": UNREADABLE, "error": error.strerror or str(error)}
    try:
        definition = compile_bpmn(xml, actions=KNOWN_ACTIONS)
    except BpmnRefused as refused:
        return result | {"code": PROBLEMS, "problems": [_problem(problem) for problem in refused.problems]}
    problems = check_definition(definition)
    found = [_problem(problem) for problem in problems]
    code = PROBLEMS if any(problem.severity == "error" for problem in problems) else 0
    return result | {"code": code, "process": definition.process_id, "problems": found}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "element": problem.element,
        "line": problem.line,
        "message": problem.message,
        "cure": problem.cure,
    }


def _print_result(result: dict[str, Any]) -> None:
    if result["code"] == UNREADABLE:
        print(f"{result['file']}: cannot be read: {result['error']}", file=sys.stderr)
        return
    print(f"{result['file']}: {'fine' if result['code'] == 0 else 'not fit to be published'}")
    for problem in result["problems"]:
        place = ", ".join(
            part
            for part in (
                f"line {problem['line']}" if problem["line"] else "",
                f"element {problem['element']}" if problem["element"] else "",
            )
            if part
        )
        print(f"  {problem['severity']}: {place + ': ' if place else ''}{problem['message']} {problem['cure']}")


def _refuse_book(name: str, problems: tuple[Problem, ...], as_json: bool) -> None:
    result = {"file": name, "code": PROBLEMS, "problems": [_problem(problem) for problem in problems]}
    if as_json:
        print_json(result)
    else:
        _print_result(result)
    raise typer.Exit(PROBLEMS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", code=UNREADABLE)


def _version(key: str, number: int | None, *, published: bool) -> ProcessVersion:
    """The version with this number, else the published or the newest one."""
    from kniga.processes.models import ProcessVersion

    found = ProcessVersion.objects.select_related("process").filter(process__key=key)
    if number is not None:
        found = found.filter(number=number)
    elif published:
        found = found.filter(status="published")
    version = found.order_by("-number").first()
    if version is None:
        which = f"version {number}" if number is not None else "published version" if published else "version"
        refuse(f"there is no {which} of “{key}”: see kniga process list")
    return version


def _person(email: str) -> User | None:
    from kniga.people.models import User

    if not email:
        return None
    found = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if found is None:
        refuse(f"nobody signs in as {email}: see kniga user list")
    return found


def _shown(version: ProcessVersion) -> dict[str, Any]:
    return {"process": version.process.key, "version": version.number, "status": str(version.status)}


def _print_version(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
    else:
        print(f"{shown['process']}: version {shown['version']} is {shown['status']}")
