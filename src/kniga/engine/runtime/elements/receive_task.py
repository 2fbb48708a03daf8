"""Receive task (BPMN 2.0, 10.3.3.3, 13.3.3): a token rests here until its message comes."""

from kniga.engine.definition.model import ReceiveTask
from kniga.engine.runtime import waits
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, task: ReceiveTask, move: Move) -> None:
    """Begin to wait."""
    if task.loop is not None and move.item is None:
        return multi_instance.enter(run, task, move)
    token = run.rest(task.id, move.parent, outcome=move.outcome, item=move.item)
    waits.await_message(run, token.id, task.id, task.message)
    return activity.arm(run, task, token)


def happen(run: Run, token: Token, task: ReceiveTask) -> None:
    """The message has come: go on."""
    activity.leave(run, task, token, token.outcome)
