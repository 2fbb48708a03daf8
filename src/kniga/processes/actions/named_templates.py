"""Which templates of documents and letters a process names that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from kniga.documents.queries import active_template_names
from kniga.engine import Definition, Problem, ServiceTask, UserTask
from kniga.engine.definition.actions import SEND_LETTER
from kniga.processes.actions.names import CREATE_DOCUMENT

_MADE_BY = {CREATE_DOCUMENT: "document", SEND_LETTER: "letter"}
_CODES = {"document": "unknown_template", "letter": "unknown_letter"}


def unknown_templates(definition: Definition) -> tuple[Problem, ...]:
    """A problem for each step that names a template which is not there or not in use: to make a document, to send a
    letter, or for its person to use. A template that comes from a field is known only when the step is reached: then
    a person is asked. One statement for each kind that is named, none where no step names one."""
    named = tuple(_named(definition))
    known = {kind: active_template_names(kind=kind) for kind in {kind for _element, kind, _key in named}}
    return tuple(
        Problem(_CODES[kind], element, None, {"template": key, "allowed": ", ".join(known[kind]) or "—"}, "error", ())
        for element, kind, key in named
        if key not in known[kind]
    )


def _named(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """Element, kind and key of every template the process names."""
    for task in definition.elements.values():
        if isinstance(task, UserTask):
            yield from ((task.id, one.kind, one.template) for one in task.materials)
        elif isinstance(task, ServiceTask) and task.action in _MADE_BY:
            for param in task.params:
                if param.name == "template" and param.field is None:
                    yield task.id, _MADE_BY[task.action], str(param.value)
