"""`kniga funnel`: the sales funnel as a table, or as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kniga.cli.output import print_json, refuse
from kniga.runtime.session import database

if TYPE_CHECKING:
    from rich.table import Table

    from kniga.insights.funnel.breakdown import BreakdownRow
    from kniga.insights.funnel.filters import Dimension, FunnelFilter
    from kniga.insights.funnel.names import PipelineChoice
    from kniga.insights.funnel.report import Funnel
    from kniga.people.models import User

app = typer.Typer()
SPLITS = "stage, rep, manager, team, branch, product, region, source or month (of closing)"
Many = list[str] | None
Day = datetime | None
DAY = ["%Y-%m-%d"]
WIDTH = 140
"""The width of a table that goes into a file or another program."""


@app.command()
def funnel(
    process: Annotated[
        str, typer.Option(help="Key of the process or pipeline; the first that has deals by default.")
    ] = "",
    by: Annotated[str, typer.Option(help=f"Split by {SPLITS}.")] = "stage",
    start: Annotated[Day, typer.Option("--from", formats=DAY, help="First day of the period.")] = None,
    end: Annotated[Day, typer.Option("--to", formats=DAY, help="Last day of the period.")] = None,
    basis: Annotated[
        str, typer.Option(help="opened: deals opened in the period; events: what happened in it.")
    ] = "opened",
    only: Annotated[Many, typer.Option(help='Narrow, e.g. --only rep="Anna Snelling"; may be repeated.')] = None,
    as_user: Annotated[
        str, typer.Option("--as", help="See what this person (e-mail) sees; everything by default.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how deals pass from stage to stage: entered, passed on, lost, won, conversion, days, amounts."""
    with database():
        from kniga.insights.funnel.breakdown import breakdown_for
        from kniga.insights.funnel.documents import funnel_document
        from kniga.insights.funnel.losses import loss_reasons_for
        from kniga.insights.funnel.report import funnel_for

        user, pipeline = _viewer(as_user), _pipeline(process)
        dimension = _dimension(by)
        filters = _filters(user, pipeline, basis, _day(start), _day(end), only or [])
        found = funnel_for(user=user, filters=filters)
        rows = breakdown_for(user=user, filters=filters, by=dimension) if dimension else []
        if as_json:
            losses = loss_reasons_for(user=user, filters=filters)
            print_json(funnel_document(pipeline, found, losses, dimension, rows))
        else:
            _show(pipeline, found, rows, by)


def _viewer(email: str) -> User:
    from kniga.people.models import User
    from kniga.people.roles import Role

    if not email:
        # Whoever may run commands beside the database may see all of it.
        return User(name="operator", role=Role.ADMINISTRATOR)
    user = User.objects.filter(email__iexact=email).first()
    return user or refuse(f"there is no user {email}; see kniga user list")


def _pipeline(key: str) -> PipelineChoice:
    from kniga.insights.funnel.names import pipeline_named, pipelines

    if key:
        return pipeline_named(key)
    found = pipelines()
    return found[0] if found else refuse("there is no process yet; see kniga process --help")


def _dimension(by: str) -> Dimension | None:
    from kniga.insights.funnel.filters import Dimension

    if by == "stage":
        return None
    try:
        return Dimension(by)
    except ValueError:
        refuse(f"--by {by}: choose {SPLITS}", code=2)


def _filters(
    user: User, pipeline: PipelineChoice, basis: str, start: date | None, end: date | None, only: list[str]
) -> FunnelFilter:
    from kniga.insights.funnel.filters import Basis, FunnelFilter
    from kniga.insights.funnel.names import choices_for

    if basis not in set(Basis):
        refuse(f"--basis {basis}: choose opened or events", code=2)
    narrowing: dict[str, list[Any]] = {}
    options = choices_for(user=user) if only else {}
    for text in only:
        kind, _, wanted = text.partition("=")
        narrowing.setdefault(f"{kind}{'es' if kind == 'branch' else 's'}", []).append(_value(kind, wanted, options))
    return FunnelFilter(
        pipeline.pipeline_id, Basis(basis), start, end, **{name: tuple(ids) for name, ids in narrowing.items()}
    )


def _value(kind: str, wanted: str, options: dict[str, list[tuple[int, str]]]) -> int | date:
    if kind == "month":
        try:
            return date.fromisoformat(f"{wanted}-01")
        except ValueError:
            refuse(f"--only month={wanted}: a month is written 2026-11", code=2)
    if kind not in options:
        refuse(f"--only {kind}=…: choose {', '.join(sorted([*options, 'month']))}", code=2)
    if wanted in ("", "none"):
        return 0
    found = [number for number, name in options[kind] if name.casefold() == wanted.casefold()]
    return found[0] if found else refuse(f"--only {kind}={wanted}: there is no such {kind}")


def _day(moment: Day) -> date | None:
    return moment.date() if moment else None


def _show(pipeline: PipelineChoice, found: Funnel, rows: list[BreakdownRow], by: str) -> None:
    from rich.console import Console

    totals = found.totals
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(f"[bold]{pipeline.name}[/bold]  {_period(found.filters)}")
    console.print(
        f"deals {totals.deals:,}  won {totals.won:,}  lost {totals.lost:,}  open {totals.open:,}  "
        f"win rate {_percent(totals.win_rate)}  won amount {totals.won_amount:,.2f}  "
        f"cycle {_days(totals.cycle_won)} days"
    )
    console.print(_split(rows, by) if by != "stage" else _stages(found))


def _period(filters: FunnelFilter) -> str:
    if not (filters.start or filters.end):
        return "whole time"
    what = "opened" if filters.basis.value == "opened" else "events"
    return f"{what} from {filters.start or '…'} to {filters.end or '…'}"


def _stages(found: Funnel) -> Table:
    table = _table(
        "stage", "entered", "passed on", "lost", "won", "back", "still", "conversion", "from first",
        "median days", "amount", "open now",
    )  # fmt: skip
    for row in found.stages:
        counts = row.counts
        numbers = (counts.entered, counts.passed, counts.lost, counts.won, counts.back, counts.still)
        table.add_row(
            row.name,
            *(f"{number:,}" for number in numbers),
            _percent(row.conversion),
            _percent(row.from_first),
            _days(counts.median_days),
            f"{counts.amount:,.0f}",
            f"{row.open_now:,}",
        )
    return table


def _split(rows: list[BreakdownRow], by: str) -> Table:
    table = _table(by, "deals", "won", "lost", "open", "win rate", "won amount", "average won", "cycle, days")
    for row in rows:
        totals = row.totals
        average = totals.average_won
        table.add_row(
            row.name,
            *(f"{number:,}" for number in (totals.deals, totals.won, totals.lost, totals.open)),
            _percent(totals.win_rate),
            f"{totals.won_amount:,.2f}",
            "—" if average is None else f"{average:,.2f}",
            _days(totals.cycle_won),
        )
    return table


def _table(name: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(name, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def _days(days: float | None) -> str:
    return "—" if days is None else f"{days:g}"
