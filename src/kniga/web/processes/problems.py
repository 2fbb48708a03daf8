"""What is wrong with a process file, in the language of the page: message, place, cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from kniga.engine import BpmnRefused, Definition, Problem
from kniga.processes.drafts.draft_checking import Place, places_of
from kniga.web.processes.plain_problems import plainly


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem as a line of the list; `tone` is bad or warn, `number` counts from 1, `path` is a way of element ids
    that shows it, `way` the same in words."""

    message: str
    cure: str
    element: str
    line: int | None
    tone: str
    number: int
    path: tuple[str, ...]
    way: tuple[str, ...]


def problem_rows(problems: Iterable[Problem], xml: bytes) -> tuple[ProblemRow, ...]:
    """The problems of a file, errors first as they come; what they speak of is named as far as the file can be read."""
    places = _places(xml)
    rows = []
    for number, problem in enumerate(problems, 1):
        message, cure = plainly(problem)
        name = place_in_words(problem.element, places) if problem.element else ""
        tone = "bad" if problem.severity == "error" else "warn"
        way = way_in_words(problem.path, places)
        rows.append(ProblemRow(message, cure, name, problem.line, tone, number, problem.path, way))
    return tuple(rows)


def way_in_words(path: Sequence[str], places: Mapping[str, Place]) -> tuple[str, ...]:
    """The elements of a path by their names; flows between them say nothing more."""
    return tuple(place_in_words(id, places) for id in path if not (id in places and places[id].source))


def place_in_words(id: str, places: Mapping[str, Place]) -> str:
    """An element by its name, a flow by its ends, what has no name by what it is; the id of what is not known."""
    place = places.get(id)
    if place is not None and not place.name and place.source and place.target:
        return f"{_node_in_words(place.source, places)} → {_node_in_words(place.target, places)}"
    return _node_in_words(id, places)


def _node_in_words(id: str, places: Mapping[str, Place]) -> str:
    place = places.get(id)
    if place is None or place.name:
        return place.name if place else id
    tag = place.tag.lower()
    if tag in ("startevent", "endevent"):
        return _("The start") if tag == "startevent" else _("The end")
    if tag.endswith("gateway"):
        return _("A gateway without a name")
    if tag.endswith("event"):
        return _("An event without a name")
    return _("A step without a name") if tag.endswith(("task", "process", "activity")) else id


def _places(xml: bytes) -> Mapping[str, Place]:
    try:
        return places_of(xml)
    except BpmnRefused:
        return {}


def marked_by(path: Sequence[str], definition: Definition) -> frozenset[str]:
    """The ids of the elements of a path and of the flows between them: what the diagram picks out."""
    steps = set(pairwise(path))
    return frozenset(path) | {flow.id for flow in definition.flows if (flow.source, flow.target) in steps}
