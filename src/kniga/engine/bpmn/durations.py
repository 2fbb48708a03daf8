"""ISO 8601 durations. In working time a day is 8 hours and a week 5 days; else 24 hours and 7 days."""

import re

from kniga.engine.bpmn.draft import Node, Problems, attribute
from kniga.engine.definition.timing import Due

WORKING_DAY = 8 * 3600
WORKING_WEEK = 5 * WORKING_DAY
MAX_SECONDS = 10 * 366 * 24 * 3600

_DURATION = re.compile(
    r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z", re.ASCII
)


def seconds_of(text: str, *, working_time: bool) -> int | None:
    """The seconds of a duration, None if it is not one that can be used (months, negative, too long)."""
    match = _DURATION.match(text.strip())
    if not match or not any(match.groups()) or text.strip().endswith("T"):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    day = WORKING_DAY if working_time else 24 * 3600
    week = WORKING_WEEK if working_time else 7 * day
    total = weeks * week + days * day + hours * 3600 + minutes * 60 + seconds
    return total if total <= MAX_SECONDS else None


def read_duration(node: Node, text: str, *, working_time: bool, problems: Problems) -> int:
    """Like ``seconds_of``, but a bad duration is noted as a problem."""
    seconds = seconds_of(text, working_time=working_time)
    if seconds is None:
        problems.add("bad_duration", node, value=text.strip())
        return 0
    return seconds


def is_working(node: Node, value: str | None, problems: Problems) -> bool:
    """Whether a calendar attribute says working time (the default)."""
    return problems.one_of(node, "calendar", value, ("working", "absolute")) == "working"


def read_deadline(node: Node, problems: Problems) -> Due | None:
    """A task's ``<kniga:deadline duration="P2D" calendar="working"/>``."""
    text = node.get("duration")
    if not text:
        problems.add("missing_part", node, part="the attribute duration")
        return None
    working = is_working(node, node.get("calendar"), problems)
    return Due("duration", read_duration(node, text, working_time=working, problems=problems), working)


def read_timer(event: Node, duration: str | None, problems: Problems) -> Due | None:
    """When a boundary timer is due: a duration, or the task's deadline with an optional duration after."""
    working = is_working(event, attribute(event, "calendar"), problems)
    basis = problems.one_of(event, "basis", attribute(event, "basis"), ("duration", "deadline"))
    if duration is None:
        if basis == "deadline":
            return Due("deadline", 0, working)
        problems.add("missing_part", event, part="a timeDuration")
        return None
    seconds = read_duration(event, duration, working_time=working, problems=problems)
    return Due("deadline" if basis == "deadline" else "duration", seconds, working)
