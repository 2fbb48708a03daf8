"""How the joins of a process, or of one sub-process in it, are fed by the tokens that stand there.

A join is fed, flow by flow, by the tokens that can come to it. While branches run as they are drawn, each flow is fed
by a branch of its own. A flow that nobody feeds, or that two feed, leaves an arrival that waits for ever. Tokens that
meet at a join on their way come from there as one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kniga.engine.definition.model import BoundaryEvent, Element, InclusiveGateway, ParallelGateway, ways_of

Join = ParallelGateway | InclusiveGateway
Stand = tuple[str, str | None]
"""Where a token is: its element, and the flow it has come to a join by."""
Fed = list[frozenset[str]]
"""For each token, or tokens that have become one, the flows into a join it can come by."""

_Flows = Mapping[str, frozenset[str]]
_NONE: Final = frozenset[str]()


def is_join(element: Element) -> bool:
    """Whether an element waits for tokens of several flows."""
    return isinstance(element, (ParallelGateway, InclusiveGateway)) and len(element.incoming) > 1


def is_fed_well(join: Join, fed: Fed) -> bool:
    """No flow is fed by two; of a parallel join all are fed, or none."""
    flows = [flow for one in fed for flow in one]
    is_once = len(flows) == len(set(flows))
    return is_once and (not flows or isinstance(join, InclusiveGateway) or set(flows) == set(join.incoming))


class Feeding:
    """The joins of one scope (None: the process itself), and from where a token comes straight to each of their
    flows."""

    def __init__(self, elements: Mapping[str, Element], scope: str | None) -> None:
        inside = [element for element in elements.values() if element.scope == scope]
        self.joins: dict[str, Join] = {
            one.id: one for one in inside if isinstance(one, (ParallelGateway, InclusiveGateway)) and is_join(one)
        }
        before = _before(inside) if self.joins else {}
        self._reach = {
            join.id: {flow: _upstream(before, self.joins, flow) for flow in join.incoming}
            for join in self.joins.values()
        }

    def fed(self, join: str, stands: Sequence[Stand]) -> Fed:
        """How these tokens feed a join; those that can come by none of its flows are left out."""
        sources = [self._flows(stand) for stand in stands]
        passing = self._passing(join, sources)
        together = _together([*sources, *passing.values()], [set[str]()] * len(sources) + [{one} for one in passing])
        found = list[frozenset[str]]()
        for numbers, joins in together:
            straight = [sources[number].get(join, _NONE) for number in numbers if number < len(sources)]
            # A token that may come straight, or with others that it meets before, comes once.
            met = _NONE.union(*(passing[one].get(join, _NONE) for one in joins))
            found += [*straight, met.difference(*straight)]
        return [flows for flows in found if flows]

    def _passing(self, join: str, sources: Iterable[_Flows]) -> dict[str, _Flows]:
        """The other joins that will go on without this one, with where one comes from there."""
        passing: dict[str, _Flows] = {}
        pending = True
        while pending:
            pending = False
            for other in self.joins.values():
                if other.id == join or other.id in passing:
                    continue
                flows = {flow for one in (*sources, *passing.values()) for flow in one.get(other.id, ())}
                if flows == set(other.incoming) or (flows and self._needs_no_more(other, flows, join)):
                    passing[other.id] = self._flows((other.id, None))
                    pending = True
        return passing

    def _needs_no_more(self, other: Join, flows: set[str], join: str) -> bool:
        """Whether an inclusive join does not wait for what comes from another join (13.4.3: that can come by none of
        the flows by which something comes anyway)."""
        reached, pending, comes = {join}, [join], set[str]()
        while pending:
            for one, by in self._flows((pending.pop(), None)).items():
                if one == other.id:
                    comes |= by
                elif one not in reached:
                    reached.add(one)
                    pending.append(one)
        return isinstance(other, InclusiveGateway) and (not comes or bool(comes & flows))

    def _flows(self, stand: Stand) -> _Flows:
        element, flow = stand
        if element in self.joins and flow is not None:
            return {element: frozenset((flow,))}
        found = {
            join: frozenset(flow for flow, sources in reach.items() if element in sources)
            for join, reach in self._reach.items()
        }
        return {join: flows for join, flows in found.items() if flows}


def _together(sources: Sequence[_Flows], own: Sequence[set[str]]) -> list[tuple[list[int], set[str]]]:
    """The sources (by their numbers) that come to joins in common, with these joins."""
    joins = {one for names in own for one in names}
    found: list[tuple[list[int], set[str]]] = []
    for number, (flows, names) in enumerate(zip(sources, own, strict=True)):
        touched = names | (joins & flows.keys())
        linked = [one for one in found if one[1] & touched]
        found = [one for one in found if not one[1] & touched]
        numbers = sorted([number, *(other for one in linked for other in one[0])])
        found.append((numbers, touched.union(*(one[1] for one in linked))))
    return found


def _before(inside: Iterable[Element]) -> dict[str, set[str]]:
    """For each element, and each flow, what may come right before it."""
    found: dict[str, set[str]] = defaultdict(set)
    for element in inside:
        if isinstance(element, BoundaryEvent):
            found[element.id].add(element.host)
        for flow, target in ways_of(element):
            found[target].add(element.id)
            found[flow].add(element.id)
    return found


def _upstream(before: Mapping[str, set[str]], joins: Mapping[str, Join], flow: str) -> frozenset[str]:
    """From where a token can come to a flow into a join without passing any join; a join may be the first."""
    seen: set[str] = set()
    pending = list(before[flow])
    while pending:
        at = pending.pop()
        if at not in seen:
            seen.add(at)
            pending.extend(() if at in joins else before.get(at, ()))
    return frozenset(seen)
