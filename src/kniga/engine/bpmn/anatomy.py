"""A BPMN file taken apart into elements and named fields, so that two files can be compared, and joined, field by
field: attributes, parts of our extension by key, other parts by tag, where it stands, the order of its flows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from kniga.engine.bpmn.draft import Node, is_bpmn, is_ours, local
from kniga.engine.bpmn.names import KNIGA, MODEL

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
EXTENSIONS = f"{{{MODEL}}}extensionElements"
OWN_PREFIX = f"{{{KNIGA}}}"
PLACE, PARENT, ORDER, KIND = "place", "parent", "order", "tag"
SEQUENCE = "sequence:"
"""Begins the name of the field that holds the keys of an element's parts of one tag, in their order."""
REFERENCE = "flowNodeRef:"
_INCIDENT = frozenset({"incoming", "outgoing"})
_ONE_OF = ("EventDefinition", "LoopCharacteristics")
CONTAINERS = frozenset({"definitions", "process", "subProcess", "collaboration", "laneSet", "lane"})
_PARTS = _INCIDENT | {
    "extensionElements", "documentation", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
    "ioSpecification", "property", "dataInputAssociation", "dataOutputAssociation", "resourceRole", "performer",
    "humanPerformer", "potentialOwner", "flowNodeRef",
}  # fmt: skip


@dataclass
class Anatomy:
    """The elements of a file by id, in its order, and what each says, field by field, as comparable texts. `drawn`
    are the shapes and edges by the id of what they draw. The root has the id ""."""

    root: Node
    elements: dict[str, Node] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    drawn: dict[str, Node] = field(default_factory=dict)

    def name(self, id: str) -> str:
        """The name of an element, else its id."""
        node = self.elements.get(id)
        return id if node is None else " ".join((node.get("name") or id).split())


def take_apart(root: Node) -> Anatomy:
    """The anatomy of a file, given its root."""
    found = Anatomy(root, {"": root})
    _gather(root, found)
    for node in root.iter(f"{DI}BPMNShape", f"{DI}BPMNEdge"):
        found.drawn.setdefault(node.get("bpmnElement", "").rpartition(":")[2], node)
    leaving: dict[str, list[str]] = {}
    for id, node in found.elements.items():
        if local(node) == "sequenceFlow":
            leaving.setdefault(node.get("sourceRef", ""), []).append(id)
    for id, node in found.elements.items():
        if id:
            found.fields[id] = dict(_fields(id, node, found))
            if len(leaving.get(id, ())) > 1:
                found.fields[id][ORDER] = " ".join(leaving[id])
    return found


def inner_parts(node: Node) -> Iterator[tuple[str, Node]]:
    """The parts of an element with their field names: what is inside it and no element of its own."""
    for child in node:
        if child.tag == EXTENSIONS:
            for part in child:
                yield part_name(part), part
        elif not is_element(child) and local(child) not in _INCIDENT:
            yield part_name(child), child


def part_name(part: Node) -> str:
    """The field a part is compared under: its tag, with its key where it has one. What an element can have one of
    only, of several tags, is one field."""
    if is_bpmn(part):
        for one in _ONE_OF:
            if local(part).endswith(one):
                return f"{one[0].lower()}{one[1:]}"
        if local(part) == "flowNodeRef":
            return f"{REFERENCE}{(part.text or '').strip()}"
        return local(part)
    if not is_ours(part):
        return f"part:{part.tag}"
    key = part.get("key")
    return f"{local(part)}:{key}" if key else local(part)


def is_element(node: Node) -> bool:
    """Whether a node is an element of its own: it has an id and stands in what holds elements."""
    parent = node.getparent()
    if parent is None or not is_bpmn(node) or not node.get("id") or local(node) in _PARTS:
        return False
    return is_bpmn(parent) and local(parent) in CONTAINERS


def parent_of(node: Node) -> str:
    """The id of the element that holds an element, "" for the root."""
    parent = node.getparent()
    assert parent is not None, "only the root has no parent, and it is asked by nobody"
    return "" if parent.getparent() is None else parent.get("id", "")


def said(node: Node) -> str:
    """A part as a text: the same for two that say the same, whatever their prefixes, white space and ids."""
    attributes = sorted((_bare(str(key)), str(value)) for key, value in node.attrib.items())
    own = "".join(f" {key}={value!r}" for key, value in attributes if key != "id")
    inside = "".join(f"{local(child)}({said(child)})" for child in node)
    text = (node.text or "").strip()
    if not own and not inside and not text:
        return local(node)
    return text if not own and not inside else f"{local(node)}({own.strip()}{inside}{text})"


def _gather(holder: Node, found: Anatomy) -> None:
    for child in holder:
        if is_element(child):
            found.elements.setdefault(child.get("id", ""), child)
            _gather(child, found)


def _fields(id: str, node: Node, anatomy: Anatomy) -> Iterator[tuple[str, str]]:
    yield PARENT, parent_of(node)
    yield KIND, local(node)
    for key, value in node.attrib.items():
        if key != "id":
            yield _named(str(key)), str(value)
    parts: dict[str, str] = {}
    for name, part in inner_parts(node):
        text = said(part)
        parts[name] = f"{parts[name]} {text}" if name in parts else text
    yield from parts.items()
    keys: dict[str, list[str]] = {}
    for name in parts:
        tag, _, key = name.partition(":")
        if key and f"{tag}:" not in (REFERENCE, "part:"):
            keys.setdefault(tag, []).append(key)
    yield from ((f"{SEQUENCE}{tag}", " ".join(found)) for tag, found in keys.items() if len(found) > 1)
    shape = anatomy.drawn.get(id)
    if shape is not None:
        yield PLACE, _place(shape)


def _place(shape: Node) -> str:
    """Where something is drawn, rounded to whole units, so that a file written anew says the same."""
    found = []
    for node in shape.iter(etree.Element):
        for key, value in sorted((_bare(str(key)), str(value)) for key, value in node.attrib.items()):
            if key not in ("id", "bpmnElement"):
                found.append(f"{key}={round(float(value)) if _is_number(value) else value}")
    return " ".join(found)


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and len(digits) < 20


def _named(key: str) -> str:
    return f"kniga:{key.removeprefix(OWN_PREFIX)}" if key.startswith(OWN_PREFIX) else key


def _bare(key: str) -> str:
    return key.rpartition("}")[2]
