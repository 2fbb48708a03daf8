"""Event-based gateway (BPMN 2.0, 10.6.6 and 13.4.4): the first of the events behind it decides the way."""

from kniga.engine.definition.model import CatchEvent, EventGateway, ReceiveTask
from kniga.engine.runtime import waits
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, gateway: EventGateway, move: Move) -> None:
    """Begin to wait for all of them at once."""
    token = run.rest(gateway.id, move.parent, outcome=move.outcome)
    waits.set_up_all(run, token.id, (way.target for way in gateway.ways))


def happen(run: Run, token: Token, event: CatchEvent | ReceiveTask) -> None:
    """The first has come: forget the others and go on behind it. What the last task's outcome was no longer
    decides the way, so that it is unknown."""
    del run.tokens[token.id]
    waits.forget(run, token.id)
    run.go_on(event.id, event.ways, token.parent, None)
