"""Messages (BPMN 2.0, 8.3.11, 10.5.5): their names, and what finds the one that waits."""

from kniga.engine.bpmn.draft import Draft, Node, attribute, name_of
from kniga.engine.bpmn.references import resolve
from kniga.engine.definition.model import Correlation, MessageRef

CORRELATIONS: tuple[Correlation, ...] = ("deal", "client", "thread", "key")


def read_message(draft: Draft, holder: Node) -> MessageRef | None:
    """The message that ``messageRef`` of an event definition or task names; it must name one."""
    if not (holder.get("messageRef") or "").strip():
        draft.problems.add("missing_part", holder, part="the attribute messageRef")
        return None
    message = resolve(draft, holder, "messageRef", "message")
    return None if message is None else _message(draft, message)


def _message(draft: Draft, message: Node) -> MessageRef:
    correlation = draft.problems.one_of(message, "correlation", attribute(message, "correlation"), CORRELATIONS)
    key = attribute(message, "key")
    if correlation == "key" and key is None:
        draft.problems.add("missing_part", message, part="the attribute kniga:key")
    elif correlation != "key" and key is not None:
        draft.problems.add("no_effect", message, what="kniga:key")
    elif key is not None:
        draft.field(message, "kniga:key", key)
    return MessageRef(name_of(message) or message.get("id", ""), correlation, key)
