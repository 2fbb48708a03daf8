"""What makes an event happen, or what it does (BPMN 2.0, 10.5.5 and 10.5.6), the same for every kind of event."""

from dataclasses import dataclass
from typing import Generic

from kniga.engine.bpmn.conditions import read_expression
from kniga.engine.bpmn.draft import Draft, Node, Word, attribute, child, local, name_of
from kniga.engine.bpmn.messages import read_message
from kniga.engine.bpmn.names import CURES, MANY_TRIGGERS, WRONG_TRIGGER
from kniga.engine.bpmn.references import definitions_of, resolve
from kniga.engine.bpmn.timers import read_timer
from kniga.engine.definition.model import MessageRef
from kniga.engine.definition.timing import Cycle, Due
from kniga.rules import Rule

KINDS = {
    "messageEventDefinition": "message",
    "timerEventDefinition": "timer",
    "signalEventDefinition": "signal",
    "conditionalEventDefinition": "conditional",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "terminateEventDefinition": "terminate",
}


@dataclass(frozen=True, slots=True)
class Trigger(Generic[Word]):
    """The kind of a trigger with all that can belong to it."""

    kind: Word
    due: Due | None = None
    cycle: Cycle | None = None
    message: MessageRef | None = None
    signal: str | None = None
    condition: Rule | None = None
    code: str | None = None


def read_trigger(
    draft: Draft,
    event: Node,
    allowed: tuple[Word, ...],
    *,
    deadline: bool = False,
    repeats: bool = False,
    throws: bool = False,
    cure: str = WRONG_TRIGGER,
) -> Trigger[Word] | None:
    """The one trigger of an event out of those allowed; None if there is none that can be used (the problems say
    why). ``throws``: errors and escalations need a code; ``deadline`` and ``repeats`` as for timers."""
    definitions = definitions_of(draft, event)
    if len(definitions) > 1:
        for definition in definitions:
            draft.problems.add("not_supported", definition, cure=MANY_TRIGGERS)
        return None
    name = KINDS.get(local(definitions[0]), "") if definitions else "none"
    kind = next((word for word in allowed if word == name), None)
    if kind is None and definitions:
        draft.problems.add("not_supported", definitions[0], cure=CURES.get(local(definitions[0]), cure))
    elif kind is None:
        draft.problems.add("missing_part", event, part="an event definition")
    if kind is None:
        return None
    if kind != "timer":
        _no_timing(draft, event)
    if not definitions:
        return Trigger(kind)
    definition = definitions[0]
    if kind == "timer":
        timer = read_timer(draft, event, definition, deadline=deadline, repeats=repeats)
        return None if timer is None else Trigger(kind, due=timer.due, cycle=timer.cycle)
    return _other(draft, event, definition, kind, throws=throws)


def _other(draft: Draft, event: Node, definition: Node, kind: Word, *, throws: bool) -> Trigger[Word] | None:
    if kind == "message":
        message = read_message(draft, definition)
        return None if message is None else Trigger(kind, message=message)
    if kind == "signal":
        signal = _named(draft, definition, "signalRef", "signal")
        return None if signal is None else Trigger(kind, signal=name_of(signal) or signal.get("id", ""))
    if kind == "conditional":
        expression = child(definition, "condition")
        if expression is None:
            draft.problems.add("missing_part", definition, part="a condition")
            return None
        condition = read_expression(draft, event, expression)
        return None if condition is None else Trigger(kind, condition=condition)
    if kind in ("error", "escalation"):
        return Trigger(kind, code=_code(draft, definition, str(kind), throws=throws))
    return Trigger(kind)


def _named(draft: Draft, definition: Node, name: str, tag: str) -> Node | None:
    if not (definition.get(name) or "").strip():
        draft.problems.add("missing_part", definition, part=f"the attribute {name}")
        return None
    return resolve(draft, definition, name, tag)


def _code(draft: Draft, definition: Node, kind: str, *, throws: bool) -> str | None:
    """The code of an error or escalation; who catches may leave it open and catches every one."""
    name = f"{kind}Ref"
    declared = _named(draft, definition, name, kind) if throws else resolve(draft, definition, name, kind)
    if declared is None:
        return None
    code = (declared.get(f"{kind}Code") or "").strip()
    if not code and throws:
        draft.problems.add("missing_part", declared, part=f"the attribute {kind}Code")
    return code or None


def _no_timing(draft: Draft, event: Node) -> None:
    for name in ("basis", "calendar", "field"):
        if attribute(event, name) is not None:
            draft.problems.add("no_effect", event, what=f"kniga:{name}")
