"""Event sub-process (BPMN 2.0, 10.3.5, 13.5.4): begins when its start event comes while the scope around it is
active. An interrupting one ends everything else in the scope and stands for it to its end; no other handler of that
scope can begin then. The other kind runs beside the scope, which ends when both have ended."""

from kniga.engine.definition.model import StartEvent, SubProcess
from kniga.engine.runtime import cancelling, waits
from kniga.engine.runtime.events import ScopeEntered, ScopeLeft
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import ROOT, Token


def handlers_of(run: Run, scope: int) -> tuple[str, ...]:
    """The event sub-processes of a scope (0: the process itself)."""
    if scope == ROOT:
        return run.definition.handlers
    element = run.elements.get(run.tokens[scope].element)
    return element.handlers if isinstance(element, SubProcess) and run.tokens[scope].loop is None else ()


def start_of(run: Run, handler: str) -> StartEvent:
    """The start event that sets a handler off."""
    process = run.elements[handler]
    assert isinstance(process, SubProcess)
    start = run.elements[process.start]
    assert isinstance(start, StartEvent)
    return start


def arm(run: Run, scope: int) -> None:
    """Begin to wait for the handlers of a scope that begins, or that no handler stands for any more."""
    for handler in handlers_of(run, scope):
        start = start_of(run, handler)
        if not waits.is_spent(run, scope, start):
            waits.set_up(run, scope, start)


def is_interrupted(run: Run, scope: int) -> bool:
    """Whether an interrupting handler already stands for this scope."""
    handlers = {handler for handler in handlers_of(run, scope) if start_of(run, handler).interrupting}
    return any(token.parent == scope and token.element in handlers for token in run.tokens.values())


def happen(run: Run, scope: int, start: StartEvent) -> None:
    """The start event has come in the scope: begin its handler."""
    assert start.scope is not None
    if start.interrupting:
        cancelling.cancel_inside(run, scope)
        _disarm(run, scope)
    else:
        waits.come_again(run, scope, start)
    token = run.rest(start.scope, scope)
    run.events.append(ScopeEntered(token.id, start.scope))
    arm(run, token.id)
    run.queue.append(Move(start.id, None, token.id, None))


def complete(run: Run, token: Token) -> None:
    """Nothing is left in the handler: it vanishes, and the scope around it may be over."""
    run.events.append(ScopeLeft(token.id, token.element, "completed"))
    del run.tokens[token.id]
    cancelling.forget_waits(run, token)
    run.emptied.append(token.parent)


def _disarm(run: Run, scope: int) -> None:
    for handler in handlers_of(run, scope):
        start = start_of(run, handler)
        if waits.comes_from_outside(start):
            waits.forget(run, scope, only=start.id)
