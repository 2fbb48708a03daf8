"""What is wrong with a process file, in the language of the page: message, place, cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kniga.engine import Definition, Problem


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem as a line of the list; `tone` is bad or warn."""

    message: str
    cure: str
    element: str
    line: int | None
    tone: str


def problem_rows(problems: Iterable[Problem], definition: Definition | None = None) -> tuple[ProblemRow, ...]:
    """The problems, errors first as they come; steps are named where the definition knows them."""
    rows = []
    for problem in problems:
        message, cure = problem.said(_)
        element = definition.elements.get(problem.element or "") if definition else None
        name = getattr(element, "name", "") or problem.element or ""
        rows.append(ProblemRow(message, cure, name, problem.line, "bad" if problem.severity == "error" else "warn"))
    return tuple(rows)
