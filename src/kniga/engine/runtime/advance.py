"""The one door of the engine: a definition, a state and a command give a step or a rejection."""

from collections.abc import Iterable
from datetime import datetime

from kniga.engine.definition.model import (
    Definition,
    EndEvent,
    ExclusiveGateway,
    StartEvent,
    UserTask,
)
from kniga.engine.runtime.commands import Cancel, Command, CompleteTask, FireTimer, Start
from kniga.engine.runtime.elements import boundary_timer, end_event, exclusive_gateway, start_event, user_task
from kniga.engine.runtime.elements.answers import accept_answers
from kniga.engine.runtime.events import InstanceCancelled, InstanceStarted
from kniga.engine.runtime.results import Refused, Rejection, Step
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import NEW_STATE, State, Token


def advance(definition: Definition, state: State, command: Command, *, now: datetime) -> Step | Rejection:
    """Carry out one command. Pure: the same arguments always give the same result, nothing is changed.

    ``now`` must be aware (ValueError otherwise); it is the moment of the command, and conditions with relative
    dates take it, and its zone, for theirs. Returns a Rejection
    when the command cannot be carried out, and then nothing has happened.
    """
    if now.tzinfo is None:
        raise ValueError("now must carry its offset")
    try:
        if isinstance(command, CompleteTask):
            return _complete(definition, state, command, now)
        if isinstance(command, FireTimer):
            return _fire(definition, state, command, now)
        if isinstance(command, Start):
            return _start(definition, state, command, now)
        return _cancel(definition, state, command, now)
    except Refused as refused:
        return refused.rejection


def replay(definition: Definition, commands: Iterable[tuple[Command, datetime]]) -> State:
    """The state after a history of commands with their moments. Raises ValueError naming the first
    command that is rejected: an accepted history never is."""
    state = NEW_STATE
    for number, (command, now) in enumerate(commands):
        result = advance(definition, state, command, now=now)
        if isinstance(result, Rejection):
            raise ValueError(f"command {number} is rejected: {result.message}")
        state = result.state
    return state


def _start(definition: Definition, state: State, command: Start, now: datetime) -> Step:
    if state.status != "new":
        raise Refused("already_started")
    run = Run(definition, state, command.fields, now)
    run.data = {key: value for key, value in command.data.items() if value is not None}
    entry = command.element or definition.start
    if command.element is not None and definition.user_task(command.element) is None:
        raise Refused("unknown_element", element=command.element)
    run.events.append(InstanceStarted(entry, run.data))
    _walk(run, entry)
    return run.step()


def _complete(definition: Definition, state: State, command: CompleteTask, now: datetime) -> Step:
    token = _open_token(state, command.token)
    task = definition.user_task(token.element)
    if task is None:
        raise Refused("task_not_open", token=str(token.id))
    outcome = command.outcome
    if task.outcome(outcome) is None:
        raise Refused("unknown_outcome", element=task.id, outcome=outcome)
    answers = accept_answers(task, outcome, command.answers)
    run = Run(definition, state, command.fields, now)
    _walk(run, user_task.complete(run, token, task, outcome, answers))
    return run.step()


def _fire(definition: Definition, state: State, command: FireTimer, now: datetime) -> Step:
    token = _open_token(state, command.token)
    run = Run(definition, state, command.fields, now)
    _walk(run, boundary_timer.fire(run, token, command.timer))
    return run.step()


def _cancel(definition: Definition, state: State, command: Cancel, now: datetime) -> Step:
    if state.status != "running":
        raise Refused("not_running", status=state.status)
    run = Run(definition, state, {}, now)
    run.cancel_all()
    run.status = "cancelled"
    run.reason = command.reason
    run.events.append(InstanceCancelled(command.reason))
    return run.step()


def _open_token(state: State, id: int) -> Token:
    if state.status != "running":
        raise Refused("not_running", status=state.status)
    token = state.token(id)
    if token is None:
        raise Refused("task_not_open", token=str(id))
    return token


def _walk(run: Run, element_id: str) -> None:
    """Follow the flows from one element until the token rests or is consumed. A definition has no loop
    without a task in it, so this ends."""
    at: str = element_id
    while True:
        element = run.definition.elements[at]
        if isinstance(element, UserTask):
            return user_task.enter(run, element)
        if isinstance(element, ExclusiveGateway):
            at = exclusive_gateway.enter(run, element)
        elif isinstance(element, EndEvent):
            return end_event.enter(run, element)
        elif isinstance(element, StartEvent):
            at = start_event.enter(element)
        else:
            raise Refused("no_flow", element=at)  # a boundary event: no compiled flow leads into one
