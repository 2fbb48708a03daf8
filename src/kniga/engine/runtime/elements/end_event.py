"""End event (BPMN 2.0, 10.5.3). Won and lost end the whole instance; another end ends its own path, and
the instance when nothing else is open."""

from kniga.engine.definition.model import EndEvent
from kniga.engine.runtime.effects import EndInstance
from kniga.engine.runtime.events import InstanceEnded
from kniga.engine.runtime.run import Run
from kniga.rules import write_value


def enter(run: Run, event: EndEvent) -> None:
    """Consume the token; end the instance if this end says so or was the last."""
    if event.result == "other" and run.tokens:
        return
    run.cancel_all()
    run.status = "ended"
    run.result = event.result
    run.reason = _reason(run, event)
    run.events.append(InstanceEnded(event.id, event.result, run.reason))
    run.effects.append(EndInstance(event.result, run.reason))


def _reason(run: Run, event: EndEvent) -> str | None:
    if event.reason_from is None:
        return None
    value = write_value(run.data.get(event.reason_from))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
