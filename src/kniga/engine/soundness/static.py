"""Static checks before publishing: no dead ends, every outcome leads on, nothing forgotten."""

import re
from collections.abc import Iterable, Iterator, Mapping

from kniga.engine.definition.model import (
    BoundaryEvent,
    Definition,
    Element,
    EndEvent,
    UserTask,
    targets_of,
)
from kniga.engine.definition.problems import Problem, Severity
from kniga.engine.soundness.routing import outcome_problems

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_FILLED_IN = ("client.", "contact.", "user.", "deal.")


def check(definition: Definition) -> tuple[Problem, ...]:
    """Everything that speaks against publishing (severity error) or is probably an oversight (warning).

    Errors: elements no way leads to, dead ends, outcomes without a way on, gateways whose conditions may
    all be untrue and that have no default. Errors come first, each group in the order of the file.
    """
    found = [
        *_unreachable(definition),
        *_dead_ends(definition),
        *outcome_problems(definition),
        *_results(definition),
        *_steps(definition),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity == "warning"))


def _problem(code: str, element: Element, severity: Severity = "error", **params: str) -> Problem:
    return Problem(code, element.id, None, {"name": f"“{element.name or element.id}”", **params}, severity)


def _next(definition: Definition, id: str) -> tuple[str, ...]:
    element = definition.elements[id]
    boundary = element.boundary if isinstance(element, UserTask) else ()
    return (*targets_of(element), *boundary)


def _closure(starts: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        id = pending.pop()
        if id not in seen:
            seen.add(id)
            pending.extend(ways.get(id, ()))
    return seen


def _unreachable(definition: Definition) -> Iterator[Problem]:
    ways = {id: _next(definition, id) for id in definition.elements}
    reached = _closure([definition.start], ways)
    for id, element in definition.elements.items():
        if id not in reached and not isinstance(element, BoundaryEvent):
            yield _problem("unreachable", element)


def _dead_ends(definition: Definition) -> Iterator[Problem]:
    back: dict[str, list[str]] = {}
    for id, element in definition.elements.items():
        for target in targets_of(element):
            back.setdefault(target, []).append(id)
    ends = [id for id, element in definition.elements.items() if isinstance(element, EndEvent)]
    alive = _closure(ends, back)
    for id, element in definition.elements.items():
        if id not in alive:
            yield _problem("dead_end", element)


def _results(definition: Definition) -> Iterator[Problem]:
    results = {element.result for element in definition.elements.values() if isinstance(element, EndEvent)}
    if "won" not in results:
        yield Problem("no_won_end", severity="warning")
    if "lost" not in results:
        yield Problem("no_lost_end", severity="warning")


def _steps(definition: Definition) -> Iterator[Problem]:
    for task in definition.user_tasks():
        if not task.script.strip():
            yield _problem("no_script", task, "warning")
        if task.deadline is None:
            yield _problem("no_deadline", task, "warning")
        if [outcome.key for outcome in task.outcomes] == ["done"] and task.outcomes[0].label == "Done":
            yield _problem("no_outcomes", task, "warning")
        for name in dict.fromkeys(_PLACEHOLDER.findall(task.script)):
            answered = name.startswith("answer.") and name.removeprefix("answer.") in definition.question_types
            if not answered and not name.startswith(_FILLED_IN):
                yield _problem("unknown_placeholder", task, "warning", placeholder=name)
