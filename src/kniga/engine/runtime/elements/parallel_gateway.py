"""Parallel gateway (BPMN 2.0, 10.6.4 and 13.4.1): waits for one token on each flow in, sends one along each way out."""

from kniga.engine.definition.model import ParallelGateway
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, gateway: ParallelGateway, move: Move) -> None:
    """Pass, or lay the arrival down and go on once every flow has one. Behind a join the outcome is unknown."""
    if len(gateway.incoming) < 2:
        return run.go_on(gateway.id, gateway.ways, move.parent, move.outcome)
    run.rest(gateway.id, move.parent, flow=move.flow)
    first: dict[str | None, Token] = {}
    for token in run.tokens.values():
        if token.element == gateway.id and token.parent == move.parent:
            first.setdefault(token.flow, token)
    if all(flow in first for flow in gateway.incoming):
        for flow in gateway.incoming:
            del run.tokens[first[flow].id]
        run.go_on(gateway.id, gateway.ways, move.parent, None)
    return None
