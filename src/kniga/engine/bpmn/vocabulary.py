"""What may stand where: everything that is neither executed nor plain documentation is refused by name."""

from lxml import etree

from kniga.engine.bpmn.draft import Node, Problems, children, is_bpmn, local
from kniga.engine.bpmn.names import (
    COLLABORATION_DOCUMENTATION,
    CURES,
    DEFAULT_CURE,
    DOCUMENTATION,
    FLOW_NODES,
    KNIGA,
    ROOT_DOCUMENTATION,
)

_ATTRIBUTES = {
    "process": ("kind",),
    "lane": ("stage",),
    "userTask": ("kind", "assignee", "stage", "price"),
    "boundaryEvent": ("basis", "calendar"),
    "endEvent": ("result", "reasonFrom"),
}
_EXTENSIONS = {
    "process": ("stages",),
    "userTask": ("deadline", "script", "question", "outcome"),
}
_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # our element: its attributes, its children
    "stages": ((), ("stage",)),
    "stage": (("key", "name"), ()),
    "deadline": (("duration", "calendar", "answer"), ()),
    "script": ((), ()),
    "question": (("key", "type", "label", "required", "requiredFor", "help", "field", "check"), ("choice",)),
    "choice": (("key", "label"), ()),
    "outcome": (("key", "label", "tone"), ()),
}
_RESOURCES = frozenset({"resourceRole", "performer", "humanPerformer", "potentialOwner", "rendering"})
_INSIDE = {
    "userTask": _RESOURCES,
    "startEvent": frozenset({"dataOutput", "outputSet"}),
    "endEvent": frozenset({"dataInput", "inputSet"}),
    "boundaryEvent": frozenset({"dataOutput", "outputSet"}),
    "sequenceFlow": frozenset({"conditionExpression"}),
    "process": FLOW_NODES | _RESOURCES | {"sequenceFlow"},
}


def check_root(root: Node, problems: Problems) -> None:
    """Refuse what stands beside the process and would change how it runs."""
    for child in root:
        if not is_bpmn(child) or local(child) == "process" or local(child) in ROOT_DOCUMENTATION:
            continue
        if local(child).endswith("EventDefinition"):
            continue  # refused where an event refers to it
        _refuse(child, problems)
    for collaboration in children(root, "collaboration"):
        for child in collaboration:
            if is_bpmn(child) and local(child) not in COLLABORATION_DOCUMENTATION:
                _refuse(child, problems)


def check_process(process: Node, problems: Problems) -> None:
    """Refuse elements and extensions that do not execute, in the process and in its elements."""
    _check_element(process, problems)
    for child in process:
        if is_bpmn(child):
            name = local(child)
            if name in FLOW_NODES or name == "sequenceFlow":
                _check_element(child, problems)
            elif name == "laneSet":
                for lane in child.iter(f"{{{etree.QName(child).namespace}}}lane"):
                    _check_attributes(lane, problems)


def _check_element(node: Node, problems: Problems) -> None:
    name = local(node)
    _check_attributes(node, problems)
    allowed = DOCUMENTATION | _INSIDE.get(name, frozenset())
    for child in node:
        if is_bpmn(child):
            if local(child) == "extensionElements":
                _check_extensions(node, child, problems)
            elif local(child) not in allowed and not local(child).endswith(("EventDefinition", "DefinitionRef")):
                _refuse(child, problems)
    for attribute, plain in (
        ("isForCompensation", "false"),
        ("startQuantity", "1"),
        ("completionQuantity", "1"),
    ):
        if (node.get(attribute) or plain).strip() not in (plain, "0" if plain == "false" else plain):
            problems.add("bad_value", node, attribute=attribute, value=node.get(attribute, ""), allowed=plain)


def _check_attributes(node: Node, problems: Problems) -> None:
    allowed = _ATTRIBUTES.get(local(node), ())
    for key in node.attrib:
        name = etree.QName(str(key))
        if name.namespace == KNIGA and name.localname not in allowed:
            _unknown(problems, node, name.localname, allowed)


def _check_extensions(node: Node, holder: Node, problems: Problems) -> None:
    allowed = _EXTENSIONS.get(local(node), ())
    for part in holder:
        if etree.QName(part).namespace != KNIGA:
            continue
        if local(part) not in allowed:
            _unknown(problems, part, local(part), allowed)
        else:
            _check_part(part, problems)


def _check_part(part: Node, problems: Problems) -> None:
    attributes, inner = _PARTS[local(part)]
    for key in part.attrib:
        if str(key) not in attributes:
            _unknown(problems, part, str(key), attributes)
    for child in part:
        if etree.QName(child).namespace != KNIGA or local(child) not in inner:
            _unknown(problems, part, local(child), inner)
        else:
            _check_part(child, problems)


def _unknown(problems: Problems, node: Node, extension: str, allowed: tuple[str, ...]) -> None:
    problems.add("unknown_extension", node, extension=extension, allowed=", ".join(allowed) or "–")


def _refuse(node: Node, problems: Problems) -> None:
    problems.add("not_supported", node, cure=CURES.get(local(node), DEFAULT_CURE))
