"""Which triggers an event can have where it stands (10.5.1, table 10.93; 10.5.2 to 10.5.4)."""

from collections.abc import Mapping

from lxml import etree

from kniga.engine.bpmn.draft import Node, Problems, flag, local
from kniga.engine.bpmn.names import MODEL

_START = ("none", "message", "timer", "conditional", "signal")
_START_OF_EVENT_SUB_PROCESS = ("message", "timer", "conditional", "signal", "error", "escalation", "compensate")
_INTERRUPTING = ("message", "timer", "conditional", "signal", "error", "escalation", "cancel", "compensate")
_NON_INTERRUPTING = ("message", "timer", "conditional", "signal", "escalation")
_CATCH = ("message", "timer", "conditional", "signal", "link")
_THROW = ("none", "message", "signal", "escalation", "compensate", "link")
_END = ("none", "message", "signal", "escalation", "error", "cancel", "compensate", "terminate")
_EVENTS = frozenset({"startEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "endEvent"})
_DEFINITION = "EventDefinition"
_THROWN = frozenset({"intermediateThrowEvent", "endEvent"})


def triggers_of(event: Node, by_id: Mapping[str, Node]) -> list[str]:
    """The triggers of an event, its own and those it refers to; empty for none."""
    found = []
    for child in event.iterchildren(f"{{{MODEL}}}*"):
        name = local(child)
        if name == "eventDefinitionRef":
            shared = by_id.get(_named(child))
            found.append("unknown" if shared is None else local(shared).removesuffix(_DEFINITION))
        elif name.endswith(_DEFINITION):
            found.append(name.removesuffix(_DEFINITION))
    return found


def check_triggers(root: Node, by_id: Mapping[str, Node], problems: Problems) -> None:
    """Refuse triggers that cannot be where they are, and definitions that are not shared or not whole."""
    for event in root.iter(f"{{{MODEL}}}*"):
        name = local(event)
        if name not in _EVENTS:
            continue
        _check_references(event, by_id, problems)
        allowed = _allowed(event, name)
        for trigger in triggers_of(event, by_id) or ["none"]:
            if trigger != "unknown" and trigger not in allowed:
                problems.add("wrong_trigger", event, trigger=trigger, allowed=", ".join(allowed))
        _check_cancel(event, name, by_id, problems)
        _check_definitions(event, name, by_id, problems)


def _allowed(event: Node, name: str) -> tuple[str, ...]:
    if name == "startEvent":
        scope = event.getparent()
        if scope is None or local(scope) == "process":
            return _START
        return _START_OF_EVENT_SUB_PROCESS if flag(scope, "triggeredByEvent", False) else ("none",)
    if name == "boundaryEvent":
        return _INTERRUPTING if flag(event, "cancelActivity", True) else _NON_INTERRUPTING
    return {"intermediateCatchEvent": _CATCH, "intermediateThrowEvent": _THROW}.get(name, _END)


def _check_references(event: Node, by_id: Mapping[str, Node], problems: Problems) -> None:
    """An event may refer only to a definition beside the processes: one inside another event is that event's own
    (10.5.5: eventDefinitionRefs)."""
    for reference in event.iterchildren(f"{{{MODEL}}}eventDefinitionRef"):
        shared = by_id.get(_named(reference))
        owner = None if shared is None else shared.getparent()
        if owner is None or local(owner) != "definitions":
            problems.add("definition_not_shared", event, definition=_named(reference))


def _check_cancel(event: Node, name: str, by_id: Mapping[str, Node], problems: Problems) -> None:
    """Cancel events belong to transactions (10.5.3, 10.5.4)."""
    if name not in ("endEvent", "boundaryEvent") or "cancel" not in triggers_of(event, by_id):
        return
    if name == "boundaryEvent":
        host = by_id.get((event.get("attachedToRef") or "").strip())
        if host is not None and local(host) != "transaction":
            problems.add("cancel_outside_transaction", event)
    elif not any(local(above) == "transaction" for above in event.iterancestors()):
        problems.add("cancel_outside_transaction", event)


def _check_definitions(event: Node, name: str, by_id: Mapping[str, Node], problems: Problems) -> None:
    """What an executable process needs to know of a message or an escalation (10.5.5)."""
    if not any(local(above) == "process" and flag(above, "isExecutable", False) for above in event.iterancestors()):
        return
    for definition in event.iterchildren(f"{{{MODEL}}}*"):
        kind = local(definition)
        if kind == "messageEventDefinition" and not _has(definition, "messageRef"):
            problems.add("message_event_without_message", event)
        elif kind == "escalationEventDefinition" and name in _THROWN:
            escalation = by_id.get((definition.get("escalationRef") or "").strip().rpartition(":")[2])
            if escalation is None or not escalation.get("escalationCode"):
                problems.add("escalation_without_code", event)


def _has(definition: Node, attribute: str) -> bool:
    """Whether the attribute is there, or one of another tool that says the same in its own way."""
    return any(etree.QName(str(key)).localname == attribute for key in definition.attrib)


def _named(reference: Node) -> str:
    return (reference.text or "").strip().rpartition(":")[2]
