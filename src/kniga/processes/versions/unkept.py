"""What a process asks for that Kniga carries and shows, but does not act on yet. Said before it is published, so that
nobody relies on it."""

from __future__ import annotations

from typing import Final

from kniga.engine import Definition, Element, Problem, StartEvent

_COMING: Final = ("any", "api", "call", "email", "form")


def unkept_promises(definition: Definition) -> tuple[Problem, ...]:
    """A warning for each step that names a skill (people have none yet, so it does not choose who gets the step), and
    for each start by messages of a channel that brings none by itself yet."""
    starts = (_by_hand(definition.elements[id]) for id in definition.starts)
    found = [problem for problem in starts if problem is not None]
    for task in definition.user_tasks():
        if task.skill:
            found.append(Problem("skill_not_known", task.id, None, {"skill": task.skill}, "warning", ()))
    return tuple(found)


def _by_hand(start: Element) -> Problem | None:
    if not isinstance(start, StartEvent) or start.message is None or start.channel in _COMING:
        return None
    params = {"name": f"“{start.name or start.id}”", "channel": start.channel}
    return Problem("channel_by_hand", start.id, None, params, "warning", ())
