"""Running deals from the command line: `kniga process instances`, `move`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kniga.cli.output import print_json, print_rows, refuse, shown_time
from kniga.cli.process_session import database, person

if TYPE_CHECKING:
    from kniga.people.models import User
    from kniga.processes.acts.scopes import Scope
    from kniga.processes.acts.splitting import SplitAsked
    from kniga.processes.models import BulkAct

WRONG_USAGE = 2
_SHOWN: Final = 20

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Key = Annotated[str, typer.Argument(help="Key of the process: the id in its BPMN file.")]
Version = Annotated[int | None, typer.Option("--version", help="Only deals on this version.")]
Element = Annotated[str, typer.Option(help="Only deals that stand on this element.")]
Team = Annotated[str, typer.Option(help="Only deals of this team (its name).")]
Rep = Annotated[str, typer.Option(help="Only deals of this person (e-mail).")]
ActingAs = Annotated[str, typer.Option("--as", help="E-mail of the person who does it; the system by default.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the files of a move say: what becomes what, and which deals go elsewhere by a condition."""

    mapping: dict[str, str | None]
    splits: dict[str, dict[str, str] | None]


def instances(
    key: Key,
    version: Version = None,
    element: Element = "",
    team: Team = "",
    rep: Rep = "",
    status: Annotated[str, typer.Option(help="Only running or only suspended.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only with a deadline that has passed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    acting: ActingAs = "",
    as_json: AsJson = False,
) -> None:
    """List the running deals of a process: version, steps they stand on, first deadline.

    Exit code 2: there is no such process, version or step."""
    if status not in ("", "running", "suspended"):
        refuse("--status is running or suspended", code=WRONG_USAGE)
    with database():
        from kniga.platform import clock
        from kniga.processes.acts.scopes import Scope
        from kniga.processes.diagrams.instance_queries import running_instances

        by = person(acting)
        _refuse_unknown(key, version, element)
        scope = Scope(key, version, element, None, _team(team), _person_id(rep), status, overdue)
        page = running_instances(user=by, scope=scope, now=clock.now(), limit=limit)
        rows = [asdict(row) for row in page.rows]
    if not as_json:
        rows = [
            {
                "id": row["id"], "v.": row["version"], "deal": f"{row['deal_number']} {row['deal_name']}",
                "owner": row["owner"],
                "stands on": ", ".join(row["steps"]) + (" (paused)" if row["status"] == "suspended" else ""),
                "due": shown_time(row["due_at"]),
            }
            for row in rows
        ]  # fmt: skip
    print_rows(rows, as_json=as_json, empty="no running deal meets this choice")


def move(
    key: Annotated[str, typer.Argument(help="Key of the process; not needed with --undo.")] = "",
    source: Annotated[int | None, typer.Option("--from", help="Version the deals are on.")] = None,
    target: Annotated[int | None, typer.Option("--to", help="Version they go to (the published one).")] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="JSON file {element: element of the new version}; the rest is proposed by likeness."),
    ] = None,
    split: Annotated[
        Path | None,
        typer.Option(
            help="JSON file {element: {field, op, value, to}}: deals that meet the condition go there, the others as"
            " mapped; null takes the condition of the last move away."
        ),
    ] = None,
    team: Team = "",
    rep: Rep = "",
    reason: Annotated[str, typer.Option(help="Why; it goes into the ledger.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each deal.")] = False,
    undo: Annotated[int | None, typer.Option(help="Number of a move to undo as a whole.")] = None,
    acting: ActingAs = "",
    as_json: AsJson = False,
) -> None:
    """Move running deals to another version, each in one transaction; --undo takes a move back as a whole.

    Exit code 0: all are moved (or would be), 1: some are not, 2: wrong usage."""
    chosen = Wanted(_mapping(mapping), _splits(split))
    if undo is None and (not key or source is None):
        refuse("name the process and the version the deals are on: kniga process move KEY --from N", code=WRONG_USAGE)
    if not dry_run and not reason.strip():
        refuse("say why with --reason: it goes into the ledger", code=WRONG_USAGE)
    with database():
        from kniga.processes.acts.scopes import Scope

        by = person(acting)
        scope = Scope(key, source, "", None, _team(team), _person_id(rep))
        shown = _undone(undo, reason, by) if undo is not None else _moved(scope, target, chosen, reason, by, dry_run)
    _print_move(shown, as_json)
    counts = shown["counts"]
    raise typer.Exit(1 if any(counts[key] for key in ("choice", "cannot", "refused", "kept")) else 0)


