"""Inclusive gateway (BPMN 2.0, 10.6.3 and 13.4.3): takes every branch whose condition is true, the default if none
is; as a join it waits for every token that can still come."""

from collections.abc import Iterable

from kniga.engine.definition.model import InclusiveGateway, Way
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, gateway: InclusiveGateway, move: Move) -> None:
    """Pass, or lay the arrival down until ``join`` finds that nothing more can come."""
    if len(gateway.incoming) < 2:
        _split(run, gateway, move.parent, move.outcome)
    else:
        run.rest(gateway.id, move.parent, flow=move.flow)


def join(run: Run) -> bool:
    """Let the first join go on that no further token can reach; whether there was one. To be asked when nothing
    moves any more."""
    for arrival in run.tokens.values():
        if arrival.flow is None:
            continue
        gateway = run.elements.get(arrival.element)
        if isinstance(gateway, InclusiveGateway) and _is_complete(run, gateway, arrival.parent):
            for token in _first_by_flow(run, gateway, arrival.parent):
                del run.tokens[token.id]
            _split(run, gateway, arrival.parent, None)
            return True
    return False


def _split(run: Run, gateway: InclusiveGateway, parent: int, outcome: str | None) -> None:
    ways = tuple(Way(branch.flow, branch.target) for branch in gateway.branches if run.holds(branch.condition, outcome))
    if not ways and gateway.default is not None:
        ways = (gateway.default,)
    run.go_on(gateway.id, ways, parent, outcome)


def _is_complete(run: Run, gateway: InclusiveGateway, parent: int) -> bool:
    """13.4.3: for every token elsewhere with a path to an empty flow in, there is one to a flow that has a token."""
    beside = [token for token in run.tokens.values() if token.parent == parent]
    taken = {token.flow for token in beside if token.element == gateway.id}
    empty = [gateway.upstream[flow] for flow in gateway.incoming if flow not in taken]
    full = [gateway.upstream[flow] for flow in gateway.incoming if flow in taken]
    return not any(
        _in_any(token.element, empty) and not _in_any(token.element, full)
        for token in beside
        if token.element != gateway.id
    )


def _in_any(element: str, sets: Iterable[frozenset[str]]) -> bool:
    return any(element in upstream for upstream in sets)


def _first_by_flow(run: Run, gateway: InclusiveGateway, parent: int) -> list[Token]:
    first: dict[str | None, Token] = {}
    for token in run.tokens.values():
        if token.element == gateway.id and token.parent == parent:
            first.setdefault(token.flow, token)
    return list(first.values())
