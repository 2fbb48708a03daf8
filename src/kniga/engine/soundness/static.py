"""What the drawing alone shows: elements no way leads to, dead ends, steps somebody forgot to finish."""

import re
from collections.abc import Iterator
from decimal import Decimal

from kniga.engine.definition.model import (
    LARGEST_AMOUNT,
    BoundaryEvent,
    Definition,
    Element,
    EndEvent,
    ServiceTask,
    SubProcess,
    targets_of,
)
from kniga.engine.definition.problems import Problem, Severity
from kniga.engine.soundness.hurries import hurried_loops
from kniga.engine.soundness.outline import boundary_of, closure
from kniga.engine.soundness.saying import named, problem

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_FILLED_IN = ("client.", "contact.", "user.", "deal.")


def structure(definition: Definition, harmless: bool) -> Iterator[Problem]:
    """Elements no way leads to, and elements from which no way leads to an end. ``harmless`` says that every run can
    come to its end all the same, since something else ends what goes on there: then the latter is but a warning."""
    yield from _unreachable(definition)
    yield from _refused_amounts(definition)
    yield from _dead_ends(definition, "warning" if harmless else "error")


def oversights(definition: Definition, results: frozenset[str] | None) -> Iterator[Problem]:
    """What is probably forgotten. ``results`` are those runs can end with; None: look at the ends as drawn."""
    yield from _results(definition, results)
    yield from _steps(definition)
    for loop in hurried_loops(definition.elements):
        around = ", ".join(named(definition.elements[id]) for id in loop)
        yield problem("hurried_loop", definition.elements[loop[0]], "warning", loop, elements=around)


def _next(definition: Definition, id: str) -> tuple[str, ...]:
    element = definition.elements[id]
    if not isinstance(element, SubProcess):
        return (*targets_of(element), *boundary_of(element))
    return (*targets_of(element), *element.boundary, element.start, *element.handlers)


def _unreachable(definition: Definition) -> Iterator[Problem]:
    ways = {id: _next(definition, id) for id in definition.elements}
    reached = closure([definition.start, *definition.starts, *definition.handlers], ways)
    for id, element in definition.elements.items():
        if id in reached or isinstance(element, BoundaryEvent):
            continue
        if element.scope is None or element.scope in reached:
            yield problem("unreachable", element)


def _refused_amounts(definition: Definition) -> Iterator[Problem]:
    """Amounts the machine shall set which no deal can have: each such step would be refused."""
    for element in definition.elements.values():
        if isinstance(element, ServiceTask) and element.immediate:
            given = {param.name: param.value for param in element.params}
            amount = given.get("value") if given.get("field") == "deal.amount" else None
            if isinstance(amount, Decimal) and not 0 <= amount < LARGEST_AMOUNT:
                detail = "an amount from 0 to 999,999,999,999 is expected"
                yield problem("bad_param", element, value=str(amount), detail=detail)


def _dead_ends(definition: Definition, severity: Severity) -> Iterator[Problem]:
    back: dict[str, list[str]] = {}
    for id, element in definition.elements.items():
        for target in (*targets_of(element), *boundary_of(element)):
            back.setdefault(target, []).append(id)
    ends = [id for id, element in definition.elements.items() if isinstance(element, EndEvent)]
    alive = closure(ends, back)
    for id, element in definition.elements.items():
        if isinstance(element, EndEvent) or (isinstance(element, SubProcess) and element.event):
            continue
        if not targets_of(element) or (id not in alive and not _is_rescued(definition, element)):
            yield problem("dead_end", element, severity)


def _is_rescued(definition: Definition, element: Element) -> bool:
    """Whether something around an element may end it: an event on a sub-process around, or an event sub-process."""
    scope = element.scope
    while scope is not None:
        around = definition.elements[scope]
        assert isinstance(around, SubProcess)
        if around.boundary or around.handlers:
            return True
        scope = around.scope
    return bool(definition.handlers)


def _results(definition: Definition, results: frozenset[str] | None) -> Iterator[Problem]:
    if results is None:
        results = frozenset(element.result for element in definition.elements.values() if isinstance(element, EndEvent))
    if "won" not in results:
        yield Problem("no_won_end", severity="warning")
    if "lost" not in results:
        yield Problem("no_lost_end", severity="warning")


def _steps(definition: Definition) -> Iterator[Problem]:
    for task in definition.user_tasks():
        if not task.script.strip():
            yield problem("no_script", task, "warning")
        if task.deadline is None:
            yield problem("no_deadline", task, "warning")
        if not task.assignee:
            yield problem("no_assignee", task, "warning")
        if [outcome.key for outcome in task.outcomes] == ["done"] and task.outcomes[0].label == "Done":
            yield problem("no_outcomes", task, "warning")
        if "{{" in _PLACEHOLDER.sub("", task.script):
            yield problem("unclosed_placeholder", task, "warning")
        for name in dict.fromkeys(name.strip() for name in _PLACEHOLDER.findall(task.script)):
            answered = name.startswith("answer.") and name.removeprefix("answer.") in definition.question_types
            if not answered and not name.startswith(_FILLED_IN):
                yield problem("unknown_placeholder", task, "warning", placeholder=name)
