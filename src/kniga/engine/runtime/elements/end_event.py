"""End event (BPMN 2.0, 10.5.3, 13.5.5). Won and lost end the whole instance; terminate ends the scope it stands in;
another end ends its own path, and the instance when nothing else is open."""

from kniga.engine.definition.model import EndEvent
from kniga.engine.runtime import cancelling, throwing
from kniga.engine.runtime.effects import EndInstance
from kniga.engine.runtime.elements import throw_event
from kniga.engine.runtime.events import InstanceEnded
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import ROOT
from kniga.rules import write_value


def enter(run: Run, event: EndEvent, move: Move) -> None:
    """Throw what it throws, consume the token, end what it ends."""
    if event.trigger == "error":
        return _error(run, event, move.parent)
    throw_event.throw(run, event, move.parent)
    if event.result != "other" or (event.trigger == "terminate" and move.parent == ROOT):
        return end_instance(run, event)
    if event.trigger == "terminate":
        cancelling.cancel_inside(run, move.parent)
    run.last_end = event
    run.emptied.append(move.parent)
    return None


def end_instance(run: Run, event: EndEvent) -> None:
    """End the whole instance with the result of this end."""
    _end(run, event.id, event.result, _reason(run, event))


def _error(run: Run, event: EndEvent, parent: int) -> None:
    """13.5.5: the innermost handler takes over; an error nobody catches fails the instance."""
    if throwing.throw_error(run, event.id, event.code, throwing.around(run, parent)):
        run.last_end = event
        run.emptied.append(parent)
    else:
        _end(run, event.id, "failed", event.code)


def _end(run: Run, element: str, result: str, reason: str | None) -> None:
    cancelling.cancel_all(run)
    run.status = "ended"
    run.result = result
    run.reason = reason
    run.events.append(InstanceEnded(element, result, reason))
    run.effects.append(EndInstance(result, reason))


def _reason(run: Run, event: EndEvent) -> str | None:
    if event.reason_from is None:
        return None
    value = write_value(run.data.get(event.reason_from))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
