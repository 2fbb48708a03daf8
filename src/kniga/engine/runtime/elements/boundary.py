"""Boundary event (BPMN 2.0, 10.5.4 and 13.5.3): interrupting ends the activity with all it holds, the other kind
adds a path beside it."""

from kniga.engine.definition.model import BoundaryEvent
from kniga.engine.runtime import cancelling, waits
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import Token


def happen(run: Run, token: Token, event: BoundaryEvent) -> None:
    """It has come at the activity of this token: go on behind it. The path begins anew, its outcome is unknown."""
    if event.interrupting:
        cancelling.cancel(run, token)
    else:
        waits.come_again(run, token.id, event)
    run.go_on(event.id, event.ways, token.parent, None)
