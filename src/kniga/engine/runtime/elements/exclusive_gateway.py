"""Exclusive gateway (BPMN 2.0, 10.6.2 and 13.4.2): the first true condition decides, else the default."""

from kniga.engine.definition.model import ExclusiveGateway, Way
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run


def enter(run: Run, gateway: ExclusiveGateway, move: Move) -> None:
    """Go on by one way. Raises Refused no_flow or bad_field."""
    if gateway.by_outcome is not None:
        way = gateway.by_outcome.get(move.outcome or "", gateway.default)
    else:
        way = _first_true(run, gateway, move.outcome)
    if way is None:
        raise Refused("no_flow", element=gateway.id)
    run.queue.append(Move(way.target, way.flow, move.parent, move.outcome))


def _first_true(run: Run, gateway: ExclusiveGateway, outcome: str | None) -> Way | None:
    for branch in gateway.branches:
        if run.holds(branch.condition, outcome):
            return Way(branch.flow, branch.target)
    return gateway.default
