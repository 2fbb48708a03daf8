"""Something a token waits for has come: found by the token and the event, and handed to the element it concerns."""

from typing import Literal

from kniga.engine.definition.model import BoundaryEvent, CatchEvent, Element, EventGateway, ReceiveTask, StartEvent
from kniga.engine.runtime import waits
from kniga.engine.runtime.elements import boundary, catch_event, event_gateway, event_sub_process, receive_task
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT

Expected = BoundaryEvent | CatchEvent | StartEvent | ReceiveTask


def find(
    run: Run, token: int, id: str, trigger: Literal["timer", "message", "signal", "conditional"]
) -> Expected | None:
    """The event with this id and trigger, if the token (0: the process itself) waits for it now."""
    event = run.elements.get(id)
    if isinstance(event, ReceiveTask):
        return event if trigger == "message" and _rests_for(run, token, event) else None
    if not isinstance(event, Expected) or event.trigger != trigger:
        return None
    if isinstance(event, StartEvent):
        awaited = _is_handled(run, token, event)
    elif isinstance(event, BoundaryEvent):
        at = run.tokens.get(token)
        awaited = at is not None and at.element == event.host and at.item is None
    else:
        awaited = _rests_for(run, token, event)
    return event if awaited and not waits.is_spent(run, token, event) else None


def place_of(run: Run, token: int, event: Expected) -> str:
    """The element at which an event is waited for: where the token stands, or the event sub-process."""
    return event.scope or "" if isinstance(event, StartEvent) else run.tokens[token].element


def interrupts(event: Expected) -> bool:
    """Whether an event ends the waiting or the activity."""
    return event.interrupting if isinstance(event, (BoundaryEvent, StartEvent)) else True


def happen(run: Run, token: int, event: Expected) -> None:
    """Go on with what has come."""
    if isinstance(event, StartEvent):
        event_sub_process.happen(run, token, event)
    elif isinstance(event, BoundaryEvent):
        boundary.happen(run, run.tokens[token], event)
    elif run.tokens[token].element != event.id:
        event_gateway.happen(run, run.tokens[token], event)
    elif isinstance(event, CatchEvent):
        catch_event.happen(run, run.tokens[token], event)
    else:
        receive_task.happen(run, run.tokens[token], event)


def _rests_for(run: Run, token: int, event: CatchEvent | ReceiveTask) -> bool:
    at = run.tokens.get(token)
    if at is None or at.loop is not None:
        return False
    return at.element == event.id or _is_behind(run.elements.get(at.element), event.id)


def _is_behind(element: Element | None, id: str) -> bool:
    return isinstance(element, EventGateway) and any(way.target == id for way in element.ways)


def _is_handled(run: Run, scope: int, start: StartEvent) -> bool:
    if scope != ROOT and scope not in run.tokens:
        return False
    handlers = event_sub_process.handlers_of(run, scope)
    return start.scope in handlers and not event_sub_process.is_interrupted(run, scope)
