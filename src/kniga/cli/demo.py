"""`kniga demo`: a sales department to try Kniga on."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kniga.cli.output import print_json, print_rows
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.demo.making import Demo

app = typer.Typer()


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Another seed gives another department.")] = 1,
    months: Annotated[int, typer.Option(help="How long it has worked.", min=1, max=60)] = 6,
    lang: Annotated[str, typer.Option(help="ru or en; the installation's language by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fill an empty database with a department of 12 reps selling warehouse equipment."""
    with database():
        made = _make(seed=seed, months=months, language=lang)
    figures = {"clients": made.clients, "deals": made.deals, "completed_tasks": made.completed}
    sign_ins = [asdict(sign_in) for sign_in in made.sign_ins]
    if as_json:
        print_json({**figures, "sign_ins": sign_ins})
        return
    print(f"{made.clients} clients, {made.deals} deals, {made.completed} completed tasks")
    print_rows(sign_ins, as_json=False, empty="")


def furnish() -> list[dict[str, Any]]:
    """The demo that `kniga run` makes on an empty database: one sign-in per role."""
    made = _make(seed=1, months=6, language="")
    first: dict[str, dict[str, Any]] = {}
    for sign_in in made.sign_ins:
        first.setdefault(sign_in.role, asdict(sign_in))
    return list(first.values())


def _make(*, seed: int, months: int, language: str) -> Demo:
    from django.conf import settings
    from rich.console import Console
    from rich.progress import Progress

    from kniga.demo.making import make_demo
    from kniga.platform import clock

    # Standard output may be read by a machine, so the bar is drawn beside it.
    console = Console(stderr=True, force_terminal=None)
    with Progress(console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("demo department", total=1.0)
        return make_demo(
            seed=seed,
            months=months,
            language=language or settings.LANGUAGE_CODE,
            now=clock.now(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
