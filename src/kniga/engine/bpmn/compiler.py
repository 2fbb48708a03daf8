"""The compiler: BPMN 2.0 XML to a definition, or every reason why not."""

from kniga.engine.bpmn.draft import Draft, Node, Problems, attribute, local
from kniga.engine.bpmn.events import read_boundary, read_end, read_start
from kniga.engine.bpmn.gateways import read_condition, read_gateway
from kniga.engine.bpmn.graph import automatic_loops, collect, read_process
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.stages import read_stages
from kniga.engine.bpmn.tasks import read_user_task
from kniga.engine.bpmn.vocabulary import check_process, check_root
from kniga.engine.definition.model import (
    BoundaryEvent,
    Definition,
    Element,
    EndEvent,
    Flow,
    StartEvent,
    UserTask,
)
from kniga.engine.definition.problems import BpmnRefused
from kniga.engine.definition.standard_fields import STANDARD_FIELDS
from kniga.rules import FieldChoice, FieldRegistry, FieldSpec, FieldType, fields_of


def compile_bpmn(xml: bytes, *, fields: FieldRegistry | None = None) -> Definition:
    """Compile a BPMN file (any bytes) to a definition.

    ``fields`` is the registry of deal.* and client.* fields that conditions may use; without it the
    standard ones. Raises BpmnRefused with every problem found, and nothing else.
    """
    root = read_xml(xml)
    problems = Problems()
    check_root(root, problems)
    process = read_process(root, problems)
    if process is None:
        raise BpmnRefused(tuple(problems.found))
    check_process(process, problems)
    draft = Draft(process, problems, STANDARD_FIELDS if fields is None else fields)
    collect(draft, root)
    definition = _compile(draft)
    if problems.found or definition is None:
        raise BpmnRefused(tuple(problems.found))
    return definition


def _compile(draft: Draft) -> Definition | None:
    stages, stage_of = read_stages(draft)
    tasks = {
        id: read_user_task(draft, node, stage_of.get(id))
        for id, node in draft.nodes.items()
        if local(node) == "userTask"
    }
    types = _question_types(draft, tasks)
    fields = _condition_fields(draft, tasks, types)
    elements: dict[str, Element] = dict(tasks)
    for id, node in draft.nodes.items():
        element = _read_other(draft, node, fields)
        if element is not None:
            elements[id] = element
    _check_references(draft, elements, types)
    flows = _flows(draft, fields)
    for loop in automatic_loops(elements):
        draft.problems.add("automatic_loop", draft.nodes[loop[0]], elements=", ".join(loop))
    starts = [id for id, element in elements.items() if isinstance(element, StartEvent)]
    if not starts:
        draft.problems.add("no_start", draft.process)
        return None
    if len(starts) > 1:
        draft.problems.add("many_starts", draft.process, starts=", ".join(starts))
    used = {key for flow in flows if flow.condition is not None for key in fields_of(flow.condition)}
    return Definition(
        process_id=draft.process.get("id", ""),
        name=(draft.process.get("name") or draft.process.get("id") or "").strip(),
        kind=attribute(draft.process, "kind") or "sale",
        stages=stages,
        elements={id: elements[id] for id in draft.nodes if id in elements},
        start=starts[0],
        flows=flows,
        needs=frozenset(key for key in used if key != "outcome" and not key.startswith("answer.")),
        question_types=types,
        starts=tuple(starts),
    )


def _read_other(draft: Draft, node: Node, fields: FieldRegistry) -> Element | None:
    name = local(node)
    if name == "startEvent":
        return read_start(draft, node)
    if name == "endEvent":
        return read_end(draft, node)
    if name == "exclusiveGateway":
        return read_gateway(draft, node, fields)
    return read_boundary(draft, node) if name == "boundaryEvent" else None


def _question_types(draft: Draft, tasks: dict[str, UserTask]) -> dict[str, FieldType]:
    first: dict[str, tuple[FieldType, str]] = {}
    for task in tasks.values():
        for question in task.questions:
            type, owner = first.setdefault(question.key, (question.type, task.id))
            if type != question.type:
                clash = {"key": question.key, "type": question.type, "other": type, "element": owner}
                draft.problems.add("question_conflict", draft.nodes[task.id], **clash)
    return {key: type for key, (type, _) in first.items()}


def _condition_fields(draft: Draft, tasks: dict[str, UserTask], types: dict[str, FieldType]) -> dict[str, FieldSpec]:
    """The registry conditions are read against: given fields, answers and the outcome."""
    outcomes: dict[str, FieldChoice] = {}
    choices: dict[str, dict[str, FieldChoice]] = {}
    labels: dict[str, str] = {}
    for task in tasks.values():
        for outcome in task.outcomes:
            outcomes.setdefault(outcome.key, FieldChoice(outcome.key, outcome.label, outcome.label))
        for question in task.questions:
            labels.setdefault(question.key, question.label)
            for choice in question.choices:
                known = choices.setdefault(question.key, {})
                known.setdefault(choice.key, FieldChoice(choice.key, choice.label, choice.label))
    registry = dict(draft.fields)
    for key, type in types.items():
        allowed = tuple(choices.get(key, {}).values())
        registry[f"answer.{key}"] = FieldSpec(f"answer.{key}", type, labels[key], labels[key], allowed)
    registry["outcome"] = FieldSpec("outcome", "choice", "Outcome", "Итог", tuple(outcomes.values()))
    return registry


def _flows(draft: Draft, fields: FieldRegistry) -> tuple[Flow, ...]:
    quiet = Draft(draft.process, Problems(), draft.fields)  # gateways have reported bad conditions already
    return tuple(
        Flow(id, flow.get("name") or "", flow.get("sourceRef", ""), flow.get("targetRef", ""), condition)
        for id, flow in draft.flows.items()
        for condition in (read_condition(quiet, flow, fields),)
    )


def _check_references(draft: Draft, elements: dict[str, Element], types: dict[str, FieldType]) -> None:
    for element in elements.values():
        node = draft.nodes[element.id]
        if isinstance(element, EndEvent) and element.reason_from is not None:
            if element.reason_from not in types:
                draft.problems.add("unknown_reason", node, key=element.reason_from)
        elif isinstance(element, UserTask) and element.deadline_answer is not None:
            if types.get(element.deadline_answer) not in ("date", "datetime"):
                draft.problems.add("unknown_deadline_answer", node, key=element.deadline_answer)
        elif isinstance(element, BoundaryEvent):
            task = elements.get(element.host)
            if isinstance(task, UserTask) and element.due is not None and element.due.basis == "deadline" and task.deadline is None:
                draft.problems.add("no_deadline_for_timer", node, task=task.id)
