"""The book as people read it: stages, their steps, and for every outcome of a step what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kniga.engine import (
    BoundaryTimer,
    Definition,
    Due,
    EndEvent,
    ExclusiveGateway,
    Outcome,
    StageDef,
    UserTask,
)
from kniga.rules import And, Comparison, Not, Or, Rule
from kniga.rules.decide import first_true


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a way leads: a step or an end (`result` won, lost, other; "" for a step). `only_if` is the condition
    beyond the outcome that decides for it; `otherwise`: the way taken when no condition holds."""

    element: str
    name: str
    result: str
    only_if: Rule | None
    otherwise: bool


@dataclass(frozen=True, slots=True)
class OutcomeWay:
    """An outcome and where it may lead."""

    outcome: Outcome
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class TimerWay:
    """A deadline's consequence."""

    name: str
    interrupting: bool
    due: Due
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class OutlineStep:
    """A step with its ways on."""

    task: UserTask
    ways: tuple[OutcomeWay, ...]
    timers: tuple[TimerWay, ...]


@dataclass(frozen=True, slots=True)
class OutlineStage:
    """A stage with its steps in the order of the file; None for steps outside the funnel."""

    stage: StageDef | None
    steps: tuple[OutlineStep, ...]


def outline_of(definition: Definition) -> tuple[OutlineStage, ...]:
    """The stages in the funnel's order with their steps; steps without a stage come last."""
    steps = [_step(definition, task) for task in definition.user_tasks()]
    stages = [
        OutlineStage(stage, tuple(step for step in steps if step.task.stage == stage.key))
        for stage in definition.stages
    ]
    rest = tuple(step for step in steps if definition.stage(step.task.stage or "") is None)
    return (*stages, OutlineStage(None, rest)) if rest else tuple(stages)


def _step(definition: Definition, task: UserTask) -> OutlineStep:
    ways = tuple(
        OutcomeWay(outcome, tuple(dict.fromkeys(_follow(definition, task.target, outcome.key, None, False, set()))))
        for outcome in task.outcomes
    )
    timers = []
    for id in task.timers:
        timer = definition.elements[id]
        if isinstance(timer, BoundaryTimer):
            leads = tuple(dict.fromkeys(_follow(definition, timer.target, None, None, False, set())))
            timers.append(TimerWay(timer.name, timer.interrupting, timer.due, leads))
    return OutlineStep(task, ways, tuple(timers))


def _follow(
    definition: Definition, id: str | None, outcome: str | None, only_if: Rule | None, otherwise: bool, seen: set[str]
) -> Iterator[Destination]:
    """Walk the gateways behind a step along every branch that can be taken after the outcome."""
    element = definition.elements.get(id) if id is not None else None
    if isinstance(element, ExclusiveGateway) and element.id not in seen:
        seen = {*seen, element.id}
        conditions = [branch.condition for branch in element.branches]
        reached, gap = first_true(conditions, {"outcome": outcome}, {})
        for place in sorted(reached):
            branch = element.branches[place]
            rest = _beyond_outcome(branch.condition) if len(reached) > 1 or gap is not None else None
            yield from _follow(definition, branch.target, outcome, _both(only_if, rest), otherwise, seen)
        if element.default is not None and gap is not None:
            yield from _follow(definition, element.default, outcome, only_if, otherwise or bool(reached), seen)
    elif isinstance(element, EndEvent):
        yield Destination(element.id, element.name, element.result, only_if, otherwise)
    elif isinstance(element, UserTask):
        yield Destination(element.id, element.name, "", only_if, otherwise)


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
