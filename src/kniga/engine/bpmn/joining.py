"""A plan of changes carried out on a file: elements taken away, put in, fields taken over from another file."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from kniga.engine.bpmn.anatomy import (
    DI,
    EXTENSIONS,
    KIND,
    ORDER,
    OWN_PREFIX,
    PARENT,
    PLACE,
    REFERENCE,
    SEQUENCE,
    Anatomy,
    inner_parts,
    is_element,
    parent_of,
    part_name,
)
from kniga.engine.bpmn.draft import Node, local
from kniga.engine.bpmn.names import FLOW_NODES, MODEL

_LEADING = ("documentation", "extensionElements", "incoming", "outgoing")
_SEQUENCE = (
    *_LEADING, "ioSpecification", "property", "dataInputAssociation", "dataOutputAssociation", "resourceRole",
    "performer", "humanPerformer", "potentialOwner", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
)  # fmt: skip
"""The order of parts that the schema of the standard asks for; all others come behind these, elements last."""

_Ends = tuple[list[str], list[str]]


@dataclass
class Plan:
    """What is to become of a file: ids that go, ids that come (in order), and fields taken over by element."""

    removed: set[str] = field(default_factory=set)
    added: list[str] = field(default_factory=list)
    taken: dict[str, list[str]] = field(default_factory=dict)

    def take(self, id: str, name: str) -> None:
        """Note that a field is taken over."""
        self.taken.setdefault(id, []).append(name)

    def moved(self) -> list[str]:
        """The elements that are put elsewhere."""
        return [id for id, names in self.taken.items() if PARENT in names]

    def parent(self, id: str, onto: Anatomy, source: Anatomy) -> str:
        """What will hold an element."""
        is_sources = id in self.added or PARENT in self.taken.get(id, ())
        return (source if is_sources else onto).fields[id][PARENT]


def carry_out(plan: Plan, onto: Anatomy, source: Anatomy) -> bytes:
    """The file ``onto`` (which is changed) with the plan carried out; what comes, comes from ``source``."""
    before = _ends(onto)
    for id in plan.removed:
        _remove(onto, id)
    for id in plan.added:
        _add(onto, source, id)
    for id in sorted(plan.moved(), key=lambda id: (_depth(plan, onto, source, id), id)):
        _put_behind_neighbour(onto, onto.elements[id], source.elements[id])
    for id, names in plan.taken.items():
        for name in sorted(names, key=lambda name: name != KIND):
            _take(onto, source, id, name)
    _mend_ends(onto, before)
    return written(onto.root)


def written(root: Node) -> bytes:
    """A file written anew, in UTF-8."""
    data = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    assert isinstance(data, bytes)
    return data


def _depth(plan: Plan, onto: Anatomy, source: Anatomy, id: str) -> int:
    """How deep an element will stand: what holds others is put into its place before them."""
    depth = 0
    while id := plan.parent(id, onto, source):
        depth += 1
    return depth


def _remove(onto: Anatomy, id: str) -> None:
    for node in (onto.elements.pop(id), onto.drawn.pop(id, None)):
        parent = None if node is None else node.getparent()
        if node is not None and parent is not None:
            parent.remove(node)


def _add(onto: Anatomy, source: Anatomy, id: str) -> None:
    theirs = source.elements[id]
    copy = _without_elements(theirs)
    onto.elements[id] = copy
    _put_behind_neighbour(onto, copy, theirs)
    drawn = source.drawn.get(id)
    if drawn is not None:
        _draw(onto, drawn, id)


def _without_elements(node: Node) -> Node:
    """A copy of an element without the elements inside it: those are added by themselves."""
    copy = deepcopy(node)
    for child, original in zip(list(copy), list(node), strict=True):
        if is_element(original):
            copy.remove(child)
    return copy


def _put_behind_neighbour(onto: Anatomy, node: Node, like: Node) -> None:
    """Put an element into the parent it has in its own file, behind the nearest element before it there."""
    parent = onto.elements[parent_of(like)]
    for before in like.itersiblings(preceding=True):
        neighbour = onto.elements.get(before.get("id") or "")
        if neighbour is not None and neighbour.getparent() is parent and is_element(before):
            neighbour.addnext(node)
            return
    at = sum(1 for child in parent if local(child) in _LEADING)
    parent.insert(at, node)


def _draw(onto: Anatomy, drawn: Node, id: str) -> None:
    plane = _plane_like(onto.root, drawn)
    copy = deepcopy(drawn)
    plane.append(copy)
    onto.drawn[id] = copy


def _plane_like(root: Node, drawn: Node) -> Node:
    """The plane of the same thing as the one something is drawn on, else the first, else a new one."""
    original = drawn.getparent()
    assert original is not None, "a shape stands on a plane"
    planes = list(root.iter(f"{DI}BPMNPlane"))
    for plane in planes:
        if plane.get("bpmnElement") == original.get("bpmnElement"):
            return plane
    if planes:
        return planes[0]
    diagram = etree.SubElement(root, f"{DI}BPMNDiagram")
    return etree.SubElement(diagram, f"{DI}BPMNPlane", {"bpmnElement": original.get("bpmnElement", "")})


def _take(onto: Anatomy, source: Anatomy, id: str, name: str) -> None:
    if name == PARENT:
        return  # put there before
    node, other = onto.elements[id], source.elements[id]
    if name == PLACE:
        _take_place(onto, source, id)
    elif name == KIND:
        node.tag = other.tag
    elif name == ORDER:
        wanted = source.fields[id].get(ORDER, "").split()
        _put_in_order(onto.root, [onto.elements[flow] for flow in wanted if flow in onto.elements])
    elif name.startswith(SEQUENCE):
        parts = dict(inner_parts(node))
        wanted = [f"{name.removeprefix(SEQUENCE)}:{key}" for key in source.fields[id].get(name, "").split()]
        _put_in_order(node, [parts[part] for part in wanted if part in parts])
    elif not name.startswith(REFERENCE) and (_attribute(name) in node.attrib or _attribute(name) in other.attrib):
        value = other.get(_attribute(name))
        if value is None:
            del node.attrib[_attribute(name)]
        else:
            node.set(_attribute(name), value)
    else:
        _take_parts(node, other, name)


def _attribute(name: str) -> str:
    return f"{OWN_PREFIX}{name.removeprefix('kniga:')}" if name.startswith("kniga:") else name


def _take_place(onto: Anatomy, source: Anatomy, id: str) -> None:
    old, new = onto.drawn.pop(id, None), source.drawn.get(id)
    parent = None if old is None else old.getparent()
    if old is not None and parent is not None:
        parent.remove(old)
    if new is not None:
        _draw(onto, new, id)


def _put_in_order(around: Node, wanted: list[Node]) -> None:
    """Let nodes stand in another order: each takes the place of one of them."""
    order = {node: place for place, node in enumerate(around.iter())}
    marks = []
    for node in sorted(wanted, key=order.__getitem__):
        mark = etree.Element("mark")
        node.addprevious(mark)
        marks.append(mark)
    for mark, node in zip(marks, wanted, strict=True):
        parent = mark.getparent()
        assert parent is not None, "a mark stands before what stands somewhere"
        parent.replace(mark, node)


def _take_parts(node: Node, other: Node, name: str) -> None:
    """Let an element have exactly the parts that it has under this name in the other file, at the same place."""
    old = [part for found, part in inner_parts(node) if found == name]
    new = [deepcopy(part) for found, part in inner_parts(other) if found == name]
    original = next(part for found, part in (*inner_parts(other), *inner_parts(node)) if found == name)
    holder = _holder_for(node, original)
    at = list(holder).index(old[0]) if old else _place_among(holder, original)
    for part in old:
        holder.remove(part)
    for offset, part in enumerate(new):
        holder.insert(at + offset, part)


def _holder_for(node: Node, part: Node) -> Node:
    parent = part.getparent()
    if parent is None or parent.tag != EXTENSIONS:
        return node
    found = node.find(EXTENSIONS)
    if found is not None:
        return found
    holder = etree.Element(EXTENSIONS)
    node.insert(sum(1 for child in node if local(child) == "documentation"), holder)
    return holder


def _place_among(holder: Node, part: Node) -> int:
    """Behind the last part of the same kind as the nearest one before it in its own file; else where the standard
    wants it, first among our own parts. An element's parts keep the order of the standard in any case."""
    if holder.tag != EXTENSIONS:
        return sum(1 for child in holder if _rank(child) <= _rank(part))
    before = [part_name(one) for one in part.itersiblings(preceding=True)]
    for name in before:
        places = [place for place, child in enumerate(holder) if part_name(child) == name]
        if places:
            return places[-1] + 1
    return len(holder) if before else 0


