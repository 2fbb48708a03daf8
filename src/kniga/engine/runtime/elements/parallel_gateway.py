"""Parallel gateway (BPMN 2.0, 10.6.4 and 13.4.1): waits for one token on each flow in, sends one along each way out."""

from kniga.engine.definition.model import ParallelGateway
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, gateway: ParallelGateway, move: Move) -> None:
    """Pass, or lay the arrival down and go on once every flow has one. Behind a join the outcome is unknown."""
    if len(gateway.incoming) < 2:
        return run.go_on(gateway.id, gateway.ways, move.parent, move.outcome)
    run.rest(gateway.id, move.parent, flow=move.flow)
    _join(run, gateway, move.parent)
    return None


def look_again(run: Run) -> None:
    """Let every join go on that lacks no arrival now that it is another version's: it may have fewer flows in."""
    places = dict.fromkeys((token.element, token.parent) for token in run.tokens.values() if token.flow is not None)
    for element, parent in places:
        gateway = run.elements[element]
        while isinstance(gateway, ParallelGateway) and _join(run, gateway, parent):
            pass


def _join(run: Run, gateway: ParallelGateway, parent: int) -> bool:
    """Take one arrival of each flow and go on; False while one is missing."""
    first: dict[str | None, Token] = {}
    for token in run.tokens.values():
        if token.element == gateway.id and token.parent == parent:
            first.setdefault(token.flow, token)
    if any(flow not in first for flow in gateway.incoming):
        return False
    for flow in gateway.incoming:
        del run.tokens[first[flow].id]
    run.go_on(gateway.id, gateway.ways, parent, None)
    return True
