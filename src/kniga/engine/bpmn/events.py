"""Start, end and boundary events."""

from kniga.engine.bpmn.draft import Draft, Node, attribute, children, flag, is_bpmn, local
from kniga.engine.bpmn.durations import read_timer
from kniga.engine.definition.model import RESULTS, BoundaryEvent, EndEvent, StartEvent

_OTHER_FIRST = ("other", *(result for result in RESULTS if result != "other"))


def event_definitions(node: Node) -> list[Node]:
    """What makes an event more than a plain one."""
    return [
        child
        for child in node
        if is_bpmn(child) and (local(child).endswith("EventDefinition") or local(child) == "eventDefinitionRef")
    ]


def read_start(draft: Draft, node: Node) -> StartEvent:
    """Compile the none start event."""
    _refuse_definitions(draft, node, "Use a plain start event.")
    return StartEvent(node.get("id", ""), node.get("name") or "", draft.ways(node))


def read_end(draft: Draft, node: Node) -> EndEvent:
    """Compile an end event with its result."""
    _refuse_definitions(draft, node, "Use a plain end event with kniga:result.")
    result = draft.problems.one_of(node, "result", attribute(node, "result"), _OTHER_FIRST)
    return EndEvent(
        node.get("id", ""),
        node.get("name") or "",
        next(known for known in RESULTS if known == result),
        attribute(node, "reasonFrom"),
    )


def read_boundary(draft: Draft, node: Node) -> BoundaryEvent | None:
    """Compile a boundary timer; None if it cannot be one (the problems say why)."""
    definitions = event_definitions(node)
    timers = [one for one in definitions if local(one) == "timerEventDefinition"]
    for definition in definitions:
        if definition not in timers or len(definitions) > 1:
            draft.problems.add("not_supported", definition, cure="Use one timer on the task.")
    if not definitions:
        draft.problems.add("missing_part", node, part="a timerEventDefinition")
    if len(timers) != 1 or len(definitions) != 1:
        return None
    due = read_timer(node, _duration(draft, timers[0]), draft.problems)
    if due is None:
        return None
    return BoundaryEvent(
        id=node.get("id", ""),
        name=node.get("name") or "",
        host=node.get("attachedToRef", ""),
        trigger="timer",
        interrupting=flag(node, "cancelActivity", default=True),
        due=due,
        ways=draft.ways(node),
    )


def _duration(draft: Draft, timer: Node) -> str | None:
    for name in ("timeDate", "timeCycle"):
        for child in children(timer, name):
            draft.problems.add("not_supported", child, cure="Use timeDuration.")
    duration = next(children(timer, "timeDuration"), None)
    return None if duration is None else (duration.text or "").strip()


def _refuse_definitions(draft: Draft, node: Node, cure: str) -> None:
    for definition in event_definitions(node):
        draft.problems.add("not_supported", definition, cure=cure)
