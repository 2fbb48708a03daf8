"""What a process asks for that cannot be kept at present. Said before it is published, so that nobody relies on it."""

from __future__ import annotations

from typing import Final

from kniga.engine import Definition, Element, Problem, StartEvent
from kniga.people.skills import skills_of_people
from kniga.platform.textkeys import fold

_COMING: Final = ("any", "api", "call", "email", "form")


def unkept_promises(definition: Definition) -> tuple[Problem, ...]:
    """A warning for each step that names a skill no active person has (its rule alone decides then), and for each
    start by messages of a channel that brings none by itself yet. One statement if a step names a skill."""
    starts = (_by_hand(definition.elements[id]) for id in definition.starts)
    found = [problem for problem in starts if problem is not None]
    wanted = [(task, task.skill) for task in definition.user_tasks() if task.skill]
    known = skills_of_people() if wanted else {}
    for task, skill in wanted:
        if fold(skill) not in known:
            found.append(Problem("skill_not_known", task.id, None, {"skill": skill}, "warning", ()))
    return tuple(found)


def _by_hand(start: Element) -> Problem | None:
    if not isinstance(start, StartEvent) or start.message is None or start.channel in _COMING:
        return None
    params = {"name": f"“{start.name or start.id}”", "channel": start.channel}
    return Problem("channel_by_hand", start.id, None, params, "warning", ())
