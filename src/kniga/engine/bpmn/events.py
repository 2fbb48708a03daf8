"""Events (BPMN 2.0, 10.5): where a path begins, waits, sends and ends."""

from kniga.engine.bpmn.draft import Draft, Node, attribute, flag, local, name_of, parts
from kniga.engine.bpmn.graph import host_of, is_event_scope
from kniga.engine.bpmn.machines import read_params
from kniga.engine.bpmn.names import START_OF_SCOPE
from kniga.engine.bpmn.triggers import Trigger, read_trigger
from kniga.engine.definition.model import (
    RESULTS,
    BoundaryEvent,
    BoundaryTrigger,
    CatchEvent,
    CatchTrigger,
    Channel,
    EndEvent,
    EndTrigger,
    Param,
    StartEvent,
    StartTrigger,
    ThrowEvent,
    ThrowTrigger,
)

CHANNELS: tuple[Channel, ...] = ("any", "form", "email", "call", "api", "import")
_RESULTS = ("other", *(result for result in RESULTS if result != "other"))
_ROOT: tuple[StartTrigger, ...] = ("none", "message", "timer", "signal")
_INSIDE: tuple[StartTrigger, ...] = ("none",)
_HANDLER: tuple[StartTrigger, ...] = ("message", "timer", "signal", "conditional", "error", "escalation")
_CATCH: tuple[CatchTrigger, ...] = ("timer", "message", "signal", "conditional")
_THROW: tuple[ThrowTrigger, ...] = ("none", "message", "signal", "escalation")
_BOUNDARY: tuple[BoundaryTrigger, ...] = ("timer", "message", "signal", "conditional", "error", "escalation")
_END: tuple[EndTrigger, ...] = ("none", "message", "signal", "escalation", "error", "terminate")


def read_start(draft: Draft, node: Node) -> StartEvent | None:
    """A start event (10.5.2): of the process, of a sub-process (only a plain one), of an event sub-process (never a
    plain one)."""
    scope = draft.scope(node)
    holder = draft.nodes.get(scope or "")
    handler = holder is not None and is_event_scope(holder)
    interrupting = flag(node, "isInterrupting", default=True)
    if holder is None:
        trigger = read_trigger(draft, node, _ROOT, repeats=True)
    elif handler:
        trigger = read_trigger(draft, node, _HANDLER, repeats=not interrupting)
    else:
        trigger = read_trigger(draft, node, _INSIDE, cure=START_OF_SCOPE)
    if trigger is None:
        return None
    if trigger.kind == "error" and not interrupting:
        draft.problems.add("bad_value", node, attribute="isInterrupting", value="false", allowed="true")
    channel = attribute(node, "channel")
    if channel is not None and (trigger.kind != "message" or holder is not None):
        draft.problems.add("no_effect", node, what="kniga:channel")
    return StartEvent(
        id=node.get("id", ""),
        name=name_of(node),
        ways=draft.ways(node),
        scope=scope,
        trigger=trigger.kind,
        interrupting=interrupting if handler else True,
        message=trigger.message,
        channel=draft.problems.one_of(node, "channel", channel, CHANNELS),
        signal=trigger.signal,
        due=trigger.due,
        cycle=trigger.cycle,
        condition=trigger.condition,
        code=trigger.code,
    )


def read_catch(draft: Draft, node: Node) -> CatchEvent | None:
    """An intermediate event that waits (10.5.4)."""
    trigger = read_trigger(draft, node, _CATCH)
    if trigger is None:
        return None
    return CatchEvent(
        id=node.get("id", ""),
        name=name_of(node),
        trigger=trigger.kind,
        ways=draft.ways(node),
        due=trigger.due,
        message=trigger.message,
        signal=trigger.signal,
        condition=trigger.condition,
        scope=draft.scope(node),
    )


def read_throw(draft: Draft, node: Node) -> ThrowEvent | None:
    """An intermediate event that sends (10.5.4); without a definition it is a mere mark on the way."""
    trigger = read_trigger(draft, node, _THROW, throws=True)
    if trigger is None:
        return None
    return ThrowEvent(
        id=node.get("id", ""),
        name=name_of(node),
        trigger=trigger.kind,
        ways=draft.ways(node),
        message=trigger.message,
        signal=trigger.signal,
        code=trigger.code,
        params=_payload(draft, node, trigger),
        scope=draft.scope(node),
    )


def read_boundary(draft: Draft, node: Node) -> BoundaryEvent | None:
    """An event on an activity (10.5.4)."""
    interrupting = flag(node, "cancelActivity", default=True)
    trigger = read_trigger(draft, node, _BOUNDARY, deadline=True, repeats=not interrupting)
    if trigger is None:
        return None
    if trigger.kind == "error" and not interrupting:
        draft.problems.add("bad_value", node, attribute="cancelActivity", value="false", allowed="true")
    return BoundaryEvent(
        id=node.get("id", ""),
        name=name_of(node),
        host=host_of(node),
        trigger=trigger.kind,
        interrupting=interrupting,
        ways=draft.ways(node),
        due=trigger.due,
        cycle=trigger.cycle,
        message=trigger.message,
        signal=trigger.signal,
        condition=trigger.condition,
        code=trigger.code,
        scope=draft.scope(node),
    )


def read_end(draft: Draft, node: Node) -> EndEvent | None:
    """An end event with its result (10.5.3)."""
    result = draft.problems.one_of(node, "result", attribute(node, "result"), _RESULTS)
    trigger = read_trigger(draft, node, _END, throws=True)
    if trigger is None:
        return None
    if trigger.kind == "error" and attribute(node, "result") is not None:
        draft.problems.add("no_effect", node, what="kniga:result")
    return EndEvent(
        id=node.get("id", ""),
        name=name_of(node),
        result=next(known for known in RESULTS if known == result),
        reason_from=attribute(node, "reasonFrom"),
        trigger=trigger.kind,
        message=trigger.message,
        signal=trigger.signal,
        code=trigger.code,
        params=_payload(draft, node, trigger),
        scope=draft.scope(node),
    )


def _payload(draft: Draft, node: Node, trigger: Trigger[ThrowTrigger] | Trigger[EndTrigger]) -> tuple[Param, ...]:
    """What a message carries; nothing else carries anything."""
    found = parts(node, "param")
    if trigger.kind == "message":
        return read_params(draft, found)
    for part in found:
        draft.problems.add("no_effect", part, what=f"kniga:{local(part)}")
    return ()
