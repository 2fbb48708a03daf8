"""Conditional events (BPMN 2.0, 10.5.1, 10.5.4): looked at after every command, until nothing follows any more.

One that does not interrupt comes once while its condition stays true, and again on its next rise."""

from collections.abc import Iterator

from kniga.engine.definition.model import CatchEvent, EventGateway
from kniga.engine.runtime import occurrences, waits
from kniga.engine.runtime.elements import event_sub_process
from kniga.engine.runtime.events import ConditionCeased, ConditionMet
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT, Token


def look(run: Run) -> bool:
    """Let the first condition act that has become true, or note the first that is true no longer; whether there was
    one."""
    for token, id in _awaited(run):
        event = occurrences.find(run, token, id, "conditional")
        if event is None:
            continue
        assert isinstance(event, waits.Awaited) and event.condition is not None
        at = run.tokens.get(token)
        outcome = at.outcome if isinstance(event, CatchEvent) and at is not None else None
        met = run.holds(event.condition, outcome)
        fired = waits.fired_of(run, token)
        if met and id not in fired:
            place = occurrences.place_of(run, token, event)
            run.events.append(ConditionMet(token, place, id, occurrences.interrupts(event)))
            occurrences.happen(run, token, event)
            return True
        if not met and id in fired:
            run.events.append(ConditionCeased(token, occurrences.place_of(run, token, event), id))
            waits.note_fired(run, token, tuple(other for other in fired if other != id))
            return True
    return False


def _awaited(run: Run) -> Iterator[tuple[int, str]]:
    """Every conditional event that a token, or the process itself, may wait for, in the order of the tokens."""
    conditional = run.definition.conditionals
    for scope in (ROOT, *run.tokens):
        token = run.tokens.get(scope)
        candidates = [] if token is None else _of_token(run, token)
        handlers = event_sub_process.handlers_of(run, scope)
        candidates += [event_sub_process.start_of(run, handler).id for handler in handlers]
        yield from ((scope, id) for id in candidates if id in conditional)


def _of_token(run: Run, token: Token) -> list[str]:
    element = run.elements[token.element]
    if isinstance(element, EventGateway):
        return [way.target for way in element.ways]
    return [element.id, *getattr(element, "boundary", ())]
