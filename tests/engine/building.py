"""Definitions put together in Python, without a file: elements in, the derived parts worked out here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kniga.engine import (
    BoundaryEvent,
    Branch,
    CatchEvent,
    Definition,
    Element,
    EndEvent,
    ExclusiveGateway,
    Flow,
    InclusiveGateway,
    Outcome,
    ParallelGateway,
    Question,
    StartEvent,
    State,
    Step,
    SubProcess,
    UserTask,
    Way,
)
from kniga.engine.definition.model import Result, ways_of
from kniga.rules import Comparison, FieldType, Rule, fields_of


def way(target: str, flow: str | None = None) -> Way:
    """A way whose flow is named after where it leads."""
    return Way(flow or f"to_{target}", target)


def user_task(
    id: str,
    then: str | Way,
    *,
    outcomes: Iterable[str] = ("ok",),
    boundary: tuple[str, ...] = (),
    scope: str | None = None,
    questions: tuple[Question, ...] = (),
    **more: object,
) -> UserTask:
    """A step with nothing special about it."""
    ways = (then if isinstance(then, Way) else Way(f"{id}_{then}", then),)
    made = tuple(Outcome(key, key) for key in outcomes)
    task = UserTask(id, id, None, "task", "owner", None, "", questions, made, None, boundary, ways, scope=scope)
    return replace(task, **more) if more else task  # type: ignore[arg-type]


def by_outcome(id: str, targets: Mapping[str, str], default: str | None = None, scope: str | None = None) -> Element:
    """An exclusive gateway that routes the last outcome."""
    branches = tuple(Branch(f"{id}_{key}", outcome_is(key), target) for key, target in targets.items())
    table = {key: Way(f"{id}_{key}", target) for key, target in targets.items()}
    return ExclusiveGateway(id, id, branches, default and Way(f"{id}_default", default), table, scope)  # type: ignore[arg-type]


def merge(id: str, then: Way, scope: str | None = None) -> ExclusiveGateway:
    """A gateway that only brings paths together."""
    return ExclusiveGateway(id, id, (), then, None, scope)


def outcome_is(key: str) -> Rule:
    """The last outcome is this one."""
    return Comparison("outcome", "choice", "eq", key)


def build(
    *parts: Element,
    start: str | None = None,
    question_types: Mapping[str, FieldType] | None = None,
    needs: Iterable[str] = (),
) -> Definition:
    """A definition of these elements; what can be derived from them is: flows, joins' incoming flows and upstream,
    handlers, conditionals."""
    elements = {element.id: element for element in parts}
    flows = tuple(_flows(elements))
    incoming: dict[str, list[str]] = defaultdict(list)
    for flow in flows:
        incoming[flow.target].append(flow.id)
    for id, element in elements.items():
        if isinstance(element, (ParallelGateway, InclusiveGateway)):
            elements[id] = replace(element, incoming=tuple(incoming[id]))
    for id, element in elements.items():
        if isinstance(element, InclusiveGateway):
            elements[id] = replace(element, upstream=_upstream(id, flows, elements))
        elif isinstance(element, SubProcess):
            elements[id] = replace(element, handlers=_handlers(elements, id))
    starts = tuple(e.id for e in elements.values() if isinstance(e, StartEvent) and e.scope is None)
    conditional = (e for e in elements.values() if isinstance(e, (CatchEvent, BoundaryEvent, StartEvent)))
    return Definition(
        process_id="p",
        name="P",
        kind="sale",
        stages=(),
        elements=elements,
        start=start or starts[0],
        flows=flows,
        needs=frozenset(needs) | frozenset(_looked_at(elements)),
        question_types=question_types or {},
        starts=starts,
        handlers=_handlers(elements, None),
        conditionals=frozenset(e.id for e in conditional if e.trigger == "conditional"),
    )


def _handlers(elements: Mapping[str, Element], scope: str | None) -> tuple[str, ...]:
    return tuple(e.id for e in elements.values() if isinstance(e, SubProcess) and e.event and e.scope == scope)


def _flows(elements: Mapping[str, Element]) -> Iterable[Flow]:
    for element in elements.values():
        conditions = {branch.flow: branch.condition for branch in getattr(element, "branches", ())}
        for flow, target in ways_of(element):
            yield Flow(flow, "", element.id, target, conditions.get(flow))


def _upstream(gateway: str, flows: tuple[Flow, ...], elements: Mapping[str, Element]) -> dict[str, frozenset[str]]:
    before: dict[str, set[str]] = defaultdict(set)
    for flow in flows:
        source = elements[flow.source]
        before[flow.target].add(flow.source)
        if isinstance(source, BoundaryEvent):
            before[source.id].add(source.host)
    found: dict[str, frozenset[str]] = {}
    for flow in flows:
        if flow.target == gateway:
            reached, todo = set[str](), [flow.source]
            while todo:
                at = todo.pop()
                if at != gateway and at not in reached:
                    reached.add(at)
                    todo += before[at]
            found[flow.id] = frozenset(reached)
    return found


def _looked_at(elements: Mapping[str, Element]) -> Iterable[str]:
    for element in elements.values():
        rules = [branch.condition for branch in getattr(element, "branches", ())]
        rules += [rule for rule in (getattr(element, "condition", None),) if rule is not None]
        for rule in rules:
            yield from (key for key in fields_of(rule) if key.startswith(("deal.", "client.")))


def start(then: str, id: str = "start", scope: str | None = None, **more: Any) -> StartEvent:
    """A start event."""
    return StartEvent(id, id, (Way(f"{id}_{then}", then),), scope, **more)


def end(id: str = "end", result: Result = "other", scope: str | None = None, **more: Any) -> EndEvent:
    """An end event."""
    return EndEvent(id, id, result, more.pop("reason_from", None), scope=scope, **more)


def sub(id: str, then: str | None, boundary: tuple[str, ...] = (), scope: str | None = None, **more: Any) -> SubProcess:
    """A sub-process that begins at ``<id>_start``; without a way on it is an event sub-process."""
    ways = () if then is None else (Way(f"{id}_{then}", then),)
    return SubProcess(id, id, f"{id}_start", boundary, ways, then is None, scope=scope, **more)


def on_boundary(id: str, host: str, then: str, trigger: Any, interrupting: bool = True, **more: Any) -> BoundaryEvent:
    """A boundary event."""
    return BoundaryEvent(id, id, host, trigger, interrupting, (Way(f"{id}_{then}", then),), **more)


def at(state: State) -> list[str]:
    """The elements the tokens of a state stand at, in the order of their ids."""
    return [token.element for token in state.tokens]


def kinds(step: Step) -> list[str]:
    """The kinds of the events of a step, short."""
    return [event.kind.removeprefix("processes.") for event in step.events]
