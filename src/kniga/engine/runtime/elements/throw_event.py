"""Intermediate throw event (BPMN 2.0, 10.5.4, 13.5.2): something is sent, the path goes on."""

from kniga.engine.definition.model import EndEvent, ThrowEvent
from kniga.engine.runtime import throwing
from kniga.engine.runtime.effects import ThrowMessage, ThrowSignal
from kniga.engine.runtime.events import MessageThrown, SignalThrown
from kniga.engine.runtime.run import Move, Run


def enter(run: Run, event: ThrowEvent, move: Move) -> None:
    """Send, and go on; unless an escalation has interrupted the path itself."""
    if throw(run, event, move.parent):
        run.go_on(event.id, event.ways, move.parent, move.outcome)


def throw(run: Run, event: ThrowEvent | EndEvent, parent: int) -> bool:
    """Throw what the event throws; whether the path it stands on goes on."""
    if event.trigger == "message":
        message = event.message
        assert message is not None
        run.events.append(MessageThrown(event.id, message.name))
        key = run.value(message.key_field)
        run.effects.append(ThrowMessage(event.id, message.name, message.correlation, key, run.resolve(event.params)))
    elif event.trigger == "signal":
        assert event.signal is not None
        run.events.append(SignalThrown(event.id, event.signal))
        run.effects.append(ThrowSignal(event.id, event.signal))
    elif event.trigger == "escalation":
        return throwing.escalate(run, event.id, event.code, parent)
    return True
