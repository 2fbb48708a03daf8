"""A process being compiled: its XML, what has been found wrong so far, and what the parts share."""

import re
from collections.abc import Iterator
from typing import TypeVar

from lxml import etree

from kniga.engine.bpmn.names import KNIGA, MODEL
from kniga.engine.definition.model import Way
from kniga.engine.definition.problems import Problem
from kniga.rules import FieldRegistry

Node = etree._Element
Word = TypeVar("Word", bound=str)

_KEY = re.compile(r"[\w.-]{1,100}\Z")


def local(node: Node) -> str:
    """The tag without its namespace, as the standard writes it."""
    return etree.QName(node).localname


def line_of(node: Node) -> int | None:
    """The line of the file where a node begins, if the parser knows it."""
    line: object = node.sourceline
    return line if isinstance(line, int) else None


def is_bpmn(node: Node, name: str | None = None) -> bool:
    """Whether a node is an element of the BPMN model (of this name)."""
    tag = etree.QName(node)
    return tag.namespace == MODEL and (name is None or tag.localname == name)


def children(node: Node, name: str) -> Iterator[Node]:
    """The BPMN children of this name."""
    return node.iterchildren(f"{{{MODEL}}}{name}")


def extensions(node: Node) -> Iterator[Node]:
    """Our own extension elements of a node."""
    for holder in children(node, "extensionElements"):
        yield from holder.iterchildren(f"{{{KNIGA}}}*")


def attribute(node: Node, name: str) -> str | None:
    """One of our attributes on a BPMN element, stripped; None if absent or blank."""
    return (node.get(f"{{{KNIGA}}}{name}") or "").strip() or None


def flag(node: Node, name: str, default: bool) -> bool:
    """A boolean attribute of the standard (xsd:boolean)."""
    return (node.get(name) or str(default)).strip().lower() in ("true", "1")


class Problems:
    """Everything found wrong, in the order found; compiling goes on to find the rest."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, code: str, node: Node, **params: str) -> None:
        """Note a problem at a node (its own id, or that of the nearest BPMN element around it)."""
        short = {key: value if len(value) <= 300 else f"{value[:300]}…" for key, value in params.items()}
        short.setdefault("tag", local(node))
        self.found.append(Problem(code, _owner(node), line_of(node), short))

    def key(self, node: Node, name: str, value: str | None) -> str | None:
        """A value that must be there and usable as a key; None (and a problem) otherwise."""
        if not value:
            self.add("missing_part", node, part=f"the attribute {name}")
        elif not _KEY.match(value):
            self.add("bad_key", node, attribute=name, value=value)
        else:
            return value
        return None

    def one_of(self, node: Node, name: str, value: str | None, allowed: tuple[Word, ...]) -> Word:
        """A value out of a list; absent means the first, a wrong one is a problem."""
        if value is None:
            return allowed[0]
        for item in allowed:
            if item == value:
                return item
        self.add("bad_value", node, attribute=name, value=value, allowed=", ".join(allowed))
        return allowed[0]


class Draft:
    """The process element with its flow nodes and flows by id, while it is compiled."""

    def __init__(self, process: Node, problems: Problems, fields: FieldRegistry) -> None:
        self.process = process
        self.problems = problems
        self.fields = fields
        self.nodes: dict[str, Node] = {}
        self.flows: dict[str, Node] = {}
        self.dropped: set[str] = set()  # flows that do not connect two steps; reported already
        self.outgoing: dict[str, list[Node]] = {}
        self.boundary_of: dict[str, list[str]] = {}

    def ways(self, node: Node) -> tuple[Way, ...]:
        """The flows out of a node that is no gateway; conditions on them are problems."""
        flows = self.outgoing.get(node.get("id", ""), [])
        for flow in flows:
            if next(children(flow, "conditionExpression"), None) is not None:
                self.problems.add("condition_outside_gateway", flow, tag=local(node))
        return tuple(Way(flow.get("id", ""), flow.get("targetRef", "")) for flow in flows)


def _owner(node: Node) -> str | None:
    at: Node | None = node
    while at is not None:
        if is_bpmn(at) and at.get("id"):
            return at.get("id")
        at = at.getparent()
    return None
