"""Steps the runtime would reject, said as problems: an outcome nothing follows, a gateway that may block."""

from collections.abc import Iterator

from kniga.engine.definition.model import UserTask
from kniga.engine.definition.problems import Problem
from kniga.engine.soundness.exploring import Exploration
from kniga.engine.soundness.marking import Blocked
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.saying import named, problem


def refusal_problems(outline: Outline, exploration: Exploration) -> Iterator[Problem]:
    """Each thing that goes nowhere once; what is not decided is told elsewhere, dead ends by the structure."""
    told: set[tuple[str, str | None, str]] = set()
    for blocked in exploration.blocked.values():
        if blocked.code == "dead_end" or blocked.element in outline.conditions.undecided:
            continue
        found = _said(outline, blocked)
        key = (found.code, found.element, found.params.get("outcome", ""))
        if key not in told:
            told.add(key)
            yield found


def _said(outline: Outline, blocked: Blocked) -> Problem:
    element = outline.elements[blocked.element]
    if blocked.code == "endless_loop":
        elements = ", ".join(dict.fromkeys(blocked.trail))
        return Problem("automatic_loop", element.id, None, {"elements": elements}, path=blocked.trail)
    if blocked.code == "decision_gap":
        return problem("decision_may_fail", element, path=blocked.trail)
    origin = outline.elements[blocked.trail[0]] if blocked.trail else element
    outcome = origin.outcome(blocked.outcome or "") if isinstance(origin, UserTask) else None
    if blocked.code == "no_flow" and outcome is not None:
        params = {"outcome": outcome.label, "name": named(origin), "gateway": element.id}
        return Problem("outcome_without_flow", origin.id, None, params, path=blocked.trail)
    return problem("gateway_may_block", element, path=blocked.trail)
