"""Timer on a user task (BPMN 2.0, 10.5.4 and 13.5.3): interrupting ends the task, the other kind does not."""

from kniga.engine.definition.model import BoundaryTimer
from kniga.engine.runtime.events import TimerFired
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import Token


def fire(run: Run, token: Token, timer_id: str) -> str:
    """Fire a timer of an open task; return the element its path leads to."""
    timer = run.definition.elements.get(timer_id)
    task = run.definition.user_task(token.element)
    if not isinstance(timer, BoundaryTimer) or task is None or timer_id not in task.timers:
        raise Refused("timer_not_set", timer=timer_id, token=str(token.id))
    if timer_id in token.fired:
        raise Refused("timer_not_set", timer=timer_id, token=str(token.id))
    if timer.target is None:
        raise Refused("no_flow", element=timer.id)
    run.events.append(TimerFired(token.id, token.element, timer.id, timer.interrupting))
    if timer.interrupting:
        run.tokens.remove(token)
        run.cancel_task(token)
    else:
        run.tokens[run.tokens.index(token)] = Token(token.id, token.element, (*token.fired, timer.id))
    return timer.target
