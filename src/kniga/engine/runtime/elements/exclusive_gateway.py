"""Exclusive gateway (BPMN 2.0, 10.6.2 and 13.4.2): the first true condition decides, else the default."""

from kniga.engine.definition.model import ExclusiveGateway
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run
from kniga.rules import BadValue, holds


def enter(run: Run, gateway: ExclusiveGateway) -> str:
    """The element that comes next. Raises Refused no_flow or bad_field."""
    if gateway.by_outcome is not None:
        target = gateway.by_outcome.get(run.outcome or "", gateway.default)
    else:
        target = _first_true(run, gateway)
    if target is None:
        raise Refused("no_flow", element=gateway.id)
    return target


def _first_true(run: Run, gateway: ExclusiveGateway) -> str | None:
    values = run.condition_values()
    try:
        for branch in gateway.branches:
            if holds(branch.condition, values, now=run.now):
                return branch.target
    except BadValue as error:
        raise Refused("bad_field", detail=str(error)) from None
    return gateway.default
