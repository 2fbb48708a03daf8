"""The funnel's stages: from the process's list, else from its lanes, else from the steps themselves."""

from kniga.engine.bpmn.draft import Draft, Node, attribute, children, extensions, local
from kniga.engine.bpmn.names import USER_TASKS
from kniga.engine.definition.model import StageDef

STAGED = USER_TASKS | {"subProcess"}


def read_stages(draft: Draft) -> tuple[tuple[StageDef, ...], dict[str, str]]:
    """The stages in the funnel's order, and the stage of each step that has one."""
    listed = _listed(draft)
    of_step, lanes = _from_lanes(draft, lanes_count=not listed)
    names = dict(listed) if listed else dict(lanes)
    for id, node in draft.nodes.items():
        own = attribute(node, "stage")
        if own is not None:
            of_step[id] = own
        elif id not in of_step and draft.scope_of[id] in of_step:
            of_step[id] = of_step[draft.scope_of[id] or ""]  # a step in a sub-process stands where that stands
        stage = of_step.get(id)
        if local(node) not in STAGED:
            continue
        if stage is not None and stage not in names:
            if listed:
                draft.problems.add("unknown_stage", node, stage=stage)
            names[stage] = stage
    stages = tuple(StageDef(key, name, at) for at, (key, name) in enumerate(names.items()))
    return stages, of_step


def _listed(draft: Draft) -> dict[str, str]:
    names: dict[str, str] = {}
    for holder in extensions(draft.process):
        if local(holder) != "stages":
            continue
        for part in holder:
            key = draft.problems.key(part, "key", part.get("key"))
            if key is None:
                continue
            if key in names:
                draft.problems.add("duplicate_key", part, what="stage", key=key)
            names[key] = part.get("name") or key
    return names


def _from_lanes(draft: Draft, *, lanes_count: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Lanes give stages if they say so by kniga:stage, or all of them if no list of stages is there."""
    of_step: dict[str, str] = {}
    names: dict[str, str] = {}
    for lane in _lanes(draft.process):
        key = attribute(lane, "stage") or (lane.get("id") if lanes_count else None)
        if key:
            names[key] = lane.get("name") or key
        for reference in children(lane, "flowNodeRef"):
            step = (reference.text or "").strip()
            if step not in draft.nodes and step not in draft.refused:
                draft.problems.add("unknown_reference", reference, attribute="flowNodeRef", value=step, what="step")
            if key:
                of_step[step] = key
    return of_step, names


def _lanes(process: Node) -> list[Node]:
    found: list[Node] = []
    pending = [lane for holder in children(process, "laneSet") for lane in children(holder, "lane")]
    while pending:
        lane = pending.pop(0)
        found.append(lane)
        pending.extend(inner for holder in children(lane, "childLaneSet") for inner in children(holder, "lane"))
    return found
