"""Control points: what the head watches while a step is open, and who is told of a deviation."""

from typing import Literal

from kniga.engine.bpmn.conditions import read_rule
from kniga.engine.bpmn.draft import Draft, Node, local, parts
from kniga.engine.bpmn.durations import is_working, read_duration, read_part_due
from kniga.engine.definition.model import ControlPoint, Escalation
from kniga.engine.definition.timing import Due

Channel = Literal["app", "mail"]
_CHANNELS: tuple[Channel, ...] = ("app", "mail")


def is_person(value: str) -> bool:
    """Whether a word says who: owner, lead, head or ``role:<role>``."""
    return value in ("owner", "lead", "head") or (value.startswith("role:") and len(value) > 5)


def read_controls(draft: Draft, node: Node, deadline: Due | None) -> tuple[ControlPoint, ...]:
    """The control points of a user task."""
    found: dict[str, ControlPoint] = {}
    for part in parts(node, "control"):
        key = draft.problems.key(part, "key", part.get("key"))
        if key is None:
            continue
        if key in found:
            draft.problems.add("duplicate_key", part, what="control", key=key)
        due = _due(draft, part, deadline)
        conditions = [inner for inner in part if local(inner) == "condition"]
        ladder = [_rung(draft, inner) for inner in part if local(inner) == "escalate"]
        if len(conditions) > 1:
            draft.problems.add("duplicate_key", conditions[1], what="part", key="condition")
        condition = read_rule(draft, part, conditions[0], looked_at=False) if conditions else None
        if due is not None:
            rungs = tuple(rung for rung in ladder if rung is not None)
            name = part.get("name") or key
            found[key] = ControlPoint(key, name, due, condition, _whom(draft, part), _by(draft, part), rungs)
    return tuple(found.values())


def _due(draft: Draft, part: Node, deadline: Due | None) -> Due | None:
    basis: Literal["duration", "deadline"] = "duration"
    basis = draft.problems.one_of(part, "basis", part.get("basis"), ("duration", "deadline"))
    if basis == "duration":
        return read_part_due(part, "due", draft.problems)
    if deadline is None:
        draft.problems.add("no_deadline_for_timer", part, task=_task_of(part))
    working = is_working(part, part.get("calendar"), draft.problems)
    text = part.get("due")
    seconds = read_duration(part, text, working_time=working, problems=draft.problems) if text else 0
    return Due("deadline", seconds, working)


def _task_of(part: Node) -> str:
    holder = part.getparent()
    task = None if holder is None else holder.getparent()
    return "" if task is None else task.get("id", "")


def _rung(draft: Draft, part: Node) -> Escalation | None:
    due = read_part_due(part, "after", draft.problems)
    whom = _whom(draft, part)
    return None if due is None else Escalation(due, whom)


def _whom(draft: Draft, part: Node) -> tuple[str, ...]:
    words = tuple((part.get("whom") or "").split())
    if not words:
        draft.problems.add("missing_part", part, part="the attribute whom")
    for word in words:
        if not is_person(word):
            allowed = "owner, lead, head, role:<role>"
            draft.problems.add("bad_value", part, attribute="whom", value=word, allowed=allowed)
    return words


def _by(draft: Draft, part: Node) -> tuple[Channel, ...]:
    words = (part.get("by") or "app").split()
    return tuple(dict.fromkeys(draft.problems.one_of(part, "by", word, _CHANNELS) for word in words))
