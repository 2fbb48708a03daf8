"""A person lets a timer or a condition pass that the process can do nothing with: what it would bring about is left
out, and what waits beside it goes on."""

from kniga.engine.definition.model import BoundaryEvent, StartEvent
from kniga.engine.runtime import occurrences, waits
from kniga.engine.runtime.events import ConditionSkipped, TimerSkipped
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run


def skip_timer(run: Run, token: int, event: occurrences.Expected) -> None:
    """Leave out one turn of a timer; one with a cycle comes again. Raises Refused nothing_else."""
    place = _place(run, token, event)
    run.events.append(TimerSkipped(token, place, event.id))
    if isinstance(event, (BoundaryEvent, StartEvent)) and not event.interrupting:
        waits.come_again(run, token, event)


def skip_condition(run: Run, token: int, id: str) -> None:
    """Take a condition as met without what follows; it comes again once it was untrue in between. Raises Refused
    condition_not_awaited, nothing_else."""
    event = occurrences.find(run, token, id, "conditional")
    if event is None:
        raise Refused("condition_not_awaited", event=id, token=str(token))
    run.events.append(ConditionSkipped(token, _place(run, token, event), id))
    waits.note_fired(run, token, (*waits.fired_of(run, token), id))


def _place(run: Run, token: int, event: occurrences.Expected) -> str:
    """Where the event is waited for, if the process can go on without it."""
    place = occurrences.place_of(run, token, event)
    if place == event.id:
        raise Refused("nothing_else", element=event.id)
    return place
