"""`kniga organisation`: name, currency, language, calendar and working hours of the one organisation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.runtime.session import database

app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, 2026-12-31.")]


@app.callback(invoke_without_command=True)
def organisation(context: typer.Context, as_json: Json = False) -> None:
    """Show the organisation's settings and the days that differ from its country's calendar."""
    if context.invoked_subcommand is None:
        with database():
            _show(as_json)


@app.command("set")
def set_settings(
    pairs: Annotated[list[str], typer.Argument(metavar="KEY=VALUE", help="e.g. currency=EUR work_starts=08:30")],
    as_json: Json = False,
) -> None:
    """Change settings; what is not named stays."""
    changes: Any = dict(_pair(text) for text in pairs)
    with database():
        from kniga.people.organisation_queries import organisation_settings
        from kniga.people.organisation_services import update_organisation
        from kniga.platform import clock
        from kniga.platform.errors import Refused

        known = organisation_settings()
        for key in changes:
            if key not in known:
                refuse(f"there is no setting {key}; choose from {', '.join(known)}", code=2)
        try:
            update_organisation(by=None, now=clock.now(), **changes)
        except Refused as refusal:
            refuse("; ".join(f"{one.field}: {one.message}" for one in (refusal, *refusal.also)))
        _show(as_json)


@app.command("day")
def set_day(
    day: Day,
    kind: Annotated[str, typer.Argument(help="off, working, or usual: as the country says.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Make a day a day off or a working day, whatever the country says."""
    if kind not in ("off", "working", "usual"):
        refuse(f"{kind}: choose off, working or usual", code=2)
    with database():
        from kniga.people.organisation_services import remove_calendar_day, set_calendar_day
        from kniga.platform import clock

        if kind == "usual":
            remove_calendar_day(day=day.date(), by=None, now=clock.now())
        else:
            is_working = kind == "working"
            set_calendar_day(day=day.date(), is_working=is_working, note=note, by=None, now=clock.now())
    print(f"{day.date()} is {kind} now")


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        refuse(f"{text}: write KEY=VALUE", code=2)
    return key.strip(), value


def _show(as_json: bool) -> None:
    from dataclasses import asdict

    from kniga.people.organisation_queries import calendar_days, organisation_settings

    settings, days = organisation_settings(), [asdict(row) for row in calendar_days()]
    if as_json:
        print_json({**settings, "days": days})
        return
    print_rows([{"setting": key, "value": value} for key, value in settings.items()], as_json=False, empty="")
    if days:
        print()
        print_rows(days, as_json=False, empty="")
