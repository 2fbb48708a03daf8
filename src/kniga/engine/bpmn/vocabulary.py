"""What may stand where: everything that is neither executed nor plain documentation is refused by name."""

from kniga.engine.bpmn.draft import Draft, Node, Problems, children, is_bpmn, is_ours, local
from kniga.engine.bpmn.names import (
    ACTIVITIES,
    COLLABORATION_DOCUMENTATION,
    CURES,
    DEFAULT_CURE,
    DOCUMENTATION,
    EVENTS,
    FLOW_NODES,
    KNIGA,
    MODEL,
    ROOT_DOCUMENTATION,
)

_TASK_ATTRIBUTES = ("kind", "assignee", "stage", "price", "skill")
_ATTRIBUTES = {
    "process": ("kind",),
    "lane": ("stage",),
    "userTask": _TASK_ATTRIBUTES,
    "manualTask": _TASK_ATTRIBUTES,
    "task": _TASK_ATTRIBUTES,
    "subProcess": ("stage",),
    "callActivity": ("version",),
    "businessRuleTask": ("decision",),
    "multiInstanceLoopCharacteristics": ("each",),
    "startEvent": ("channel", "calendar", "field"),
    "intermediateCatchEvent": ("calendar", "field"),
    "boundaryEvent": ("basis", "calendar", "field"),
    "endEvent": ("result", "reasonFrom"),
    "message": ("correlation", "key"),
}
_TASK_EXTENSIONS = ("deadline", "script", "question", "outcome", "control", "material")
_EXTENSIONS = {
    "process": ("stages", "fields", "dmn"),
    "userTask": _TASK_EXTENSIONS,
    "manualTask": _TASK_EXTENSIONS,
    "task": _TASK_EXTENSIONS,
    "serviceTask": ("action",),
    "sendTask": ("letter", "param"),
    "businessRuleTask": ("dmn",),
    "intermediateThrowEvent": ("param",),
    "endEvent": ("param",),
}
_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # our element: its attributes, its children
    "stages": ((), ("stage",)),
    "stage": (("key", "name"), ()),
    "fields": ((), ("field",)),
    "field": (("key", "type", "label"), ("choice",)),
    "deadline": (("duration", "calendar", "answer"), ()),
    "script": ((), ()),
    "question": (("key", "type", "label", "required", "requiredFor", "help", "field", "check"), ("choice",)),
    "choice": (("key", "label"), ()),
    "outcome": (("key", "label", "tone"), ()),
    "control": (("key", "name", "due", "calendar", "basis", "whom", "by"), ("condition", "escalate")),
    "condition": ((), ()),
    "escalate": (("after", "calendar", "whom"), ()),
    "material": (("kind", "template"), ()),
    "action": (("name", "retries", "backoff"), ("param", "points")),
    "points": (("label", "value"), ("condition",)),
    "param": (("name", "value", "field"), ()),
    "letter": (("template", "subject", "to", "retries", "backoff"), ()),
    "dmn": ((), ()),
}
_RESOURCES = frozenset({"resourceRole", "performer", "humanPerformer", "potentialOwner"})
_LOOPS = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})
_DATA = frozenset({"dataOutput", "outputSet", "dataInput", "inputSet"})
_SCOPE = FLOW_NODES | {"sequenceFlow"}
_INSIDE = {
    "process": _SCOPE | _RESOURCES,
    "subProcess": _SCOPE | _RESOURCES | _LOOPS,
    "userTask": _RESOURCES | _LOOPS | {"rendering"},
    "sequenceFlow": frozenset({"conditionExpression"}),
    **dict.fromkeys(ACTIVITIES - {"subProcess", "userTask"}, _RESOURCES | _LOOPS),
    **dict.fromkeys(EVENTS, _DATA),
}
_OURS = f"{{{KNIGA}}}"


def check_root(draft: Draft) -> None:
    """Refuse what stands beside the process and would change how it runs."""
    _check_attributes(draft.root, draft.problems)
    for child in draft.root:
        name = local(child)
        if not is_bpmn(child) or name == "process":
            continue
        for node in child.iter(f"{{{MODEL}}}*"):
            _check_attributes(node, draft.problems)
        for part in child.iter(f"{_OURS}*"):
            _unknown(draft.problems, part, local(part), ())
        # An event definition is read, or refused, where an event refers to it.
        if name not in ROOT_DOCUMENTATION and not name.endswith("EventDefinition"):
            _refuse(draft, child)
    for collaboration in children(draft.root, "collaboration"):
        for child in collaboration:
            if is_bpmn(child) and local(child) not in COLLABORATION_DOCUMENTATION:
                _refuse(draft, child)


def check_process(draft: Draft) -> None:
    """Refuse elements and extensions that do not execute, in the process and in its elements."""
    _check_element(draft, draft.process)
    for node in draft.process.iter(f"{{{MODEL}}}*", f"{_OURS}*"):
        if is_ours(node):
            parent = node.getparent()
            if parent is not None and is_bpmn(parent) and local(parent) != "extensionElements":
                _unknown(draft.problems, parent, local(node), ())
        elif local(node) == "extensionElements":
            _check_extensions(draft, node)
        else:
            _check_attributes(node, draft.problems)


def _check_element(draft: Draft, node: Node) -> None:
    allowed = DOCUMENTATION | _INSIDE.get(local(node), frozenset())
    for child in node:
        if not is_bpmn(child):
            continue
        name = local(child)
        if name not in allowed and not name.endswith(("EventDefinition", "DefinitionRef")):
            _refuse(draft, child)
        elif name in _SCOPE:
            _check_element(draft, child)
    for attribute, plain in (("isForCompensation", "false"), ("startQuantity", "1"), ("completionQuantity", "1")):
        value = (node.get(attribute) or plain).strip()
        if value not in (plain, "0" if plain == "false" else plain):
            draft.problems.add("bad_value", node, attribute=attribute, value=value, allowed=plain)


def _check_attributes(node: Node, problems: Problems) -> None:
    for key in node.attrib:
        name = str(key)
        if name.startswith(_OURS):
            allowed = _ATTRIBUTES.get(local(node), ())
            if name.removeprefix(_OURS) not in allowed:
                _unknown(problems, node, name.removeprefix(_OURS), allowed)


def _check_extensions(draft: Draft, holder: Node) -> None:
    owner = holder.getparent()
    if owner is None or owner.get("id") in draft.refused:
        return
    allowed = _EXTENSIONS.get(local(owner), ())
    for part in holder.iterchildren(f"{_OURS}*"):
        if local(part) not in allowed:
            _unknown(draft.problems, part, local(part), allowed)
        else:
            _check_part(part, draft.problems)


def _check_part(part: Node, problems: Problems) -> None:
    attributes, inner = _PARTS[local(part)]
    for key in part.attrib:
        if str(key) not in attributes:
            _unknown(problems, part, str(key), attributes)
    if local(part) == "dmn":
        return  # another standard's vocabulary, read by its own rules
    for child in part:
        if not is_ours(child) or local(child) not in inner:
            _unknown(problems, part, local(child), inner)
        else:
            _check_part(child, problems)


def _unknown(problems: Problems, node: Node, extension: str, allowed: tuple[str, ...]) -> None:
    problems.add("unknown_extension", node, extension=extension, allowed=", ".join(allowed) or "–")


def _refuse(draft: Draft, node: Node) -> None:
    draft.problems.add("not_supported", node, cure=CURES.get(local(node), DEFAULT_CURE))
    draft.refused.update(inner.get("id", "") for inner in node.iter(f"{{{MODEL}}}*"))
