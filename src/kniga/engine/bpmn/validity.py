"""Rules of the standard that the XML schema cannot express, as far as they matter to reading or executing.

The compiler refuses what it cannot run by its name; here is what is wrong in any engine: contradicting flows,
triggers where they cannot be, loops over nothing. Not looked at: rules about what Kniga reads as drawing only or
not at all (message flows, data and its sets, operations of web services, choreographies, imported files).
"""

from collections.abc import Iterator

from kniga.engine.bpmn.draft import Node, Problems, children, flag, local
from kniga.engine.bpmn.names import MODEL
from kniga.engine.bpmn.triggers_allowed import check_triggers, triggers_of
from kniga.engine.definition.problems import Problem

CONTAINERS = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})
_GATEWAYS = frozenset({
    "exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway",
})  # fmt: skip
_EXPRESSIONS = frozenset({
    "conditionExpression", "timeDate", "timeDuration", "timeCycle", "loopCardinality", "completionCondition",
    "activationCondition", "condition",
})  # fmt: skip
_LOOP_DATA = frozenset({"dataInput", "dataObject", "dataObjectReference", "dataStoreReference", "property"})


class Outline:
    """A file's elements by id, and its sequence flows by their ends."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.by_id: dict[str, Node] = {}
        self.flows: list[Node] = []
        self.hosts: set[str] = set()  # the activities with events on their border
        for node in root.iter(f"{{{MODEL}}}*"):
            id = node.get("id")
            if id is not None:
                self.by_id.setdefault(id, node)
            if local(node) == "sequenceFlow":
                self.flows.append(node)
            elif local(node) == "boundaryEvent":
                self.hosts.add(node.get("attachedToRef", "").strip())
        self.incoming = _by_end(self.flows, "targetRef")
        self.outgoing = _by_end(self.flows, "sourceRef")

    def flows_at(self, node: Node, end: str) -> list[Node]:
        """The flows that lead into a node (``targetRef``) or out of it (``sourceRef``)."""
        return (self.incoming if end == "targetRef" else self.outgoing).get(node.get("id", ""), [])


def violations(root: Node) -> tuple[Problem, ...]:
    """Every rule of the standard that a file breaks, in the order of the rules; the file is parsed already."""
    outline = Outline(root)
    problems = Problems()
    check_triggers(outline.root, outline.by_id, problems)
    for flow in outline.flows:
        _check_flow(outline, flow, problems)
    for node in root.iter(f"{{{MODEL}}}*"):
        name = local(node)
        if name in CONTAINERS:
            _check_container(node, problems)
        elif name in _EXPRESSIONS:
            _check_expression(node, problems)
        elif name in _GATEWAYS:
            _check_gateway(outline, node, problems)
        elif name in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"):
            _check_intermediate(outline, node, problems)
        elif name == "multiInstanceLoopCharacteristics":
            _check_loop(outline, node, problems)
        elif name == "callActivity":
            _check_call(outline, node, problems)
        elif name in ("incoming", "outgoing"):
            _check_stated_flow(outline, node, problems)
    return tuple(problems.found)


def note_violations(root: Node, problems: Problems) -> None:
    """Add what breaks the standard to what the compiler found, but only where it found nothing: one mistake is said
    once, in the compiler's words."""
    said = {problem.element for problem in problems.found}
    problems.found.extend(problem for problem in violations(root) if problem.element not in said)


def is_executable(node: Node) -> bool:
    """Whether a node stands in a process that is marked as executable (10.2: isExecutable)."""
    at: Node | None = node
    while at is not None and local(at) != "process":
        at = at.getparent()
    return at is not None and flag(at, "isExecutable", False)


def _by_end(flows: list[Node], end: str) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for flow in flows:
        found.setdefault(flow.get(end, "").strip(), []).append(flow)
    return found


def _check_flow(outline: Outline, flow: Node, problems: Problems) -> None:
    source, target = (outline.by_id.get(flow.get(end, "").strip()) for end in ("sourceRef", "targetRef"))
    if source is not None and target is not None and source.getparent() is not target.getparent():
        # 7.6.1: sequence flows cannot cross the border of a pool or of a sub-process.
        problems.add("flow_leaves_scope", flow, source=source.get("id", ""), target=target.get("id", ""))
    for end in (source, target):
        if end is not None and local(end) == "subProcess" and flag(end, "triggeredByEvent", False):
            problems.add("event_sub_process_with_flow", flow)  # 13.5.4
    if target is not None and local(target) == "startEvent":
        problems.add("flow_into_start", flow)  # 10.5.2
    if source is not None and local(source) == "endEvent":
        problems.add("flow_from_end", flow)  # 10.5.3
    if not flag(flow, "isImmediate", True) and is_executable(flow):
        problems.add("flow_not_immediate", flow)  # 8.4.13


