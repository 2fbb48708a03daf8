"""Call activity (BPMN 2.0, 10.3.4, 13.3.5): another process runs; its result is the outcome of the call."""

from kniga.engine.definition.model import CallActivity
from kniga.engine.runtime.effects import StartWork
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.events import WorkStarted
from kniga.engine.runtime.run import Move, Run


def enter(run: Run, call: CallActivity, move: Move) -> None:
    """Ask for the process."""
    if call.loop is not None and move.item is None:
        return multi_instance.enter(run, call, move)
    token = run.rest(call.id, move.parent, item=move.item)
    item = None if move.item is None else multi_instance.item_of(run, token)
    run.events.append(WorkStarted(token.id, call.id, "call", item))
    params = {"process": call.process, "version": call.version}
    run.effects.append(StartWork(token.id, call.id, "call", params, item))
    return activity.arm(run, call, token)
