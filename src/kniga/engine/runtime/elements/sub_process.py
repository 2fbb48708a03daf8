"""Embedded sub-process (BPMN 2.0, 10.3.5, 13.3.4): a scope of its own, over when nothing in it is left."""

from kniga.engine.definition.model import SubProcess
from kniga.engine.runtime.elements import activity, event_sub_process, multi_instance
from kniga.engine.runtime.events import ScopeEntered, ScopeLeft
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, process: SubProcess, move: Move) -> None:
    """Open the scope and begin at its start event."""
    if process.loop is not None and move.item is None:
        return multi_instance.enter(run, process, move)
    token = run.rest(process.id, move.parent, item=move.item)
    item = None if move.item is None else multi_instance.item_of(run, token)
    run.events.append(ScopeEntered(token.id, process.id, item))
    activity.arm(run, process, token)
    event_sub_process.arm(run, token.id)
    run.queue.append(Move(process.start, None, token.id, move.outcome))
    return None


def complete(run: Run, token: Token, process: SubProcess) -> None:
    """Nothing is left in the scope: go on behind it. Several paths may have ended in it, so the outcome is unknown."""
    run.events.append(ScopeLeft(token.id, process.id, "completed"))
    activity.leave(run, process, token, None)
