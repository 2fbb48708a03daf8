"""None start event (BPMN 2.0, 10.5.2): the token goes straight on."""

from kniga.engine.definition.model import StartEvent
from kniga.engine.runtime.results import Refused


def enter(event: StartEvent) -> str:
    """The element that comes next."""
    if event.target is None:
        raise Refused("no_flow", element=event.id)
    return event.target
