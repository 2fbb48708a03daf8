"""The book as people read it: stages, their steps, and for every outcome of a step what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kniga.engine import (
    BoundaryEvent,
    Branch,
    CatchEvent,
    Definition,
    Due,
    Element,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    Outcome,
    StageDef,
    SubProcess,
    UserTask,
    Way,
    ways_of,
)
from kniga.processes.wording.reading_order import reading_order
from kniga.processes.wording.words import outcome_word, wait_in_words
from kniga.rules import And, Comparison, Not, Or, Rule
from kniga.rules.decide import first_true


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a way leads: a step or an end (`result` won, lost, other; "" for a step). `only_if` is the condition
    beyond the outcome that decides for it; `otherwise`: the way taken when no condition holds; `via` is what is waited
    for, and how long, and what the machine does before, `passed` their bare names; `is_beside`: one of several that all
    come."""

    element: str
    name: str
    result: str
    only_if: Rule | None
    otherwise: bool
    via: tuple[str, ...] = ()
    is_beside: bool = False
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeWay:
    """An outcome and where it may lead."""

    outcome: Outcome
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class EventWay:
    """What happens when something comes while the step is open: a timer (`due` or a cycle), a message, a signal…"""

    name: str
    trigger: str
    interrupting: bool
    due: Due | None
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class OutlineStep:
    """A step with its ways on."""

    task: UserTask
    ways: tuple[OutcomeWay, ...]
    events: tuple[EventWay, ...]


@dataclass(frozen=True, slots=True)
class OutlineStage:
    """A stage with its steps in the order in which they are read; None for steps outside the funnel."""

    stage: StageDef | None
    steps: tuple[OutlineStep, ...]


def outline_of(definition: Definition) -> tuple[OutlineStage, ...]:
    """The stages in the funnel's order with their steps; steps without a stage come last."""
    places = reading_order(definition)
    in_order = sorted(definition.user_tasks(), key=lambda task: places[task.id])
    steps = [_step(definition, task) for task in in_order]
    stages = [
        OutlineStage(stage, tuple(step for step in steps if step.task.stage == stage.key))
        for stage in definition.stages
    ]
    rest = tuple(step for step in steps if definition.stage(step.task.stage or "") is None)
    return (*stages, OutlineStage(None, rest)) if rest else tuple(stages)


def _step(definition: Definition, task: UserTask) -> OutlineStep:
    ways = tuple(
        OutcomeWay(
            replace(outcome, label=outcome_word(outcome.label)),
            _destinations(definition, task.ways, _Path(outcome.key)),
        )
        for outcome in task.outcomes
    )
    return OutlineStep(task, ways, tuple(_event_ways(definition, task)))


def _event_ways(definition: Definition, task: UserTask) -> Iterator[EventWay]:
    for id in task.boundary:
        event = definition.elements[id]
        assert isinstance(event, BoundaryEvent), "only boundary events stand at a boundary"
        due = event.cycle.every if event.due is None and event.cycle is not None else event.due
        leads = _destinations(definition, event.ways, _Path(None))
        yield EventWay(event.name, event.trigger, event.interrupting, due, leads)


@dataclass(frozen=True, slots=True)
class _Path:
    """What is known on the way from a step: the outcome, conditions met, what was passed."""

    outcome: str | None
    only_if: Rule | None = None
    otherwise: bool = False
    via: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    is_beside: bool = False
    passed: tuple[str, ...] = ()

    def to(self, id: str, name: str, result: str = "") -> Destination:
        """The end of this path."""
        return Destination(id, name, result, self.only_if, self.otherwise, self.via, self.is_beside, self.passed)


def _destinations(definition: Definition, ways: Sequence[Way], path: _Path) -> tuple[Destination, ...]:
    # Several ways out of anything but a gateway that chooses are all taken (13.3.1).
    path = replace(path, is_beside=path.is_beside or len(ways) > 1)
    return tuple(dict.fromkeys(found for way in ways for found in _follow(definition, way.target, path)))


def _follow(definition: Definition, id: str, path: _Path) -> Iterator[Destination]:
    """Walk on to the next steps and ends, along every branch that can be taken after the outcome."""
    element = definition.elements[id]
    if isinstance(element, UserTask):
        yield path.to(element.id, element.name)
        return
    if id in path.seen:
        return
    path = replace(path, seen=path.seen | {id})
    if isinstance(element, EndEvent):
        around = definition.elements.get(element.scope or "")
        if isinstance(around, SubProcess) and not around.event and element.result == "other":
            yield from _destinations(definition, around.ways, path)
        else:
            yield path.to(element.id, element.name, element.result)
    elif isinstance(element, (ExclusiveGateway, InclusiveGateway)):
        yield from _through_gateway(definition, element.branches, element.default, path)
    elif isinstance(element, SubProcess):
        yield from _follow(definition, element.start, path)
    elif isinstance(element, EventGateway):
        for way in element.ways:
            yield from _follow(definition, way.target, path)
    else:
        yield from _destinations(definition, ways_of(element), _passing(path, element))


def _passing(path: _Path, element: Element) -> _Path:
    """The path behind what is waited for or done by the machine; what has neither a name nor a length is not told."""
    if len(ways_of(element)) != 1:
        return path
    name = getattr(element, "name", "")
    told = wait_in_words(element) if isinstance(element, CatchEvent) and element.due else name
    bare = (*path.passed, name) if name else path.passed
    return replace(path, via=(*path.via, told) if told else path.via, passed=bare)


def _through_gateway(
    definition: Definition, branches: Sequence[Branch], default: Way | None, path: _Path
) -> Iterator[Destination]:
    reached, gap = first_true([branch.condition for branch in branches], {"outcome": path.outcome}, {})
    for place in sorted(reached):
        branch = branches[place]
        rest = _beyond_outcome(branch.condition) if len(reached) > 1 or gap is not None else None
        yield from _follow(definition, branch.target, replace(path, only_if=_both(path.only_if, rest)))
    if default is not None and gap is not None:
        yield from _follow(definition, default.target, replace(path, otherwise=path.otherwise or bool(reached)))


def _beyond_outcome(rule: Rule) -> Rule | None:
    """The part of a condition that looks at more than the outcome."""
    if isinstance(rule, Comparison):
        return None if rule.field == "outcome" else rule
    if isinstance(rule, And):
        terms = tuple(part for term in rule.terms if (part := _beyond_outcome(term)) is not None)
        return terms[0] if len(terms) == 1 else And(terms) if terms else None
    assert isinstance(rule, (Or, Not))
    return rule


def _both(one: Rule | None, other: Rule | None) -> Rule | None:
    return And((one, other)) if one is not None and other is not None else one or other
