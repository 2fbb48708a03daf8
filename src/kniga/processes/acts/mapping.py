"""Which element of another version a token's element became: proposed by likeness, decided by a person.

Proposed is, in this order: the same id; the one of the same name; the most similar one of the same kind. Where
several are about as similar, the step was probably split: then a person has to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz import fuzz

from kniga.engine import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    Definition,
    Element,
    EventGateway,
    InclusiveGateway,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    SubProcess,
    UserTask,
)
from kniga.platform.textkeys import fold

How = Literal["same", "name", "similar", "split", "gone"]

SAME_NAME: Final = 0.95
LIKELY: Final = 0.5
"""Less similar than this is another step."""
TOO_CLOSE: Final = 0.12
"""Candidates no further apart than this: nobody but a person can tell which one it is."""
_MOST_CANDIDATES: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An element of the new version and how sure it is that it is meant, 0 to 1."""

    element: str
    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an element became. `target` None: a person has to choose. `stage` is the key of a step's stage."""

    element: str
    name: str
    stage: str | None
    target: str | None
    confidence: float
    how: How
    candidates: tuple[Candidate, ...]


def propose_mapping(old: Definition, new: Definition) -> tuple[Proposal, ...]:
    """A proposal for each element of `old` at which tokens rest, in the order of the file."""
    return tuple(_proposal(old, new, element) for element in resting(old))


def resting(definition: Definition) -> tuple[Element, ...]:
    """The elements at which tokens rest, in the order of the file."""
    return tuple(element for element in definition.elements.values() if _rests(element))


def fits_at(old: Element, new: Element) -> bool:
    """Whether a token may go from one to the other: the engine moves between elements of one kind only."""
    return _shape(old) == _shape(new)


def targets_for(old: Element, definition: Definition) -> tuple[Element, ...]:
    """The elements a person may choose for `old`."""
    return tuple(element for element in resting(definition) if fits_at(old, element))


def whole_mapping(old: Definition, new: Definition, chosen: Mapping[str, str | None]) -> dict[str, str]:
    """The mapping the engine takes (an absent key keeps its id): what was chosen, and with it the events at the
    activities and the flows into the joins, which follow from it."""
    mapping = {element: target for element, target in chosen.items() if target and target != element}
    for element in old.elements.values():
        if isinstance(element, BoundaryEvent) and element.id not in new.elements and element.id not in mapping:
            host = mapping.get(element.host, element.host)
            there = [
                other.id
                for other in new.elements.values()
                if isinstance(other, BoundaryEvent) and (other.host, other.trigger) == (host, element.trigger)
            ]
            if len(there) == 1:
                mapping[element.id] = there[0]
    return mapping | _flows(old, new, mapping)


def _flows(old: Definition, new: Definition, mapping: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    ends = {flow.id: (flow.source, flow.target) for flow in new.flows}
    for flow in old.flows:
        source, target = mapping.get(flow.source, flow.source), mapping.get(flow.target, flow.target)
        joins = isinstance(old.elements.get(flow.target), (ParallelGateway, InclusiveGateway))
        if joins and ends.get(flow.id, ("", ""))[1] != target:
            same = [id for id, pair in ends.items() if pair == (source, target)]
            if len(same) == 1:
                found[flow.id] = same[0]
    return found


def _proposal(old: Definition, new: Definition, element: Element) -> Proposal:
    stage = element.stage if isinstance(element, UserTask) else None
    there = new.elements.get(element.id)
    if there is not None and fits_at(element, there):
        mine = (Candidate(there.id, there.name, 1.0),)
        return Proposal(element.id, element.name, stage, there.id, 1.0, "same", mine)
    candidates = _candidates(old, new, element)
    if not candidates:
        return Proposal(element.id, element.name, stage, None, 0.0, "gone", ())
    best = candidates[0]
    rivals = [other for other in candidates[1:] if best.confidence - other.confidence <= TOO_CLOSE]
    if rivals:
        return Proposal(element.id, element.name, stage, None, best.confidence, "split", candidates)
    how: How = "name" if fold(best.name) == fold(element.name) else "similar"
    return Proposal(element.id, element.name, stage, best.element, best.confidence, how, candidates)


def _candidates(old: Definition, new: Definition, element: Element) -> tuple[Candidate, ...]:
    """New elements of the same kind that are likely enough, the likeliest first."""
    found = [
        Candidate(other.id, other.name, likeness)
        for other in resting(new)
        if other.id not in old.elements and fits_at(element, other)
        if (likeness := _likeness(old, new, element, other)) >= LIKELY
    ]
    return tuple(sorted(found, key=lambda one: (-one.confidence, one.element))[:_MOST_CANDIDATES])


def _likeness(old: Definition, new: Definition, element: Element, other: Element) -> float:
    mine, its = fold(element.name), fold(other.name)
    if mine and mine == its:
        return SAME_NAME
    words = max(fuzz.token_sort_ratio(mine, its), 0.9 * fuzz.token_set_ratio(mine, its)) / 100 if mine and its else 0.0
    same_kind = _kind(element) == _kind(other)
    same_stage = _stage(old, element) == _stage(new, other)
    beside, there = _beside(old, element.id), _beside(new, other.id)
    company = len(beside & there) / len(beside | there) if beside | there else 0.0
    return round(min(0.5 * words + 0.1 * same_kind + 0.2 * same_stage + 0.2 * company, 0.9), 2)


def _beside(definition: Definition, id: str) -> set[str]:
    """What stands right before, right after, and on an element."""
    found = {flow.source for flow in definition.flows if flow.target == id}
    found |= {flow.target for flow in definition.flows if flow.source == id}
    return found | set(getattr(definition.elements[id], "boundary", ()))


def _stage(definition: Definition, element: Element) -> str | None:
    stage = definition.stage(element.stage or "") if isinstance(element, UserTask) else None
    return None if stage is None else fold(stage.name)


def _kind(element: Element) -> str | None:
    if isinstance(element, UserTask):
        return element.kind
    if isinstance(element, ServiceTask):
        return element.action
    return element.trigger if isinstance(element, CatchEvent) else None


def _rests(element: Element) -> bool:
    if isinstance(element, ServiceTask):
        return not element.immediate
    if isinstance(element, (ParallelGateway, InclusiveGateway)):
        return len(element.incoming) > 1
    return isinstance(element, (UserTask, ReceiveTask, CatchEvent, EventGateway, CallActivity, SubProcess))


def _shape(element: Element) -> tuple[type[Element], bool, bool | None]:
    loop = getattr(element, "loop", None)
    return type(element), getattr(element, "event", False), None if loop is None else loop.sequential