def _moved(
    scope: Scope, target: int | None, chosen: Wanted, reason: str, by: User | None, dry_run: bool
) -> dict[str, Any]:
    from kniga.cli.process_session import version_of
    from kniga.platform import clock
    from kniga.platform.errors import Refused
    from kniga.processes.acts.act_planning import change_move, plan_move
    from kniga.processes.acts.acting import begin_act, carry_out, drop_act

    _refuse_unknown(scope.process, scope.version, "")
    if target is not None:
        _refuse_unknown(scope.process, target, "")
    number = target if target is not None else version_of(scope.process, None, published=True).number
    try:
        act = plan_move(scope=scope, target=number, reason=reason, mapping=chosen.mapping, by=by, now=clock.now())
        act = carry_out(act_id=act.pk, clock=clock.now, progress=_progress)  # only prepares: it is not begun
        if chosen.splits:
            act = change_move(act_id=act.pk, mapping={}, splits=_asked(chosen.splits), by=by, now=clock.now())
            act = carry_out(act_id=act.pk, clock=clock.now, progress=_progress)
        shown = _act(act, by)
        if dry_run:
            drop_act(act_id=act.pk, by=by)
            return {**shown, "move": None}
        begin_act(act_id=act.pk, by=by, now=clock.now())
    except Refused as refused:
        refuse(refused.message, code=WRONG_USAGE if refused.code == "unknown_element" else 1)
    return _act(carry_out(act_id=act.pk, clock=clock.now, progress=_progress), by)


def _undone(act_id: int, reason: str, by: User | None) -> dict[str, Any]:
    from kniga.platform import clock
    from kniga.platform.errors import NotVisible, Refused
    from kniga.processes.acts.acting import begin_undo, carry_out

    try:
        begin_undo(act_id=act_id, reason=reason, by=by, now=clock.now())
    except NotVisible:
        refuse(f"there is no move {act_id}", code=WRONG_USAGE)
    except Refused as refused:
        refuse(refused.message)
    return _act(carry_out(act_id=act_id, clock=clock.now, progress=_progress), by)


def _act(act: BulkAct, by: User | None) -> dict[str, Any]:
    from kniga.processes.acts.act_queries import act_counts, act_rows, foretold_of, mapping_of

    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = act_rows(user=by, act=act, cursor=cursor, limit=1_000)
        rows += [
            {
                "instance": row.instance_id, "deal": row.deal_number, "owner": row.owner, "status": row.status,
                "stands on": list(row.steps), "why": row.why,
            }
            for row in page.rows
        ]  # fmt: skip
        cursor = page.next_cursor
        if cursor is None:
            break
    mapping = [
        {
            "element": line.proposal.element, "name": line.proposal.name, "target": line.target,
            "how": line.proposal.how, "confidence": line.proposal.confidence, "deals": line.instances,
        }
        for line in mapping_of(act)
    ] if act.target_id is not None else []  # fmt: skip
    counts = act_counts(act)
    foretold = [asdict(one) for one in foretold_of(act)]
    return {
        "move": act.pk, "status": str(act.status), "counts": counts, "mapping": mapping, "splits": act.splits,
        "deviations": foretold, "instances": rows,
    }  # fmt: skip


