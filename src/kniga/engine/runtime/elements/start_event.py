"""Start event (BPMN 2.0, 10.5.2): the token goes straight on, whatever set it off."""

from kniga.engine.definition.model import StartEvent
from kniga.engine.runtime.run import Move, Run


def enter(run: Run, event: StartEvent, move: Move) -> None:
    """Go on."""
    run.go_on(event.id, event.ways, move.parent, move.outcome)
