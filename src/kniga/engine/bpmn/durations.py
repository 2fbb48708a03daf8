"""ISO 8601 durations and moments. In working time a day is 8 hours and a week 5 days; else 24 hours and 7 days."""

import re
from datetime import datetime

from kniga.engine.bpmn.draft import Node, Problems, attribute
from kniga.engine.definition.timing import Due

WORKING_DAY = 8 * 3600
WORKING_WEEK = 5 * WORKING_DAY
MAX_SECONDS = 10 * 366 * 24 * 3600

_DURATION = re.compile(
    r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?\Z", re.ASCII
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


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


def moment_of(text: str) -> datetime | None:
    """A moment with its offset from UTC, None if it is not one."""
    if not _MOMENT.match(text.strip()):
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


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


def read_part_due(node: Node, name: str, problems: Problems) -> Due | None:
    """When a part of our extension is due, such as ``<kniga:deadline duration="P2D" calendar="working"/>``: the
    attribute ``name`` is the duration."""
    text = node.get(name)
    if not text:
        problems.add("missing_part", node, part=f"the attribute {name}")
        return None
    working = is_working(node, node.get("calendar"), problems)
    return Due("duration", read_duration(node, text, working_time=working, problems=problems), working)


def calendar_of(event: Node, problems: Problems) -> bool:
    """Whether a timer event counts in working time (the default)."""
    return is_working(event, attribute(event, "calendar"), problems)
