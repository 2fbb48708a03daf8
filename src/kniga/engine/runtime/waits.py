"""What the shell has to wait for on behalf of a token: set up, set up again, forgotten.

Timers, messages and signals are the shell's to watch; conditions are looked at by the engine itself (``conditions``),
errors and escalations come from within (``throwing``)."""

from collections.abc import Iterable
from dataclasses import replace

from kniga.engine.definition.model import BoundaryEvent, CatchEvent, Element, MessageRef, ReceiveTask, StartEvent
from kniga.engine.definition.timing import Due
from kniga.engine.runtime.effects import AwaitMessage, AwaitSignal, CancelWaits, ScheduleTimer
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT

Awaited = BoundaryEvent | CatchEvent | StartEvent

_OUTSIDE = frozenset({"timer", "message", "signal"})


def set_up(run: Run, token: int, event: Awaited) -> None:
    """Ask the shell to wait for an event on behalf of a token (0: the process itself)."""
    trigger = event.trigger
    if trigger == "timer":
        due = first_due(event)
        run.effects.append(ScheduleTimer(token, event.id, due, run.value(due.field)))
    elif trigger == "message":
        assert event.message is not None
        await_message(run, token, event.id, event.message)
    elif trigger == "signal":
        assert event.signal is not None
        run.effects.append(AwaitSignal(token, event.id, event.signal))


def await_message(run: Run, token: int, element: str, message: MessageRef) -> None:
    """Ask the shell for a message of this name."""
    key = run.value(message.key_field)
    run.effects.append(AwaitMessage(token, element, message.name, message.correlation, key))


def first_due(event: Awaited) -> Due:
    """When a timer is due for the first time: at the start of its cycle, or one interval from now."""
    cycle = None if isinstance(event, CatchEvent) else event.cycle
    if cycle is None:
        assert event.due is not None
        return event.due
    if cycle.start is not None:
        return Due("moment", 0, False, at=cycle.start)
    return cycle.every


def set_up_all(run: Run, token: int, events: Iterable[str]) -> None:
    """Ask the shell to wait for each of these events."""
    for id in events:
        event = run.elements[id]
        if isinstance(event, ReceiveTask):
            await_message(run, token, id, event.message)
        else:
            assert isinstance(event, Awaited)
            set_up(run, token, event)


def come_from_outside(run: Run, events: Iterable[str]) -> bool:
    """Whether the shell waits for any of these events."""
    return any(comes_from_outside(run.elements[id]) for id in events)


def comes_from_outside(event: Element) -> bool:
    """Whether the shell waits for this event."""
    return isinstance(event, ReceiveTask) or (isinstance(event, Awaited) and event.trigger in _OUTSIDE)


def is_spent(run: Run, token: int, event: Awaited) -> bool:
    """Whether a timer that does not interrupt has fired as often as it may."""
    if isinstance(event, CatchEvent) or event.interrupting or event.trigger != "timer":
        return False
    times = 1 if event.cycle is None else event.cycle.times
    return times is not None and fired_of(run, token).count(event.id) >= times


def come_again(run: Run, token: int, event: BoundaryEvent | StartEvent) -> None:
    """An event that does not interrupt has come: note it, and wait for it again if it may come again."""
    trigger = event.trigger
    if trigger == "timer":
        if event.cycle is None or event.cycle.times is not None:
            note_fired(run, token, (*fired_of(run, token), event.id))
        if event.cycle is not None and not is_spent(run, token, event):
            due = event.cycle.every
            run.effects.append(ScheduleTimer(token, event.id, due, run.value(due.field)))
    elif trigger == "conditional":
        note_fired(run, token, (*fired_of(run, token), event.id))
    else:
        set_up(run, token, event)


def fired_of(run: Run, token: int) -> tuple[str, ...]:
    """What has fired of the events of a token, or of the process itself."""
    return run.fired if token == ROOT else run.tokens[token].fired


def note_fired(run: Run, token: int, fired: tuple[str, ...]) -> None:
    """Keep what has fired of the events of a token, or of the process itself."""
    if token == ROOT:
        run.fired = fired
    else:
        run.tokens[token] = replace(run.tokens[token], fired=fired)


def forget(run: Run, token: int, only: str | None = None) -> None:
    """Ask the shell to forget what was set up for a token."""
    run.effects.append(CancelWaits(token, only))
