"""Going on under another version of the process: every token finds its element again, with everything set up for it.

What was set up and is the same in both versions stays as it is: no timer begins anew, no work is done twice. Two
branches never come to stand at one place, or one behind the other, and no join is left to wait for ever."""

from collections.abc import Mapping
from dataclasses import replace

from kniga.engine.definition.model import (
    Activity,
    CallActivity,
    CatchEvent,
    Definition,
    Element,
    EventGateway,
    InclusiveGateway,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    UserTask,
)
from kniga.engine.runtime import waits
from kniga.engine.runtime.branches import refuse_broken_branches
from kniga.engine.runtime.commands import Migrate
from kniga.engine.runtime.effects import MoveTask
from kniga.engine.runtime.elements import call_activity, parallel_gateway, service_task, user_task
from kniga.engine.runtime.events import InstanceMigrated
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import ROOT, Token

_WAITED_FOR = ("trigger", "interrupting", "due", "cycle", "message", "signal", "condition")
"""What makes two events the same to whoever waits for them."""

Tokens = Mapping[int, Token]


def migrate(run: Run, command: Migrate) -> None:
    """Move every token. Raises Refused cannot_migrate for the first that finds no element it can stand at, and
    move_strands for the first join that would wait for ever after it."""
    old, mapping = command.previous, command.mapping
    run.events.append(InstanceMigrated(dict(mapping)))
    before = run.tokens
    run.tokens = {id: _moved(run, old, token, mapping) for id, token in before.items()}
    for token in run.tokens.values():
        _check_nesting(run, before[token.id], token)
    _check_apart(run, before)
    if command.checked:
        refuse_broken_branches(old.elements, run.elements, before, run.tokens, mapping)
    run.fired = _still_there(run, run.fired, mapping)
    old_root, new_root = _awaited(old, before, None), _awaited(run.definition, run.tokens, None)
    _set_up_events(run, old, ROOT, old_root, new_root)
    for token in run.tokens.values():
        _set_up(run, old.elements[before[token.id].element], run.elements[token.element], token)
        old_ids, new_ids = (
            _awaited(old, before, before[token.id]), _awaited(run.definition, run.tokens, token),
        )  # fmt: skip
        _set_up_events(run, old, token.id, old_ids, new_ids)
    parallel_gateway.look_again(run)


def _moved(run: Run, definition: Definition, token: Token, mapping: Mapping[str, str]) -> Token:
    """The token at its element of the new version."""
    to = mapping.get(token.element, token.element)
    old, new = definition.elements.get(token.element), run.elements.get(to)
    if old is None or new is None:
        raise _refused(token, to, "there is no such element")
    if type(old) is not type(new) or getattr(old, "event", False) != getattr(new, "event", False):
        raise _refused(token, to, "it is another kind of element")
    if _repetition(old) != _repetition(new):
        raise _refused(token, to, "it is repeated in another way")
    flow = None if token.flow is None else mapping.get(token.flow, token.flow)
    if flow is not None and isinstance(new, (ParallelGateway, InclusiveGateway)) and flow not in new.incoming:
        raise _refused(token, to, f"the flow {flow} does not lead there")
    return replace(token, element=to, flow=flow, fired=_still_there(run, token.fired, mapping))


def _check_nesting(run: Run, before: Token, token: Token) -> None:
    """A body stands where its loop stands, every other token in the sub-process its parent stands for."""
    around = None if token.parent == ROOT else run.tokens[token.parent].element
    if around != (run.elements[token.element].scope if token.item is None else token.element):
        raise _refused(before, token.element, "it stands in another sub-process")


def _check_apart(run: Run, before: Tokens) -> None:
    """Branches that stood at different places do not come together at one."""
    stands: dict[tuple[int, str, str | None], Token] = {}
    for token in run.tokens.values():
        came = before[token.id]
        other = stands.setdefault((token.parent, token.element, token.flow), came)
        if (other.element, other.flow) != (came.element, came.flow):
            raise _refused(came, token.element, "another branch stands there")


def _repetition(element: Element) -> bool | None:
    loop = element.loop if isinstance(element, Activity) else None
    return None if loop is None else loop.sequential


def _still_there(run: Run, fired: tuple[str, ...], mapping: Mapping[str, str]) -> tuple[str, ...]:
    now = (mapping.get(id, id) for id in fired)
    return tuple(id for id in now if id in run.elements)


def _set_up(run: Run, old: Element, new: Element, token: Token) -> None:
    """Tell the shell what is different now about a task or a piece of work."""
    if token.loop is not None:
        return
    if isinstance(old, UserTask) and isinstance(new, UserTask):
        if (old.id, old.name, old.stage, old.kind) != (new.id, new.name, new.stage, new.kind):
            run.effects.append(MoveTask(token.id, new.id, new.stage))
        if old.stage != new.stage:
            user_task.enter_stage(run, new.stage)
    elif isinstance(old, ServiceTask) and isinstance(new, ServiceTask):
        if (old.action, old.params) != (new.action, new.params):
            waits.forget(run, token.id, only=old.id)
            service_task.ask(run, new, token)
    elif isinstance(old, CallActivity) and isinstance(new, CallActivity) and old.process != new.process:
        waits.forget(run, token.id, only=old.id)
        call_activity.ask(run, new, token)


def _set_up_events(run: Run, definition: Definition, token: int, old: list[str], new: list[str]) -> None:
    """Forget the events that are gone or changed, wait for those that are new or changed."""
    kept = {id for id in old if id in new and _is_same(definition.elements[id], run.elements[id])}
    for id in old:
        if id not in kept and waits.comes_from_outside(definition.elements[id]):
            waits.forget(run, token, only=id)
    for id in new:
        event = run.elements[id]
        if id not in kept and not (isinstance(event, waits.Awaited) and waits.is_spent(run, token, event)):
            waits.set_up_all(run, token, (id,))


def _is_same(old: Element, new: Element) -> bool:
    return all(getattr(old, part, None) == getattr(new, part, None) for part in _WAITED_FOR)


def _awaited(definition: Definition, tokens: Tokens, token: Token | None) -> list[str]:
    """The events waited for on behalf of a token, or of the process itself."""
    if token is None:
        return _starts(definition, tokens, ROOT, definition.handlers)
    element = definition.elements[token.element]
    found: list[str] = []
    if isinstance(element, EventGateway):
        found += [way.target for way in element.ways]
    elif isinstance(element, CatchEvent) or (isinstance(element, ReceiveTask) and token.loop is None):
        found.append(element.id)
    elif isinstance(element, SubProcess) and token.loop is None:
        found += _starts(definition, tokens, token.id, element.handlers)
    if token.item is None:
        found += getattr(element, "boundary", ())
    return found


def _starts(definition: Definition, tokens: Tokens, scope: int, handlers: tuple[str, ...]) -> list[str]:
    """The start events of a scope's handlers; none is waited for while an interrupting one stands for the scope."""
    found: list[str] = []
    for handler in handlers:
        process = definition.elements[handler]
        assert isinstance(process, SubProcess)
        start = definition.elements[process.start]
        assert isinstance(start, StartEvent)
        if start.interrupting and any(t.parent == scope and t.element == handler for t in tokens.values()):
            return []
        found.append(start.id)
    return found


def _refused(token: Token, to: str, detail: str) -> Refused:
    return Refused("cannot_migrate", element=token.element, to=to, detail=detail)
