"""The one door of the engine: a definition, a state and a command give a step or a rejection."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from kniga.engine.definition.model import Definition, StartEvent, UserTask
from kniga.engine.runtime import cancelling, occurrences, skipping, work
from kniga.engine.runtime.commands import (
    Cancel,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    FailWork,
    FireTimer,
    GoTo,
    Migrate,
    Reconsider,
    Start,
)
from kniga.engine.runtime.elements import event_sub_process, user_task
from kniga.engine.runtime.events import (
    ConditionMet,
    InstanceCancelled,
    InstanceStarted,
    MessageCaught,
    SignalCaught,
    TimerFired,
)
from kniga.engine.runtime.go_to import go_to
from kniga.engine.runtime.migrate import migrate
from kniga.engine.runtime.results import Refused, Rejection, Step
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.settle import settle
from kniga.engine.runtime.state import NEW_STATE, ROOT, State
from kniga.engine.runtime.stranding import refuse_stranding
from kniga.rules import BadValue, FieldType, Value, read_value, write_value

_NO_FIELDS: Mapping[str, Value] = {}


def advance(definition: Definition, state: State, command: Command, *, now: datetime) -> Step | Rejection:
    """Carry out one command. Pure: the same arguments always give the same result, nothing is changed.

    ``now`` must be aware (ValueError otherwise); it is the moment of the command. Returns a Rejection
    when the command cannot be carried out, and then nothing has happened.
    """
    if now.tzinfo is None:
        raise ValueError("now must carry its offset")
    wanted = "new" if isinstance(command, Start) else "running"
    if state.status != wanted:
        return Rejection("already_started") if wanted == "new" else Rejection("not_running", {"status": state.status})
    fields = _NO_FIELDS if isinstance(command, Cancel) else command.fields
    run = Run(definition, state, fields, now)
    try:
        _CARRY_OUT[type(command)](run, command)
        settle(run)
    except Refused as refused:
        return _with_cause(refused.rejection, run, state)
    return run.step()


def _with_cause(rejection: Rejection, run: Run, before: State) -> Rejection:
    """The rejection with the condition that came last before it, of those that were waited for already."""
    met = [
        (event.token, event.event)
        for event in run.events
        if isinstance(event, ConditionMet) and (event.token == ROOT or before.token(event.token) is not None)
    ]
    return replace(rejection, condition=met[-1]) if met else rejection


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


def _start(run: Run, command: Start) -> None:
    entry = command.element or run.definition.start
    element = run.elements.get(entry)
    is_step = isinstance(element, UserTask) and element.scope is None
    if not is_step and not (isinstance(element, StartEvent) and element.scope is None):
        raise Refused("unknown_element", element=entry)
    if is_step and command.checked:
        refuse_stranding(run.elements, (), (), entry)
    data = {key: value for key, value in command.data.items() if value is not None}
    if command.checked:
        work.refuse_unlisted(run.definition, data)
    run.values.data = data
    run.events.append(InstanceStarted(entry, data, _exact(data, run.definition.question_types)))
    event_sub_process.arm(run, ROOT)
    run.queue.append(Move(entry, None, ROOT, None))


def _exact(data: Mapping[str, Value], types: Mapping[str, FieldType]) -> dict[str, Value]:
    """What would not come back as it is from plain JSON."""
    found: dict[str, Value] = {}
    for key, value in data.items():
        try:
            again = read_value(types[key], write_value(value)) if key in types else write_value(value)
        except BadValue:
            again = None
        if repr(again) != repr(value):
            found[key] = value
    return found


def _complete_task(run: Run, command: CompleteTask) -> None:
    token = run.tokens.get(command.token)
    task = None if token is None or token.loop is not None else run.elements.get(token.element)
    if token is None or not isinstance(task, UserTask):
        raise Refused("task_not_open", token=str(command.token))
    user_task.complete(run, token, task, command.outcome, command.answers)


def _fire_timer(run: Run, command: FireTimer) -> None:
    event = _expected(run, command.token, command.timer, "timer", "timer_not_set")
    if command.skipped:
        skipping.skip_timer(run, command.token, event)
        return
    place = occurrences.place_of(run, command.token, event)
    run.events.append(TimerFired(command.token, place, event.id, occurrences.interrupts(event)))
    occurrences.happen(run, command.token, event)


def _correlate(run: Run, command: CorrelateMessage) -> None:
    event = _expected(run, command.token, command.element, "message", "message_not_awaited")
    place, interrupting = occurrences.place_of(run, command.token, event), occurrences.interrupts(event)
    values = work.take_in(run, command.payload, checked=command.checked)
    run.events.append(MessageCaught(command.token, place, event.id, interrupting, values))
    occurrences.happen(run, command.token, event)


def _catch_signal(run: Run, command: CatchSignal) -> None:
    event = _expected(run, command.token, command.element, "signal", "signal_not_awaited")
    place = occurrences.place_of(run, command.token, event)
    run.events.append(SignalCaught(command.token, place, event.id, occurrences.interrupts(event)))
    occurrences.happen(run, command.token, event)


def _expected(
    run: Run, token: int, id: str, trigger: Literal["timer", "message", "signal"], code: str
) -> occurrences.Expected:
    event = occurrences.find(run, token, id, trigger)
    if event is not None:
        return event
    if token != ROOT and token not in run.tokens:
        raise Refused("task_not_open", token=str(token))
    raise Refused(code, token=str(token), **{"timer" if trigger == "timer" else "event": id})


def _reconsider(run: Run, command: Reconsider) -> None:
    """Nothing to do but to look at the conditions, which every command ends with; one may be let pass first."""
    if command.skipped is not None:
        skipping.skip_condition(run, *command.skipped)


def _cancel(run: Run, command: Cancel) -> None:
    cancelling.cancel_all(run)
    run.status = "cancelled"
    run.reason = command.reason
    run.events.append(InstanceCancelled(command.reason))


_CARRY_OUT: Mapping[type[Any], Callable[[Run, Any], None]] = {
    Start: _start,
    CompleteTask: _complete_task,
    FireTimer: _fire_timer,
    CorrelateMessage: _correlate,
    CatchSignal: _catch_signal,
    CompleteWork: work.complete,
    FailWork: work.fail,
    Reconsider: _reconsider,
    GoTo: go_to,
    Migrate: migrate,
    Cancel: _cancel,
}
