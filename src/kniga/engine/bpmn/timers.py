"""Timer event definitions (BPMN 2.0, 10.5.5): a moment, a duration, a cycle, or a field that holds a date."""

from typing import NamedTuple

from kniga.engine.bpmn.draft import Draft, Node, attribute, children
from kniga.engine.bpmn.durations import calendar_of, moment_of, read_duration, seconds_of
from kniga.engine.definition.timing import Cycle, Due, DueBasis

MAX_TIMES = 10_000


class Timer(NamedTuple):
    """When a timer fires first, and how it comes again if it does."""

    due: Due | None
    cycle: Cycle | None = None


def read_timer(draft: Draft, event: Node, definition: Node, *, deadline: bool, repeats: bool) -> Timer | None:
    """Read the timer of an event. With ``deadline`` it may count from the deadline of a task; only with ``repeats``
    a cycle makes it come again, elsewhere its first time counts."""
    found = {name: part for name in ("timeDate", "timeDuration", "timeCycle") for part in children(definition, name)}
    count = sum(1 for name in ("timeDate", "timeDuration", "timeCycle") for _ in children(definition, name))
    if count > 1:
        draft.problems.add("many_times", definition)
        return None
    working = calendar_of(event, draft.problems)
    basis = _basis(draft, event, deadline=deadline)
    if basis in ("deadline", "field"):
        return _counted(draft, event, basis, found, working=working)
    if not found:
        draft.problems.add("missing_part", event, part="a timeDuration")
        return None
    name, part = next(iter(found.items()))
    text = (part.text or "").strip()
    if name == "timeDuration":
        seconds = read_duration(event, text, working_time=working, problems=draft.problems)
        return Timer(Due("duration", seconds, working))
    if name == "timeDate":
        at = moment_of(text)
        if at is None:
            draft.problems.add("bad_moment", event, value=text)
            return None
        return Timer(Due("moment", 0, False, at=at))
    return _cycle(draft, event, text, working=working, repeats=repeats)


def _basis(draft: Draft, event: Node, *, deadline: bool) -> DueBasis:
    allowed: tuple[DueBasis, ...] = ("duration", "deadline") if deadline else ("duration",)
    named = draft.problems.one_of(event, "basis", attribute(event, "basis"), allowed)
    if attribute(event, "field") is None:
        return named
    if attribute(event, "basis") is not None:
        draft.problems.add("no_effect", event, what="kniga:basis")
    return "field"


def _counted(draft: Draft, event: Node, basis: DueBasis, found: dict[str, Node], *, working: bool) -> Timer | None:
    """So long after the task's deadline, or after the date that a field holds."""
    seconds = 0
    for name, part in found.items():
        if name != "timeDuration":
            draft.problems.add("no_effect", event, what=name)
        else:
            seconds = read_duration(event, part.text or "", working_time=working, problems=draft.problems)
    if basis == "deadline":
        return Timer(Due("deadline", seconds, working))
    key = attribute(event, "field") or ""
    spec = draft.field(event, "kniga:field", key)
    if spec is not None and spec.type not in ("date", "datetime"):
        draft.problems.add("wrong_type", event, what="kniga:field", type=spec.type, wanted="date, datetime")
    return Timer(Due("field", seconds, working, field=key))


def _cycle(draft: Draft, event: Node, text: str, *, working: bool, repeats: bool) -> Timer | None:
    """``R[times]/[start/]duration`` of ISO 8601."""
    pieces = text.split("/")
    seconds = seconds_of(pieces[-1], working_time=working)
    start = moment_of(pieces[1]) if len(pieces) == 3 else None
    count = pieces[0][1:]
    fits = (
        len(pieces) in (2, 3)
        and pieces[0][:1] == "R"
        and (not count or (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= MAX_TIMES))
        and (len(pieces) == 2 or start is not None)
    )
    if not fits or not seconds:
        draft.problems.add("bad_cycle", event, value=text)
        return None
    every = Due("duration", seconds, working)
    first = every if start is None else Due("moment", 0, False, at=start)
    return Timer(first, Cycle(every, int(count) if count else None, start) if repeats else None)
