"""Call activity (BPMN 2.0, 10.3.4, 13.3.5): another process runs; its result is the outcome of the call."""

from kniga.engine.definition.actions import CALL
from kniga.engine.definition.model import CallActivity
from kniga.engine.runtime.effects import StartWork
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.events import WorkStarted
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, call: CallActivity, move: Move) -> None:
    """Ask for the process."""
    if call.loop is not None and move.item is None:
        return multi_instance.enter(run, call, move)
    token = run.rest(call.id, move.parent, item=move.item)
    ask(run, call, token)
    return activity.arm(run, call, token)


def ask(run: Run, call: CallActivity, token: Token) -> None:
    """Ask the shell to run the process."""
    item = None if token.item is None else multi_instance.item_of(run, token)
    run.events.append(WorkStarted(token.id, call.id, CALL, item))
    params = {"process": call.process, "version": call.version}
    run.effects.append(StartWork(token.id, call.id, CALL, params, item))
