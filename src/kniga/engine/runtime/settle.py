"""From a command carried out to rest: every move made, every join decided, every scope completed."""

from collections.abc import Callable, Mapping
from typing import Any

from kniga.engine.definition.model import (
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
)
from kniga.engine.runtime import conditions
from kniga.engine.runtime.elements import (
    call_activity,
    catch_event,
    decision_task,
    end_event,
    event_gateway,
    event_sub_process,
    exclusive_gateway,
    inclusive_gateway,
    parallel_gateway,
    receive_task,
    service_task,
    start_event,
    sub_process,
    throw_event,
    user_task,
)
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import ROOT

MOST_HOPS = 1000
"""How many elements the tokens may enter in one command, beside ``HOPS_OF_A_BODY`` for each body of a loop."""
HOPS_OF_A_BODY = 20

ENTER: Mapping[type[Any], Callable[[Run, Any, Move], None]] = {
    UserTask: user_task.enter,
    ExclusiveGateway: exclusive_gateway.enter,
    EndEvent: end_event.enter,
    StartEvent: start_event.enter,
    ServiceTask: service_task.enter,
    DecisionTask: decision_task.enter,
    ReceiveTask: receive_task.enter,
    CallActivity: call_activity.enter,
    SubProcess: sub_process.enter,
    ParallelGateway: parallel_gateway.enter,
    InclusiveGateway: inclusive_gateway.enter,
    EventGateway: event_gateway.enter,
    CatchEvent: catch_event.enter,
    ThrowEvent: throw_event.enter,
}
"""What happens when a token comes to an element, by its kind."""


def settle(run: Run) -> None:
    """Let everything move until it rests. Raises Refused endless_loop when it never would."""
    _walk(run)
    while inclusive_gateway.join(run) or _complete_scope(run) or _look(run):
        _walk(run)


def _walk(run: Run) -> None:
    elements = run.elements
    while run.queue:  # looked at anew each time: a cancelled scope takes its moves away
        move = run.queue.popleft()
        if move.parent and move.parent not in run.tokens:
            continue
        element = elements[move.element]
        enter = ENTER.get(type(element))
        if enter is None:
            raise Refused("no_flow", element=element.id)  # a boundary event: no compiled flow leads into one
        run.hops += 1
        if run.hops > MOST_HOPS:
            _check_hops(run, element.id)
        enter(run, element, move)


def _look(run: Run) -> bool:
    if not run.definition.conditionals or run.status != "running":
        return False
    run.hops += 1
    _check_hops(run, run.definition.process_id)
    return conditions.look(run)


def _check_hops(run: Run, element: str) -> None:
    if run.hops > MOST_HOPS + HOPS_OF_A_BODY * run.bodies:
        raise Refused("endless_loop", element=element)


def _complete_scope(run: Run) -> bool:
    """Complete the first scope that has lost its last token; whether there was one."""
    while run.emptied:
        scope = run.emptied.pop()
        if scope == ROOT:
            if not run.tokens and run.status == "running":
                assert run.last_end is not None
                end_event.end_instance(run, run.last_end)
            continue
        token = run.tokens.get(scope)
        if token is None or any(child.parent == scope for child in run.tokens.values()):
            continue
        process = run.elements[token.element]
        assert isinstance(process, SubProcess)
        if process.event:
            event_sub_process.complete(run, token)
        else:
            sub_process.complete(run, token, process)
        return True
    return False
