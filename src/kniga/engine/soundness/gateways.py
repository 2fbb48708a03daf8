"""Gateways (BPMN 2.0, 10.6 and 13.4): every branch the conditions allow is taken once."""

from kniga.engine.definition.model import ExclusiveGateway, InclusiveGateway, ParallelGateway, Way
from kniga.engine.soundness.data import NO_FACTS
from kniga.engine.soundness.marking import Blocked, Move, Refusals, Token, Walk
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.passing import go_on


def enter_exclusive(
    outline: Outline, walk: Walk, gateway: ExclusiveGateway, move: Move, refusals: Refusals
) -> list[Walk]:
    """Take one way: that of the outcome, else the first whose condition may hold first, each possible one as a walk of
    its own. Where nothing holds and there is no default, it is noted in ``refusals``."""
    trail = (*move.trail, gateway.id)
    if gateway.by_outcome is not None:
        way = gateway.by_outcome.get(move.outcome or "", gateway.default)
        if way is None:
            refusals.append(Blocked("no_flow", gateway.id, move.outcome, trail))
            return []
        walk.leave((way,), move.parent, move.outcome, trail)
        return [walk]
    found: list[Walk] = []
    _looks(outline, walk, gateway)
    conditions = [branch.condition for branch in gateway.branches]
    blocked = False
    for at, facts in outline.conditions.first(conditions, move.outcome, walk.facts, gateway.id):
        if at is None:
            blocked = gateway.default is None
            way = gateway.default
        else:
            way = Way(gateway.branches[at].flow, gateway.branches[at].target)
        if way is not None:
            other = walk.copy()
            other.facts = facts
            other.leave((way,), move.parent, move.outcome, trail)
            found.append(other)
    if blocked:
        refusals.append(Blocked(_why(outline, gateway, move), gateway.id, move.outcome, trail))
    return found


def enter_inclusive(
    outline: Outline, walk: Walk, gateway: InclusiveGateway, move: Move, refusals: Refusals
) -> list[Walk]:
    """Take every set of ways whose conditions may hold together, each as a walk of its own; a join rests until nothing
    more can come (`fire_inclusive`). Where none may hold and there is no default, it is noted in ``refusals``."""
    if len(gateway.incoming) > 1 and move.flow:
        walk.rest(Token(gateway.id, move.parent, move.flow))
        return [walk]
    trail = (*move.trail, gateway.id)
    _looks(outline, walk, gateway)
    found: list[Walk] = []
    blocked = False
    conditions = [branch.condition for branch in gateway.branches]
    for taken, facts in outline.conditions.every(conditions, move.outcome, walk.facts, gateway.id):
        ways = tuple(Way(gateway.branches[at].flow, gateway.branches[at].target) for at in sorted(taken))
        if not ways and gateway.default is not None:
            ways = (gateway.default,)
        if not ways:
            blocked = True
            continue
        other = walk.copy()
        other.facts = facts
        other.leave(ways, move.parent, move.outcome, trail)
        found.append(other)
    if blocked:
        refusals.append(Blocked(_why(outline, gateway, move), gateway.id, move.outcome, trail))
    return found


def _why(outline: Outline, gateway: ExclusiveGateway | InclusiveGateway, move: Move) -> str:
    """Whether nothing leads on with this outcome, or only with what the fields happen to be."""
    conditions = [branch.condition for branch in gateway.branches]
    ways = outline.conditions.first(conditions, move.outcome, NO_FACTS, gateway.id)
    return "may_block" if any(at is not None for at, _ in ways) else "no_flow"


def _looks(outline: Outline, walk: Walk, gateway: ExclusiveGateway | InclusiveGateway) -> None:
    walk.reads |= outline.read[gateway.id]


def enter_parallel(
    outline: Outline, walk: Walk, gateway: ParallelGateway, move: Move, refusals: Refusals
) -> list[Walk]:
    """Take all ways at once; a join rests until a token has come by each of its flows, and uses up one of each."""
    if len(gateway.incoming) < 2:
        return go_on(walk, gateway, gateway.ways, move)
    walk.rest(Token(gateway.id, move.parent, move.flow))
    arrived: dict[str, int] = {}
    for id, token in walk.tokens.items():
        if token.element == gateway.id and token.parent == move.parent:
            arrived.setdefault(token.flow, id)
    if any(flow not in arrived for flow in gateway.incoming):
        return [walk]
    for flow in gateway.incoming:
        del walk.tokens[arrived[flow]]
    return go_on(walk, gateway, gateway.ways, move._replace(outcome=None))


def fire_inclusive(outline: Outline, walk: Walk) -> bool:
    """Let one inclusive join that no token can reach any more go on (13.4.3)."""
    for gateway in outline.inclusive:
        scopes = {token.parent for token in walk.tokens.values() if token.element == gateway.id}
        for scope in sorted(scopes):
            if _ready(walk, gateway, scope):
                arrived: dict[str, int] = {}
                for id in walk.inside(scope):
                    if walk.tokens[id].element == gateway.id:
                        arrived.setdefault(walk.tokens[id].flow, id)
                for id in arrived.values():
                    del walk.tokens[id]
                walk.moves.append(Move(gateway.id, "", scope, None, ()))
                return True
    return False


def _ready(walk: Walk, gateway: InclusiveGateway, scope: int) -> bool:
    inside = [walk.tokens[id] for id in walk.inside(scope)]
    full = {token.flow for token in inside if token.element == gateway.id}
    empty = [flow for flow in gateway.incoming if flow not in full]
    return not any(
        any(token.element in gateway.upstream[flow] for flow in empty)
        and not any(token.element in gateway.upstream[flow] for flow in full)
        for token in inside
        if token.element != gateway.id
    )
