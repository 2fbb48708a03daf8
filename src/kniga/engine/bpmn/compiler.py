"""The compiler: BPMN 2.0 XML to a definition, or every reason why not."""

from collections.abc import Callable, Mapping

from kniga.engine.bpmn.activities import read_call, read_decision_task, read_sub_process
from kniga.engine.bpmn.circles import automatic_loops
from kniga.engine.bpmn.draft import Draft, Node, Problems, attribute, local, name_of
from kniga.engine.bpmn.events import read_boundary, read_catch, read_end, read_start, read_throw
from kniga.engine.bpmn.gateways import (
    read_event_gateway,
    read_exclusive,
    read_inclusive,
    read_parallel,
)
from kniga.engine.bpmn.graph import collect, read_process
from kniga.engine.bpmn.known import gather
from kniga.engine.bpmn.machines import read_receive, read_send, read_service
from kniga.engine.bpmn.names import USER_TASKS
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.stages import read_stages
from kniga.engine.bpmn.tasks import read_asked, read_user_task
from kniga.engine.bpmn.validity import note_violations
from kniga.engine.bpmn.vocabulary import check_process, check_root
from kniga.engine.definition.actions import STANDARD_ACTIONS, ActionRegistry
from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.model import (
    BoundaryEvent,
    CatchEvent,
    Definition,
    Element,
    EndEvent,
    Flow,
    StartEvent,
    UserTask,
)
from kniga.engine.definition.problems import BpmnRefused
from kniga.engine.definition.standard_fields import STANDARD_FIELDS
from kniga.rules import FieldRegistry, FieldType

_READERS: Mapping[str, Callable[[Draft, Node], Element | None]] = {
    "startEvent": read_start,
    "endEvent": read_end,
    "intermediateCatchEvent": read_catch,
    "intermediateThrowEvent": read_throw,
    "boundaryEvent": read_boundary,
    "exclusiveGateway": read_exclusive,
    "inclusiveGateway": read_inclusive,
    "parallelGateway": read_parallel,
    "eventBasedGateway": read_event_gateway,
    "serviceTask": read_service,
    "sendTask": read_send,
    "receiveTask": read_receive,
    "businessRuleTask": read_decision_task,
    "callActivity": read_call,
    "subProcess": read_sub_process,
}


def compile_bpmn(
    xml: bytes,
    *,
    fields: FieldRegistry | None = None,
    actions: ActionRegistry | None = None,
    decisions: Mapping[str, DecisionTable] | None = None,
) -> Definition:
    """Compile a BPMN file (any bytes) to a definition.

    ``fields`` is the registry of deal.* and client.* fields that conditions may use, ``actions`` that of the actions
    of service and send tasks; without them the standard ones. ``decisions`` are tables that business-rule tasks may
    name beside those in the file. Raises BpmnRefused with every problem found, and nothing else.
    """
    root = read_xml(xml)
    problems = Problems()
    process = read_process(root, problems)
    if process is None:
        note_violations(root, problems)
        raise BpmnRefused(tuple(problems.found))
    draft = Draft(
        root,
        process,
        problems,
        STANDARD_FIELDS if fields is None else fields,
        actions=STANDARD_ACTIONS if actions is None else actions,
        decisions=decisions,
    )
    check_root(draft)
    check_process(draft)
    collect(draft)
    definition = _compile(draft)
    note_violations(root, problems)
    if problems.found or definition is None:
        raise BpmnRefused(tuple(problems.found))
    return definition


def _compile(draft: Draft) -> Definition | None:
    asked = {id: read_asked(draft, node) for id, node in draft.nodes.items() if local(node) in USER_TASKS}
    types = gather(draft, asked)
    stages, stage_of = read_stages(draft)
    elements: dict[str, Element] = {}
    for id, node in draft.nodes.items():
        if id in asked:
            elements[id] = read_user_task(draft, node, stage_of.get(id), asked[id])
            continue
        element = _READERS[local(node)](draft, node)
        if element is not None:
            elements[id] = element
    _check_references(draft, elements, types)
    for loop in automatic_loops(elements):
        draft.problems.add("automatic_loop", draft.nodes[loop[0]], elements=", ".join(loop))
    start = _start(draft, elements)
    if start is None:
        return None
    return Definition(
        process_id=draft.process.get("id", ""),
        name=name_of(draft.process) or draft.process.get("id", ""),
        kind=attribute(draft.process, "kind") or "sale",
        stages=stages,
        elements=elements,
        start=start,
        flows=_flows(draft),
        needs=frozenset(key for key in draft.used if not key.startswith(("answer.", "loop.")) and key != "outcome"),
        question_types=types,
        starts=tuple(draft.starts_in.get(None, ())),
        handlers=tuple(draft.handlers_in.get(None, ())),
        conditionals=frozenset(id for id, element in elements.items() if _is_conditional(element)),
    )


def _start(draft: Draft, elements: Mapping[str, Element]) -> str | None:
    """The plain start event of the process, the first of the others if there is none; several plain ones or none at
    all are problems."""
    starts = draft.starts_in.get(None, [])
    if not starts:
        draft.problems.add("no_start", draft.process)
        return None
    found = [element for element in map(elements.get, starts) if isinstance(element, StartEvent)]
    plain = [element.id for element in found if element.trigger == "none"]
    if len(plain) > 1:
        draft.problems.add("many_starts", draft.process, starts=", ".join(plain))
    return plain[0] if plain else starts[0]


def _is_conditional(element: Element) -> bool:
    return isinstance(element, (StartEvent, CatchEvent, BoundaryEvent)) and element.trigger == "conditional"


def _flows(draft: Draft) -> tuple[Flow, ...]:
    return tuple(
        Flow(id, name_of(flow), flow.get("sourceRef", ""), flow.get("targetRef", ""), draft.conditions.get(id))
        for id, flow in draft.flows.items()
    )


def _check_references(draft: Draft, elements: Mapping[str, Element], types: Mapping[str, FieldType]) -> None:
    for element in elements.values():
        node = draft.nodes[element.id]
        if isinstance(element, EndEvent) and element.reason_from is not None:
            if element.reason_from not in types:
                draft.problems.add("unknown_reason", node, key=element.reason_from)
        elif isinstance(element, UserTask) and element.deadline_answer is not None:
            if types.get(element.deadline_answer) not in ("date", "datetime"):
                draft.problems.add("unknown_deadline_answer", node, key=element.deadline_answer)
        elif isinstance(element, BoundaryEvent) and element.due is not None and element.due.basis == "deadline":
            host = elements.get(element.host)
            if host is not None and (not isinstance(host, UserTask) or host.deadline is None):
                draft.problems.add("no_deadline_for_timer", node, task=host.id)
