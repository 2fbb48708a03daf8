"""The path of a deal: on the diagrams of the versions it ran by, and step by step in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kniga.deals.queries import get_visible_deal
from kniga.engine import Definition
from kniga.platform import clock
from kniga.processes.diagrams.drawing import Drawing, drawing_of
from kniga.processes.diagrams.path_following import Visit
from kniga.processes.diagrams.path_queries import PathPart, path_of_deal
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import version_xml
from kniga.processes.wording.words import outcome_word
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.formatting import age, moment
from kniga.web.pages import render_page
from kniga.web.processes.pictures import Badge, Mark

if TYPE_CHECKING:
    from kniga.deals.models import Deal

MOST_NUMBERS = 3
"""Of an element visited more often only the first number is shown, and how often."""


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A line of the path: `spent` is how long, `outcome` a label with its tone; `is_first`: the element's first."""

    visit: Visit
    name: str
    spent: str
    outcome: str
    tone: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class PathPicture:
    """A part of the path with its diagram (None where the file has none), what is told of the elements, and its
    lines. `here` is the element to be in view."""

    part: PathPart
    drawing: Drawing | None
    marks: Mapping[str, Mark]
    rows: tuple[VisitRow, ...]
    here: str


@require_safe
@signed_in
def path(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """The whole path of a deal; its card takes the diagram it is on now."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    pictures = path_pictures(request, deal)
    newest = [one for one in pictures if one.part.instance_id == pictures[0].part.instance_id][-1:]
    context = {
        "deal": deal, "pictures": pictures, "newest": next(iter(newest), None), "ways": ways_to_leave(),
        "states": states(),
    }  # fmt: skip
    return render_page(request, "deals/path.html", context, block="content")


def path_pictures(request: SignedInRequest, deal: Deal) -> list[PathPicture]:
    """The parts of a deal's path, drawn."""
    now = clock.now()
    return [_picture(request, part, now) for part in path_of_deal(user=request.user, deal=deal)]


def ways_to_leave() -> dict[str, str]:
    """How standing on an element ended."""
    return {
        "here": _("stands here now"),
        "done": _("done"),
        "cancelled": _("fell away"),
        "failed": _("failed"),
        "moved": _("went over to another version"),
        "passed": "",
        "acted": _("done at once"),
        "ended": _("the end"),
    }


def states() -> dict[str, str]:
    """What became of a part of the path."""
    return {
        "running": _("Running"),
        "suspended": _("Paused"),
        "ended": _("Ended"),
        "cancelled": _("Stopped"),
        "moved": _("Moved to another version"),
    }


def _picture(request: SignedInRequest, part: PathPart, now: datetime) -> PathPicture:
    definition = runnable_version(part.version_id).definition
    firsts = {visit.element: visit.number for visit in reversed(part.visits)}
    rows = tuple(_row(visit, definition, now, firsts[visit.element] == visit.number) for visit in part.visits)
    standing = [visit.element for visit in part.visits if visit.how == "here"]
    last = part.visits[-1].element if part.visits else ""
    return PathPicture(
        part,
        drawing_of(version_xml(user=request.user, version_id=part.version_id), definition),
        _marks(rows, now),
        rows,
        standing[0] if standing else last,
    )


def _row(visit: Visit, definition: Definition, now: datetime, is_first: bool) -> VisitRow:
    element = definition.elements.get(visit.element)
    name = getattr(element, "name", "") or {"passed": _("Event"), "ended": _("End")}.get(visit.how, visit.element)
    step = definition.user_task(visit.element)
    outcome = step.outcome(visit.outcome) if step is not None and visit.outcome else None
    spent = "" if visit.how in ("passed", "acted", "ended") or visit.entered_at is None else age(_spent(visit, now))
    label, tone = (outcome_word(outcome.label), outcome.tone) if outcome else ("", "neutral")
    return VisitRow(visit, name, spent, label, tone, is_first)


def _spent(visit: Visit, now: datetime) -> timedelta:
    return timedelta(0) if visit.entered_at is None else (visit.left_at or now) - visit.entered_at


def _marks(rows: Sequence[VisitRow], now: datetime) -> dict[str, Mark]:
    by_element: dict[str, list[VisitRow]] = {}
    for row in rows:
        by_element.setdefault(row.visit.element, []).append(row)
    return {element: _mark(visited, now) for element, visited in by_element.items()}


def _mark(rows: Sequence[VisitRow], now: datetime) -> Mark:
    numbers = [str(row.visit.number) for row in rows]
    text = "·".join(numbers) if len(numbers) <= MOST_NUMBERS else f"{numbers[0]} ×{len(numbers)}"
    is_here = any(row.visit.how == "here" for row in rows)
    badges = [Badge(text, "top-left", "here" if is_here else "path")]
    if any(row.spent for row in rows):
        badges.append(Badge(age(sum((_spent(row.visit, now) for row in rows), timedelta(0))), "bottom-right", "path"))
    state = "here" if is_here else "failed" if rows[-1].visit.how == "failed" else "passed"
    return Mark((rows[0].name, *map(_line, rows)), 0, tuple(badges), state)


def _line(row: VisitRow) -> str:
    said = [moment(row.visit.entered_at) if row.visit.entered_at else "", row.spent, row.visit.by, row.outcome]
    left = ways_to_leave()[row.visit.how] if row.visit.how in ("here", "cancelled", "failed", "moved") else ""
    return f"{row.visit.number}. " + " · ".join(filter(None, (*said, left)))
