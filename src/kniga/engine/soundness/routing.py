"""Whether a token always finds a way on behind a step: conditions decided, not guessed."""

from collections.abc import Iterator, Mapping

from kniga.engine.definition.model import BoundaryEvent, Definition, ExclusiveGateway, StartEvent, UserTask
from kniga.engine.definition.problems import Problem
from kniga.rules import Value
from kniga.rules.decide import Closed, first_true


def outcome_problems(definition: Definition) -> list[Problem]:
    """Outcomes that lead nowhere, and gateways without default whose conditions may all be untrue."""
    closed = _closed(definition)
    found: dict[tuple[str, str, str], Problem] = {}
    for origin, outcome, label in _departures(definition):
        for problem in _follow(definition, closed, origin, outcome, label):
            key = (problem.code, problem.element or "", problem.params.get("outcome", ""))
            found.setdefault(key, problem)
    return list(found.values())


def _departures(definition: Definition) -> Iterator[tuple[str, str | None, str]]:
    """Every way a token sets off: from the start, from a timer, from a step by each outcome."""
    for element in definition.elements.values():
        if isinstance(element, UserTask):
            for outcome in element.outcomes:
                yield element.id, outcome.key, outcome.label
        elif isinstance(element, (StartEvent, BoundaryEvent)):
            yield element.id, None, ""


def _follow(
    definition: Definition,
    closed: Closed,
    origin: str,
    outcome: str | None,
    label: str,
) -> Iterator[Problem]:
    """Walk gateways from a departure along every branch that can be the first true one."""
    source = definition.elements[origin]
    assert isinstance(source, (StartEvent, BoundaryEvent, UserTask))
    pending: list[tuple[str, tuple[str, ...]]] = []
    pending.extend((way.target, (origin,)) for way in source.ways)
    seen: set[str] = set()
    while pending:
        id, path = pending.pop()
        gateway = definition.elements[id]
        if not isinstance(gateway, ExclusiveGateway) or id in seen:
            continue
        seen.add(id)
        path = (*path, id)
        reached, gap = _routes(gateway, outcome, closed)
        pending.extend((gateway.branches[at].target, path) for at in sorted(reached))
        if gateway.default is not None:
            pending.append((gateway.default.target, path))
        elif not reached and outcome is not None:
            params = {"outcome": label, "name": f"“{source.name or origin}”", "gateway": id}
            yield Problem("outcome_without_flow", origin, None, params, path=path)
        elif gap is not None:
            yield Problem("gateway_may_block", id, None, {"name": f"“{gateway.name or id}”"}, path=path)


def _routes(
    gateway: ExclusiveGateway, outcome: str | None, closed: Closed
) -> tuple[frozenset[int], Mapping[str, Value] | None]:
    """The branches a token with this outcome may take, and values under which it takes none."""
    if gateway.by_outcome is None:
        return first_true([branch.condition for branch in gateway.branches], {"outcome": outcome}, closed)
    target = gateway.by_outcome.get(outcome or "")
    if target is None:
        return frozenset(), {"outcome": outcome}
    return frozenset(at for at, branch in enumerate(gateway.branches) if branch.target == target.target), None


def _closed(definition: Definition) -> Closed:
    """All values each choice answer can have: answers are checked, so there are no others."""
    keys: dict[str, dict[str, None]] = {}
    for task in definition.user_tasks():
        for question in task.questions:
            if question.choices:
                allowed = keys.setdefault(f"answer.{question.key}", {})
                allowed.update(dict.fromkeys(choice.key for choice in question.choices))
    return {key: tuple(allowed) for key, allowed in keys.items()}