def _check_stated_flow(outline: Outline, node: Node, problems: Problems) -> None:
    """``incoming`` and ``outgoing`` repeat what the flows say (8.4.13); a file where they differ is ambiguous."""
    owner = node.getparent()
    if owner is None or local(owner) == "extensionElements":
        return
    stated = (node.text or "").strip().rpartition(":")[2]
    end = "targetRef" if local(node) == "incoming" else "sourceRef"
    if stated not in [flow.get("id") for flow in outline.flows_at(owner, end)]:
        problems.add("flow_contradicted", node, tag=local(owner), flow=stated, direction=local(node))


def _check_container(node: Node, problems: Problems) -> None:
    starts = list(children(node, "startEvent"))
    ends = list(children(node, "endEvent"))
    if local(node) == "adHocSubProcess":
        if starts or ends:
            problems.add("ad_hoc_with_start_or_end", node)  # 10.3.5
        return
    if starts and not ends:
        problems.add("start_without_end", node)  # 10.5.3
    if ends and not starts:
        problems.add("end_without_start", node)  # 10.5.2


def _check_expression(node: Node, problems: Problems) -> None:
    """A formal expression has a body (8.4.6)."""
    if not "".join(map(str, node.itertext())).strip() and is_executable(node):
        problems.add("empty_expression", node)


def _check_gateway(outline: Outline, node: Node, problems: Problems) -> None:
    incoming, outgoing = outline.flows_at(node, "targetRef"), outline.flows_at(node, "sourceRef")
    if not incoming and not outgoing:
        problems.add("gateway_unconnected", node)  # 10.6.1
    if local(node) != "eventBasedGateway":
        return
    if flag(node, "instantiate", False) and incoming:
        problems.add("instantiating_gateway_with_incoming", node)  # 10.6.6
    for flow in outgoing:
        if next(children(flow, "conditionExpression"), None) is not None:
            problems.add("condition_behind_event_gateway", flow)
        target = flow.get("targetRef")
        if target in outline.hosts:
            problems.add("boundary_behind_event_gateway", outline.by_id.get(target or "", flow))


def _check_intermediate(outline: Outline, node: Node, problems: Problems) -> None:
    triggers = triggers_of(node, outline.by_id)
    name = local(node)
    if name == "boundaryEvent":
        if "compensate" in triggers and outline.flows_at(node, "sourceRef"):
            problems.add("flow_from_compensation", node)  # 10.5.4
    elif not outline.flows_at(node, "targetRef") and not (name == "intermediateCatchEvent" and "link" in triggers):
        problems.add("event_without_incoming", node)  # 10.5.4


def _check_loop(outline: Outline, node: Node, problems: Problems) -> None:
    """What says how often (10.3.7): a number, or a collection."""
    reference = next(children(node, "loopDataInputRef"), None)
    if reference is not None:
        named = (reference.text or "").strip()
        data = outline.by_id.get(named.rpartition(":")[2])
        if data is None or local(data) not in _LOOP_DATA:
            problems.add("loop_over_nothing", node, reference=named)
        return
    has_items = next(children(node, "loopCardinality"), None) is not None or any(_foreign(node))
    if not has_items and is_executable(node):
        problems.add("loop_without_items", node)


def _foreign(node: Node) -> Iterator[str]:
    """Attributes of other namespaces: ours (``kniga:each``) and those of other tools may say what a loop goes over."""
    return (str(key) for key in node.attrib if str(key).startswith("{"))


def _check_call(outline: Outline, node: Node, problems: Problems) -> None:
    called = outline.by_id.get((node.get("calledElement") or "").strip())
    if called is None or local(called) != "process":
        return
    starts = list(children(called, "startEvent"))
    if starts and all(triggers_of(start, outline.by_id) for start in starts):
        problems.add("called_without_none_start", node, process=called.get("id", ""))  # 10.5.2