def _rank(part: Node) -> int:
    if is_element(part):
        return len(_SEQUENCE) + 1
    return _SEQUENCE.index(local(part)) if local(part) in _SEQUENCE else len(_SEQUENCE)


def _mend_ends(onto: Anatomy, before: Mapping[str, _Ends]) -> None:
    """Let nodes whose flows are others now name those that really come and go (10.4.1), defaults and lanes only what
    is there."""
    now = _ends(onto)
    for id, node in onto.elements.items():
        comes, goes = now[id]
        if local(node) in FLOW_NODES and before.get(id) != (comes, goes):
            _name_flows(node, "incoming", comes)
            _name_flows(node, "outgoing", goes)
        if node.get("default", "") not in ("", *goes):
            del node.attrib["default"]
        for reference in list(node.iterchildren(f"{{{MODEL}}}flowNodeRef")):
            if (reference.text or "").strip() not in onto.elements:
                node.remove(reference)


def _ends(onto: Anatomy) -> dict[str, _Ends]:
    """The flows that come to and go from each element, in the order of the file."""
    found: dict[str, _Ends] = {id: ([], []) for id in onto.elements}
    for id, node in onto.elements.items():
        if local(node) == "sequenceFlow":
            for place, end in enumerate(("targetRef", "sourceRef")):
                found.setdefault(node.get(end, ""), ([], []))[place].append(id)
    return found


def _name_flows(node: Node, tag: str, flows: Iterable[str]) -> None:
    there = list(node.iterchildren(f"{{{MODEL}}}{tag}"))
    named, wanted = [(one.text or "").strip() for one in there], list(flows)
    if set(named) == set(wanted):
        return
    for one in there:
        node.remove(one)
    leading = _LEADING[: _LEADING.index(tag) + 1]
    at = sum(1 for child in node if local(child) in leading)
    for id in (*(name for name in named if name in wanted), *(flow for flow in wanted if flow not in named)):
        reference = etree.Element(f"{{{MODEL}}}{tag}")
        reference.text = id
        node.insert(at, reference)
        at += 1
