"""Call activities, sub-processes and business-rule tasks (BPMN 2.0, 10.3.3 to 10.3.5)."""

from kniga.engine.bpmn.draft import Draft, Node, attribute, name_of
from kniga.engine.bpmn.graph import is_event_scope
from kniga.engine.bpmn.loops import loop_node, read_loop
from kniga.engine.bpmn.references import local_part
from kniga.engine.definition.model import CallActivity, DecisionTask, SubProcess

MAX_VERSION = 1_000_000


def read_call(draft: Draft, node: Node) -> CallActivity | None:
    """A call activity (10.3.4): another process by its key, in one version or the published one."""
    called = local_part(node, (node.get("calledElement") or "").strip())
    process = draft.problems.key(node, "calledElement", called)
    version = attribute(node, "version")
    number = None if version is None else draft.problems.whole(node, "version", version, 1, MAX_VERSION)
    loop = read_loop(draft, node)
    if process is None:
        return None
    return CallActivity(
        id=node.get("id", ""),
        name=name_of(node),
        process=process,
        version=number,
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        scope=draft.scope(node),
        loop=loop,
    )


def read_sub_process(draft: Draft, node: Node) -> SubProcess | None:
    """A sub-process (10.3.5). One that is no event sub-process begins at its only plain start event; an event
    sub-process at its only start event, whose trigger says when."""
    id = node.get("id", "")
    event = is_event_scope(node)
    starts = draft.starts_in.get(id, [])
    if not starts:
        draft.problems.add("no_start", node)
    if len(starts) > 1:
        draft.problems.add("many_starts", node, starts=", ".join(starts))
    if event and loop_node(node) is not None:
        draft.problems.add("no_effect", node, what="multiInstanceLoopCharacteristics")
    loop = read_loop(draft, node)
    if len(starts) != 1:
        return None
    return SubProcess(
        id=id,
        name=name_of(node),
        start=starts[0],
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        event=event,
        handlers=tuple(draft.handlers_in.get(id, ())),
        scope=draft.scope(node),
        loop=loop,
    )


def read_decision_task(draft: Draft, node: Node) -> DecisionTask | None:
    """A business-rule task (10.3.3.4): the table that ``kniga:decision`` names."""
    id = attribute(node, "decision")
    loop = read_loop(draft, node)
    if id is None:
        foreign = any(str(key).rpartition("}")[2] == "decisionRef" for key in node.attrib)
        part = "the attribute kniga:decision (decisionRef of another tool is not read)" if foreign else ""
        draft.problems.add("missing_part", node, part=part or "the attribute kniga:decision")
        return None
    table = draft.decisions.get(id)
    if table is None:
        if all(known.element != node.get("id") for known in draft.problems.found):  # else its own table cannot be read
            draft.problems.add("unknown_decision", node, decision=id, allowed=", ".join(draft.decisions) or "–")
        return None
    for key in table.inputs:
        draft.field(node, "kniga:decision", key)
    return DecisionTask(
        id=node.get("id", ""),
        name=name_of(node),
        table=table,
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        scope=draft.scope(node),
        loop=loop,
    )
