"""Problems said about elements."""

from collections import deque

from kniga.engine.definition.model import Definition, Element, targets_of
from kniga.engine.definition.problems import Problem, Severity
from kniga.engine.soundness.outline import boundary_of


def named(element: Element) -> str:
    """An element's name for a sentence."""
    return f"“{element.name or element.id}”"


def problem(
    code: str, element: Element, severity: Severity = "error", path: tuple[str, ...] = (), **params: str
) -> Problem:
    """Something to say about an element."""
    return Problem(code, element.id, None, {"name": named(element), **params}, severity, path)


def way_to(definition: Definition, id: str) -> tuple[str, ...]:
    """The shortest way along the flows from a start to an element; just the element if none leads there."""
    before: dict[str, str] = {}
    starts = definition.starts or (definition.start,)
    pending = deque(starts)
    seen = set(starts)
    while pending:
        at = pending.popleft()
        element = definition.elements[at]
        inner = (element.start,) if hasattr(element, "start") else ()
        for target in (*targets_of(element), *boundary_of(element), *inner):
            if target not in seen:
                seen.add(target)
                before[target] = at
                pending.append(target)
    path = [id]
    while path[-1] in before:
        path.append(before[path[-1]])
    return tuple(reversed(path))
