"""Which document templates a process names that are not there."""

from __future__ import annotations

from kniga.documents.queries import active_template_keys
from kniga.engine import Definition, Problem, ServiceTask
from kniga.processes.actions.names import CREATE_DOCUMENT


def unknown_templates(definition: Definition) -> tuple[Problem, ...]:
    """A problem for each step that makes a document from a template that is not there or not in use. A template that
    comes from a field is known only when the step is reached: then a person is asked. No statement where no step
    names one."""
    named = [
        (task.id, param.value)
        for task in definition.elements.values()
        if isinstance(task, ServiceTask) and task.action == CREATE_DOCUMENT
        for param in task.params
        if param.name == "template" and param.field is None
    ]
    if not named:
        return ()
    known = active_template_keys()
    allowed = ", ".join(known) or "—"
    return tuple(
        Problem("unknown_template", element, None, {"template": str(key), "allowed": allowed}, "error", ())
        for element, key in named
        if key not in known
    )
