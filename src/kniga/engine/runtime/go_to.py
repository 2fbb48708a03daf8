"""Sending an instance back, or on, to a step."""

from kniga.engine.runtime import cancelling
from kniga.engine.runtime.commands import GoTo
from kniga.engine.runtime.elements import event_sub_process
from kniga.engine.runtime.events import TokensMoved
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import ROOT, Token
from kniga.engine.runtime.stranding import refuse_stranding


def go_to(run: Run, command: GoTo) -> None:
    """Take away the tokens named and begin the step. A token inside a sub-process leaves it with all of it: what is
    taken away is always a whole activity of the process itself. Raises Refused unknown_element, task_not_open or
    stranded."""
    step = run.definition.user_task(command.element)
    if step is None or step.scope is not None:
        raise Refused("unknown_element", element=command.element)
    leaving = _leaving(run, command.tokens)
    if command.checked:
        refuse_stranding(run.elements, run.tokens.values(), leaving, step.id)
    left = tuple(dict.fromkeys(token.element for token in leaving))
    run.events.append(TokensMoved(command.tokens, left, step.id, command.reason))
    was_interrupted = event_sub_process.is_interrupted(run, ROOT)
    cancelling.cancel(run, *leaving)
    if was_interrupted and not event_sub_process.is_interrupted(run, ROOT):
        event_sub_process.arm(run, ROOT)
    run.queue.append(Move(step.id, None, ROOT, None))


def _leaving(run: Run, named: tuple[int, ...] | None) -> list[Token]:
    if named is None:
        return [token for token in run.tokens.values() if token.parent == ROOT]
    outermost: dict[int, Token] = {}
    for id in named:
        token = run.tokens.get(id)
        if token is None:
            raise Refused("task_not_open", token=str(id))
        while token.parent != ROOT:
            token = run.tokens[token.parent]
        outermost[token.id] = token
    return [outermost[id] for id in sorted(outermost)]
