"""Which names and keys of a process are longer than can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kniga.engine import Definition, EndEvent, Problem, UserTask

LONGEST_NAME: Final = 200
LONGEST_TASK_NAME: Final = 300
LONGEST_KEY: Final = 60
_SHOWN: Final = 40


def too_long_names(definition: Definition) -> tuple[Problem, ...]:
    """A problem for each name and key that is longer than its column: of the process, its stages, its tasks, and the
    answers that become reasons of a loss."""
    return tuple(
        Problem("too_long_name", element, None, {"value": f"{text[:_SHOWN]}…", "limit": str(limit)})
        for element, text, limit in _texts(definition)
        if len(text) > limit
    )


def _texts(definition: Definition) -> Iterator[tuple[str, str, int]]:
    """Element, text and how long it may be."""
    yield definition.process_id, definition.process_id, LONGEST_KEY
    yield definition.process_id, definition.name, LONGEST_NAME
    for stage in definition.stages:
        yield stage.key, stage.key, LONGEST_KEY
        yield stage.key, stage.name, LONGEST_NAME
    asked = {end.reason_from for end in definition.elements.values() if isinstance(end, EndEvent)}
    for task in definition.elements.values():
        if not isinstance(task, UserTask):
            continue
        yield task.id, task.name, LONGEST_TASK_NAME
        for question in task.questions:
            for choice in question.choices if question.key in asked else ():
                yield task.id, choice.key, LONGEST_KEY
                yield task.id, choice.label, LONGEST_NAME
