"""Which processes a process calls that cannot be called."""

from __future__ import annotations

from kniga.engine import CallActivity, Definition, Problem
from kniga.processes.models import ProcessVersion, VersionStatus


def uncallable_processes(definition: Definition) -> tuple[Problem, ...]:
    """A problem for each call of a process that was not published (of a version that never was, where the call names
    one), and for each call of the process itself. No statement where nothing is called."""
    calls = [element for element in definition.elements.values() if isinstance(element, CallActivity)]
    if not calls:
        return ()
    was_published = set(
        ProcessVersion.objects.filter(
            process__key__in={call.process for call in calls},
            status__in=(VersionStatus.PUBLISHED, VersionStatus.RETIRED),
        ).values_list("process__key", "number", "status")
    )
    callable_now: set[tuple[str, int | None]] = {(key, number) for key, number, _status in was_published}
    callable_now.update((key, None) for key, _number, status in was_published if status == VersionStatus.PUBLISHED)
    found = (_problem(call, definition.process_id, callable_now) for call in calls)
    return tuple(problem for problem in found if problem is not None)


def _problem(call: CallActivity, own_key: str, callable_now: set[tuple[str, int | None]]) -> Problem | None:
    if call.process == own_key:
        return Problem("calls_itself", call.id)
    if (call.process, call.version) in callable_now:
        return None
    named = f"“{call.process}”" if call.version is None else f"“{call.process}” ({call.version})"
    return Problem("unknown_called_process", call.id, None, {"process": named})
