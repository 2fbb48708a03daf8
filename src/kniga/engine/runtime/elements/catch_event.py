"""Intermediate catch event (BPMN 2.0, 10.5.4, 13.5.2): a token rests here until what it waits for comes."""

from kniga.engine.definition.model import CatchEvent
from kniga.engine.runtime import waits
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, event: CatchEvent, move: Move) -> None:
    """Begin to wait."""
    token = run.rest(event.id, move.parent, outcome=move.outcome)
    waits.set_up(run, token.id, event)


def happen(run: Run, token: Token, event: CatchEvent) -> None:
    """It has come: go on."""
    del run.tokens[token.id]
    run.go_on(event.id, event.ways, token.parent, token.outcome)
