"""What is wrong with a process file, in the language of the page: message, place, cure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kniga.engine import Definition, Problem
from kniga.web.processes.plain_problems import plainly


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem as a line of the list; `tone` is bad or warn, `number` counts from 1, `path` is a way of element ids
    that shows it."""

    message: str
    cure: str
    element: str
    line: int | None
    tone: str
    number: int
    path: tuple[str, ...]


def problem_rows(problems: Iterable[Problem], definition: Definition | None = None) -> tuple[ProblemRow, ...]:
    """The problems, errors first as they come; steps are named where the definition knows them."""
    rows = []
    for number, problem in enumerate(problems, 1):
        message, cure = plainly(problem)
        element = definition.elements.get(problem.element or "") if definition else None
        name = getattr(element, "name", "") or problem.element or ""
        tone = "bad" if problem.severity == "error" else "warn"
        rows.append(ProblemRow(message, cure, name, problem.line, tone, number, problem.path))
    return tuple(rows)


def marked_by(path: Sequence[str], definition: Definition) -> frozenset[str]:
    """The ids of the elements of a path and of the flows between them: what the diagram picks out."""
    steps = set(pairwise(path))
    return frozenset(path) | {flow.id for flow in definition.flows if (flow.source, flow.target) in steps}
