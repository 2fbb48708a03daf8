"""Taking tokens away with everything inside them (13.5.3: an interrupted activity ends with all it holds)."""

from collections import defaultdict, deque

from kniga.engine.definition.model import (
    CallActivity,
    CatchEvent,
    EventGateway,
    ReceiveTask,
    ServiceTask,
    SubProcess,
    UserTask,
)
from kniga.engine.runtime import waits
from kniga.engine.runtime.effects import CloseTask
from kniga.engine.runtime.events import LoopEnded, ScopeLeft, TaskCancelled
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT, Token

_WAITING = (ServiceTask, ReceiveTask, CallActivity, CatchEvent, EventGateway)

Inside = dict[int, list[Token]]


def cancel(run: Run, *tokens: Token) -> None:
    """Take these tokens away, the inner ones first, with whatever the shell waits for on their behalf."""
    inside = _inside(run)
    for token in tokens:
        _cancel(run, token, inside)


def cancel_inside(run: Run, scope: int) -> None:
    """Take away everything that stands or moves in a scope (0: the process itself); the scope stays."""
    inside = _inside(run)
    for token in inside[scope]:
        _cancel(run, token, inside)
    run.queue = deque(move for move in run.queue if move.parent != scope)


def cancel_all(run: Run) -> None:
    """Take away whatever is open in the whole instance."""
    cancel_inside(run, ROOT)
    run.queue.clear()
    if run.definition.handlers and waits.come_from_outside(run, starts_of(run, run.definition.handlers)):
        waits.forget(run, ROOT)


def starts_of(run: Run, handlers: tuple[str, ...]) -> list[str]:
    """The start events of event sub-processes."""
    elements = (run.elements[id] for id in handlers)
    return [element.start for element in elements if isinstance(element, SubProcess)]


def forget_waits(run: Run, token: Token) -> None:
    """Let the shell forget what it waits for at an activity that is over: its boundary events and handlers."""
    element = run.elements.get(token.element)
    events: list[str] = []
    if token.item is None:
        events += getattr(element, "boundary", ())
    if isinstance(element, SubProcess) and token.loop is None:
        events += starts_of(run, element.handlers)
    if waits.come_from_outside(run, events):
        waits.forget(run, token.id)


def _inside(run: Run) -> Inside:
    found: Inside = defaultdict(list)
    for token in run.tokens.values():
        found[token.parent].append(token)
    return found


def _cancel(run: Run, token: Token, inside: Inside) -> None:
    for child in inside[token.id]:
        _cancel(run, child, inside)
    del run.tokens[token.id]
    element = run.elements.get(token.element)
    if token.loop is not None:
        outcomes = dict(token.loop.outcomes)
        run.events.append(LoopEnded(token.id, token.element, "cancelled", token.loop.done, outcomes))
    elif isinstance(element, UserTask) or element is None:  # one of another version was a task, as far as can be told
        run.events.append(TaskCancelled(token.id, token.element))
        run.effects.append(CloseTask(token.id, "cancelled", None))
    elif isinstance(element, SubProcess):
        run.events.append(ScopeLeft(token.id, element.id, "cancelled"))
    elif isinstance(element, _WAITING):
        waits.forget(run, token.id)
        return
    forget_waits(run, token)
