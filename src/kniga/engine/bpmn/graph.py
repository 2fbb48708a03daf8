"""The drawing as a graph: nodes and flows by id, with everything that does not fit together refused."""

from collections.abc import Iterator, Mapping

from kniga.engine.bpmn.draft import Draft, Node, Problems, children, flag, is_bpmn, local
from kniga.engine.bpmn.names import FLOW_NODES, MODEL
from kniga.engine.definition.model import Element, ExclusiveGateway, targets_of


def read_process(root: Node, problems: Problems) -> Node | None:
    """The one process of the file that executes; None (and a problem) if there is none or no single one."""
    processes = [process for process in children(root, "process") if _has_steps(process)]
    if len(processes) > 1:
        marked = [process for process in processes if flag(process, "isExecutable", default=False)]
        if len(marked) != 1:
            names = ", ".join(process.get("id", "?") for process in processes)
            problems.add("many_processes", root, processes=names)
            return None
        processes = marked
    if not processes:
        problems.add("no_process", root)
        return None
    return processes[0]


def _has_steps(process: Node) -> bool:
    plain = ("extensionElements", "laneSet", "documentation")
    return any(is_bpmn(child) and local(child) not in plain for child in process)


def collect(draft: Draft, root: Node) -> None:
    """Fill the draft with nodes and flows; note what is doubled, nameless or not connected."""
    _check_ids(root, draft.problems)
    if draft.problems.key(draft.process, "id", draft.process.get("id")) is None:
        draft.process.set("id", "process")
    for child in draft.process:
        if not is_bpmn(child) or (local(child) not in FLOW_NODES and local(child) != "sequenceFlow"):
            continue
        id = draft.problems.key(child, "id", child.get("id"))
        if id is not None:
            (draft.flows if local(child) == "sequenceFlow" else draft.nodes).setdefault(id, child)
    reported = frozenset(child.get("id", "") for child in draft.process if is_bpmn(child))
    for id, flow in list(draft.flows.items()):
        if _connected(draft, flow, reported):
            draft.outgoing.setdefault(flow.get("sourceRef", ""), []).append(flow)
        else:
            draft.dropped.add(id)
            del draft.flows[id]
    _attach(draft, reported)


def _check_ids(root: Node, problems: Problems) -> None:
    seen: set[str] = set()
    for node in root.iter(f"{{{MODEL}}}*"):
        id = node.get("id")
        if id is None:
            continue
        if id in seen:
            problems.add("duplicate_id", node, id=id)
        seen.add(id)


def _connected(draft: Draft, flow: Node, reported: frozenset[str]) -> bool:
    fine = True
    for end in ("sourceRef", "targetRef"):
        target = flow.get(end) or ""
        if target not in draft.nodes:
            # An end at a refused element has been reported with that element.
            if target not in reported:
                draft.problems.add("dangling_flow", flow, end=end, target=target)
            fine = False
    if not fine:
        return False
    source, target_node = draft.nodes[flow.get("sourceRef", "")], draft.nodes[flow.get("targetRef", "")]
    for code, wrong in (
        ("flow_from_end", local(source) == "endEvent"),
        ("flow_into_start", local(target_node) == "startEvent"),
        ("flow_into_boundary", local(target_node) == "boundaryEvent"),
    ):
        if wrong:
            draft.problems.add(code, flow)
            fine = False
    return fine


def _attach(draft: Draft, reported: frozenset[str]) -> None:
    for id, node in draft.nodes.items():
        if local(node) != "boundaryEvent":
            continue
        task = node.get("attachedToRef") or ""
        if task in draft.nodes and local(draft.nodes[task]) == "userTask":
            draft.boundary_of.setdefault(task, []).append(id)
        elif task in draft.nodes or task not in reported:  # else the task itself has been refused
            draft.problems.add("bad_attachment", node, target=task)


def automatic_loops(elements: Mapping[str, Element]) -> list[tuple[str, ...]]:
    """Circles of gateways alone: a token in one would never rest. One circle per loop, in flow order."""
    gateways = {id: element for id, element in elements.items() if isinstance(element, ExclusiveGateway)}
    loops: list[tuple[str, ...]] = []
    done: set[str] = set()
    for first in gateways:
        path: dict[str, Iterator[str]] = {} if first in done else {first: iter(targets_of(gateways[first]))}
        while path:
            at = next(reversed(path))
            target = next(path[at], None)
            if target is None:
                done.add(at)
                del path[at]
            elif target in path:
                way = list(path)
                loops.append(tuple(way[way.index(target) :]))
            elif target in gateways and target not in done:
                path[target] = iter(targets_of(gateways[target]))
    return loops
