"""The drawing as a graph: nodes and flows by id, with everything that does not fit together refused."""

from kniga.engine.bpmn.draft import Draft, Node, Problems, children, flag, is_bpmn, local
from kniga.engine.bpmn.machines import is_throw
from kniga.engine.bpmn.names import ACTIVITIES, FLOW_NODES, MODEL
from kniga.engine.bpmn.references import local_part
from kniga.engine.definition.problems import BpmnRefused

MAX_NODES = 3_000


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


def collect(draft: Draft) -> None:
    """Fill the draft with the nodes and flows of all scopes; note what is doubled, nameless or not connected. Raises
    BpmnRefused at once for more than MAX_NODES, since what follows may take their square."""
    _check_ids(draft.root, draft.problems)
    if draft.problems.key(draft.process, "id", draft.process.get("id")) is None:
        draft.process.set("id", "process")
    within: dict[str, str | None] = {}
    _collect_scope(draft, draft.process, None, within)
    if len(draft.nodes) > MAX_NODES:
        draft.problems.add("too_many_steps", draft.process, limit=str(MAX_NODES))
        raise BpmnRefused(tuple(draft.problems.found))
    for id, flow in list(draft.flows.items()):
        if _connected(draft, id, flow, within[id]):
            draft.outgoing.setdefault(flow.get("sourceRef", ""), []).append(flow)
            draft.incoming.setdefault(flow.get("targetRef", ""), []).append(id)
        else:
            draft.dropped.add(id)
            del draft.flows[id]
    _attach(draft)


def _collect_scope(draft: Draft, scope: Node, id_of_scope: str | None, within: dict[str, str | None]) -> None:
    for child in scope:
        name = local(child)
        if not is_bpmn(child) or (name not in FLOW_NODES and name != "sequenceFlow"):
            continue
        id = draft.problems.key(child, "id", child.get("id"))
        if id is None or id in draft.nodes or id in draft.flows:
            continue
        if name == "sequenceFlow":
            draft.flows[id] = child
            within[id] = id_of_scope
            continue
        draft.nodes[id] = child
        draft.scope_of[id] = id_of_scope
        if name == "startEvent":
            draft.starts_in.setdefault(id_of_scope, []).append(id)
        elif is_event_scope(child):
            draft.handlers_in.setdefault(id_of_scope, []).append(id)
        if name == "subProcess":
            _collect_scope(draft, child, id, within)


def is_event_scope(node: Node) -> bool:
    """Whether a node is an event sub-process (10.3.5)."""
    return local(node) == "subProcess" and flag(node, "triggeredByEvent", default=False)


def _check_ids(root: Node, problems: Problems) -> None:
    seen: set[str] = set()
    for node in root.iter(f"{{{MODEL}}}*"):
        id = node.get("id")
        if id is None:
            continue
        if id in seen:
            problems.add("duplicate_id", node, id=id)
        seen.add(id)


def _connected(draft: Draft, id: str, flow: Node, scope: str | None) -> bool:
    fine = True
    for end in ("sourceRef", "targetRef"):
        target = flow.get(end) or ""
        if target not in draft.nodes:
            # An end at a refused element has been reported with that element.
            if target not in draft.refused:
                draft.problems.add("dangling_flow", flow, end=end, target=target)
            fine = False
        elif draft.scope_of[target] != scope:
            draft.problems.add("flow_across_border", flow, end=end, target=target)
            fine = False
    return fine and _allowed(draft, flow)


def _allowed(draft: Draft, flow: Node) -> bool:
    source, target = draft.nodes[flow.get("sourceRef", "")], draft.nodes[flow.get("targetRef", "")]
    fine = True
    for code, wrong in (
        ("flow_from_end", local(source) == "endEvent"),
        ("flow_into_start", local(target) == "startEvent"),
        ("flow_into_boundary", local(target) == "boundaryEvent"),
        ("flow_at_event_scope", is_event_scope(source) or is_event_scope(target)),
    ):
        if wrong:
            draft.problems.add(code, flow)
            fine = False
    return fine


def _attach(draft: Draft) -> None:
    for id, node in draft.nodes.items():
        if local(node) != "boundaryEvent":
            continue
        host = host_of(node)
        if host in draft.refused:  # the activity itself has been reported
            continue
        at = draft.nodes.get(host)
        fits = at is not None and local(at) in ACTIVITIES and not is_event_scope(at) and not is_throw(at)
        if fits and draft.scope_of[host] == draft.scope_of[id]:
            draft.boundary_of.setdefault(host, []).append(id)
            draft.host_of[id] = host
        else:
            draft.problems.add("bad_attachment", node, target=host)


def host_of(boundary: Node) -> str:
    """The id of the activity that a boundary event is attached to."""
    return local_part(boundary, (boundary.get("attachedToRef") or "").strip())
