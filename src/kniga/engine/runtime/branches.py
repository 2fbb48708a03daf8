"""Whether the branches of an instance are still branches in the version it moves to: every join is fed as before or
as it is drawn, and none comes to a place where another stands that it never ran beside."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from kniga.engine.definition.model import (
    BoundaryEvent,
    Element,
    EventGateway,
    ExclusiveGateway,
    targets_of,
)
from kniga.engine.runtime.feeding import Fed, Feeding, Join, Stand, is_fed_well, is_join
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.state import ROOT, Token

Elements = Mapping[str, Element]
Pair = tuple[Token, Token]
"""A token before the move and after it."""


def refuse_broken_branches(
    old: Elements, new: Elements, before: Mapping[int, Token], after: Mapping[int, Token], mapping: Mapping[str, str]
) -> None:
    """Look at the tokens of each scope. Raises Refused move_strands, naming the first join that would wait for ever,
    or cannot_migrate for a token that another one would come to."""
    scopes: dict[int, list[Pair]] = defaultdict(list)
    for id, token in after.items():
        scopes[token.parent].append((before[id], token))
    for parent, pairs in scopes.items():
        if parent == ROOT:
            _check_joins(Feeding(new, None), old, None, pairs, mapping)
        elif pairs[0][1].item is None:  # the bodies of a loop stand side by side
            _check_joins(Feeding(new, after[parent].element), old, before[parent].element, pairs, mapping)
        _check_lines(old, new, pairs)


def _check_joins(
    feeding: Feeding, old: Elements, old_scope: str | None, pairs: Sequence[Pair], mapping: Mapping[str, str]
) -> None:
    stands = [(token.element, token.flow) for _before, token in pairs]
    for join in feeding.joins.values():
        fed = feeding.fed(join.id, stands)
        if not is_fed_well(join, fed):
            was = _fed_before(Feeding(old, old_scope), [token for token, _after in pairs], join, mapping)
            if was is None or sorted(was, key=sorted) != sorted(fed, key=sorted):
                raise Refused("move_strands", join=join.name or join.id)


def _fed_before(feeding: Feeding, tokens: Sequence[Token], join: Join, mapping: Mapping[str, str]) -> Fed | None:
    """How the join was fed in the old version, in the new one's names; None if it was no join of these flows."""
    stands: list[Stand] = [(token.element, token.flow) for token in tokens]
    for former in feeding.joins.values():
        if mapping.get(former.id, former.id) == join.id and {
            mapping.get(flow, flow) for flow in former.incoming
        } == set(join.incoming):
            return [frozenset(mapping.get(flow, flow) for flow in one) for one in feeding.fed(former.id, stands)]
    return None


def _check_lines(old: Elements, new: Elements, pairs: Sequence[Pair]) -> None:
    for (was, one), (other_was, other) in combinations(pairs, 2):
        if (
            one.element != other.element
            and _follow(new, one, other)
            and not _follow(old, was, other_was)
            and not _run_beside(new, one.element, other.element)
        ):
            raise Refused(
                "cannot_migrate", element=was.element, to=one.element, detail="another branch would do the same steps"
            )


def _follow(elements: Elements, one: Token, other: Token) -> bool:
    """Whether one of two tokens can come to where the other stands before anything brings them together."""
    return other.element in _onward(elements, one.element) or one.element in _onward(elements, other.element)


def _run_beside(elements: Elements, one: str, other: str) -> bool:
    """Whether branches of one split can stand at these two elements."""
    return any(
        (one in first and other in second) or (one in second and other in first)
        for branches in _splits(elements)
        for first, second in combinations(branches, 2)
    )


def _splits(elements: Elements) -> Iterator[list[set[str]]]:
    """For everything that makes several tokens of one: where each of them can come before a join."""
    for element in elements.values():
        targets = targets_of(element)
        if len(targets) > 1 and not isinstance(element, (ExclusiveGateway, EventGateway)):
            yield [_onward(elements, target) for target in targets]
        beside = [one for one in _boundary(elements, element) if not one.interrupting]
        if beside:
            yield [_onward(elements, element.id), *(_onward(elements, one.id) for one in beside)]


def _onward(elements: Elements, start: str) -> set[str]:
    """An element, and all that a token there can come to before a join, as long as it stays one."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        at = elements[pending.pop()]
        if at.id not in seen and not is_join(at):
            seen.add(at.id)
            pending.extend(targets_of(at))
            pending.extend(one.id for one in _boundary(elements, at) if one.interrupting)
    return seen


def _boundary(elements: Elements, element: Element) -> list[BoundaryEvent]:
    events = (elements[id] for id in getattr(element, "boundary", ()))
    return [event for event in events if isinstance(event, BoundaryEvent)]