def _print_move(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    if shown["move"] is not None:
        print(f"move {shown['move']}: {shown['status']}")
    for line in shown["mapping"]:
        target = line["target"] or "(choose)"
        print(f"  {line['element']} -> {target}  {line['how']} {line['confidence']:.2f}, {line['deals']} deals")
    print(", ".join(f"{number} {status}" for status, number in shown["counts"].items() if number))
    for element, split in shown["splits"].items():
        print(f"  {element}: those that meet the condition -> {split['to']}")
    for one in shown["deviations"]:
        print(f"  deviations of “{one['point']}”: {one['raised']} raised, {one['closed']} closed")
    hindered = [row for row in shown["instances"] if row["why"]]
    for row in hindered[:_SHOWN]:
        print(f"  instance {row['instance']} (deal {row['deal']}, {row['owner']}): {row['status']}: {_why(row['why'])}")
    if len(hindered) > _SHOWN:
        print(f"  … and {len(hindered) - _SHOWN} more: --json lists all")


def _why(why: dict[str, Any]) -> str:
    return str(why.get("text") or ", ".join(why.get("elements", ())) or why["code"])


def _progress(done: int, total: int) -> None:
    print(f"\r{done} of {total}", end="\n" if done >= total else "", file=sys.stderr, flush=True)


def _mapping(path: Path | None) -> dict[str, str | None]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", code=WRONG_USAGE)
    except ValueError as error:
        refuse(f"{path} is no JSON: {error}", code=WRONG_USAGE)
    if not isinstance(content, dict) or not all(isinstance(to, str | None) for to in content.values()):
        refuse(f"{path} has to be one object: element of the old version to element of the new", code=WRONG_USAGE)
    return content


def _splits(path: Path | None) -> dict[str, dict[str, str] | None]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", code=WRONG_USAGE)
    except ValueError as error:
        refuse(f"{path} is no JSON: {error}", code=WRONG_USAGE)
    if not isinstance(content, dict) or not all(_is_split(one) for one in content.values()):
        told = "has to be one object: element of the old version to {field, op, value, to}, all of them texts"
        refuse(f"{path} {told}", code=WRONG_USAGE)
    return content


def _is_split(one: object) -> bool:
    if one is None:
        return True
    is_whole = isinstance(one, dict) and {"field", "op", "to"} <= one.keys() <= {"field", "op", "value", "to"}
    return is_whole and all(isinstance(text, str) for text in one.values())  # type: ignore[attr-defined]


def _asked(splits: dict[str, dict[str, str] | None]) -> dict[str, SplitAsked]:
    from kniga.processes.acts.splitting import NO_SPLIT, SplitAsked

    return {
        element: SplitAsked(one["field"], one["op"], one.get("value", ""), one["to"]) if one else NO_SPLIT
        for element, one in splits.items()
    }


def _refuse_unknown(key: str, number: int | None, element: str) -> None:
    """End with 2 when there is no such process, version, or (in any version that is meant) step."""
    from kniga.processes.models import ProcessVersion
    from kniga.processes.versions.definitions import runnable_version

    found = ProcessVersion.objects.filter(process__key=key).order_by("-number")
    if not found.exists():
        refuse(f"there is no process “{key}”: see kniga process list", code=WRONG_USAGE)
    if number is not None:
        found = found.filter(number=number)
        if not found.exists():
            refuse(f"there is no version {number} of “{key}”: see kniga process list", code=WRONG_USAGE)
    versions = found.values_list("pk", flat=True)
    if element and not any(element in runnable_version(id).definition.elements for id in versions):
        refuse(f"there is no step “{element}” in “{key}”: see kniga process export {key}", code=WRONG_USAGE)


def _team(name: str) -> int | None:
    from kniga.people.models import Team

    if not name:
        return None
    found = list(Team.objects.filter(name=name).values_list("pk", flat=True)[:2])
    if len(found) != 1:
        refuse(f"there is no team “{name}”" if not found else f"several teams are called “{name}”", code=WRONG_USAGE)
    return found[0]


def _person_id(email: str) -> int | None:
    found = person(email)
    return None if found is None else found.pk
