"""`kniga process replay`: instances rebuilt from the ledger and compared with what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kniga.cli.output import print_json, refuse
from kniga.cli.process_session import database

if TYPE_CHECKING:
    from kniga.processes.running.replaying import Replayed

DIVERGED = 1
EVERY = 1000


def replay(
    instance: Annotated[int | None, typer.Argument(help="Id of the instance.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Exit with 1 when it differs from what is stored.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Replay all instances, and tell how far it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line per instance that differs.")] = False,
) -> None:
    """Rebuild an instance (or all of them) from its events and compare it, bit for bit, with what is stored."""
    if (instance is None) != every:
        refuse("name an instance, or say --all", code=2)
    with database():
        from kniga.platform.errors import NotVisible
        from kniga.processes.running.replaying import replay_all, replay_instance

        found = iter(()) if instance is None else iter([instance])
        diverged = done = 0
        try:
            replayed = replay_all() if every else (replay_instance(instance_id=id) for id in found)
            for one in replayed:
                done += 1
                diverged += bool(one.problem)
                _tell(one, as_json, is_one=not every)
                if every and done % EVERY == 0:
                    typer.echo(f"{done} instances replayed, {diverged} differ", err=True)
        except NotVisible:
            refuse(f"there is no instance {instance}", code=2)
    if every and not as_json:
        print(f"{done} instances replayed, {diverged} differ")
    if diverged and verify:
        raise typer.Exit(DIVERGED)


def _tell(one: Replayed, as_json: bool, *, is_one: bool) -> None:
    if as_json and (is_one or one.problem):
        print_json({"instance": one.instance_id, "events": one.events, "same": not one.problem, "problem": one.problem})
    elif not as_json and one.problem:
        print(f"instance {one.instance_id}: {one.problem}")
    elif not as_json and is_one:
        print(f"instance {one.instance_id}: {one.events} events give exactly what is stored")
