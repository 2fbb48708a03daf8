"""A process being compiled: its XML, what has been found wrong so far, and what the parts share."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from lxml import etree

from kniga.engine.bpmn.names import KNIGA, MODEL
from kniga.engine.definition.actions import STANDARD_ACTIONS, ActionRegistry
from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.model import Way
from kniga.engine.definition.problems import Problem
from kniga.rules import FieldRegistry, FieldSpec, Rule

Node = etree._Element
Word = TypeVar("Word", bound=str)

_KEY = re.compile(r"[\w.-]{1,100}\Z")


def local(node: Node) -> str:
    """The tag without its namespace, as the standard writes it."""
    return str(node.tag).rpartition("}")[2]


def line_of(node: Node) -> int | None:
    """The line of the file where a node begins, if the parser knows it."""
    line: object = node.sourceline
    return line if isinstance(line, int) else None


def is_bpmn(node: Node, name: str | None = None) -> bool:
    """Whether a node is an element of the BPMN model (of this name)."""
    namespace, _, tag = str(node.tag).rpartition("}")
    return namespace[1:] == MODEL and (name is None or tag == name)


def is_ours(node: Node) -> bool:
    """Whether a node is an element of our extension."""
    return str(node.tag).startswith(f"{{{KNIGA}}}")


def children(node: Node, name: str) -> Iterator[Node]:
    """The BPMN children of this name."""
    return node.iterchildren(f"{{{MODEL}}}{name}")


def child(node: Node, name: str) -> Node | None:
    """The first BPMN child of this name."""
    return next(children(node, name), None)


def extensions(node: Node) -> Iterator[Node]:
    """Our own extension elements of a node."""
    for holder in children(node, "extensionElements"):
        yield from holder.iterchildren(f"{{{KNIGA}}}*")


def parts(node: Node, name: str) -> list[Node]:
    """Our own extension elements of this name."""
    return [part for part in extensions(node) if local(part) == name]


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

    def whole(self, node: Node, name: str, value: str, lowest: int, highest: int) -> int:
        """A whole number between two limits; anything else is a problem and counts as the lowest."""
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) < 10 and lowest <= int(text) <= highest:
            return int(text)
        self.add("bad_value", node, attribute=name, value=value, allowed=f"{lowest}–{highest}")
        return lowest


class Draft:
    """The process element with its flow nodes and flows by id, while it is compiled."""

    def __init__(
        self,
        root: Node,
        process: Node,
        problems: Problems,
        fields: FieldRegistry,
        *,
        actions: ActionRegistry = STANDARD_ACTIONS,
        decisions: Mapping[str, DecisionTable] | None = None,
    ) -> None:
        self.root = root
        self.process = process
        self.problems = problems
        self.fields: dict[str, FieldSpec] = dict(fields)  # grows: answers and the outcome come in
        self.actions = actions
        self.decisions: dict[str, DecisionTable] = dict(decisions or {})
        self.nodes: dict[str, Node] = {}
        self.scope_of: dict[str, str | None] = {}
        self.starts_in: dict[str | None, list[str]] = {}  # start events and event sub-processes by scope
        self.handlers_in: dict[str | None, list[str]] = {}
        self.flows: dict[str, Node] = {}
        self.dropped: set[str] = set()  # flows that do not connect two steps; reported already
        self.refused: set[str] = set()  # ids of what is refused by name, with all inside
        self.outgoing: dict[str, list[Node]] = {}
        self.incoming: dict[str, list[str]] = {}
        self.boundary_of: dict[str, list[str]] = {}
        self.host_of: dict[str, str] = {}
        self.conditions: dict[str, Rule] = {}  # of the flows
        self.inclusive_flows = 0  # that lead into inclusive joins
        self.used: set[str] = set()  # the fields that conditions and parameters look at

    def ways(self, node: Node) -> tuple[Way, ...]:
        """The flows out of a node that decides nothing; conditions on them are problems."""
        flows = self.outgoing.get(node.get("id", ""), [])
        for flow in flows:
            if child(flow, "conditionExpression") is not None:
                self.problems.add("condition_outside_gateway", flow, tag=local(node))
        if node.get("default") and len(flows) > 1:
            self.problems.add("default_outside_gateway", node, flow=node.get("default", ""))
        return tuple(Way(flow.get("id", ""), flow.get("targetRef", "")) for flow in flows)

    def boundary(self, node: Node) -> tuple[str, ...]:
        """The ids of the boundary events of an activity."""
        return tuple(self.boundary_of.get(node.get("id", ""), ()))

    def scope(self, node: Node) -> str | None:
        """The id of the sub-process a node stands in, None for the process itself."""
        return self.scope_of.get(node.get("id", ""))

    def field(self, node: Node, name: str, key: str) -> FieldSpec | None:
        """A field that a parameter or a date comes from; an unknown one is a problem."""
        spec = self.fields.get(key)
        if spec is None:
            self.problems.add("unknown_field", node, attribute=name, field=key)
        self.used.add(key)
        return spec


def name_of(node: Node) -> str:
    """The name of an element as drawn; empty without one."""
    return (node.get("name") or "").strip()


def _owner(node: Node) -> str | None:
    """The element that a person sees on the drawing: triggers have ids, but stand inside their event."""
    at: Node | None = node
    while at is not None:
        if is_bpmn(at) and at.get("id") and not local(at).endswith("EventDefinition"):
            return at.get("id")
        at = at.getparent()
    return None
