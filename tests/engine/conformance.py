"""What becomes of each element of BPMN 2.0, found out by the compiler: one smallest file per element.

`python -m tests.engine.conformance` writes the table into docs/reference/bpmn-subset.md; a test keeps it true.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kniga.engine import BpmnRefused, Definition, compile_bpmn

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bpmn-subset.md"
BEGIN = "<!-- conformance table: begin (python -m tests.engine.conformance) -->"
END = "<!-- conformance table: end -->"
EXECUTES, DRAWN, REFUSED = "executes", "read and drawn only", "refused"

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:k="urn:kniga:bpmn:1" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="t" id="defs">'
)
_RULE = (
    '<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
    '{"field": "outcome", "op": "eq", "value": "done"}</conditionExpression>'
)
_CONDITION = (
    '<condition xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
    '{"field": "deal.amount", "op": "gt", "value": "1"}</condition>'
)
_ROOTS = (
    '<message id="m" name="M"/><signal id="sig" name="S"/><error id="err" name="E" errorCode="e"/>'
    '<escalation id="esc" name="X" escalationCode="x"/>'
)


def _timer(tag: str, text: str) -> str:
    return f'<timerEventDefinition><{tag} xsi:type="tFormalExpression">{text}</{tag}></timerEventDefinition>'


_DEFINITIONS = {
    "message": '<messageEventDefinition messageRef="m"/>',
    "timer": _timer("timeDuration", "PT1H"),
    "signal": '<signalEventDefinition signalRef="sig"/>',
    "conditional": f"<conditionalEventDefinition>{_CONDITION}</conditionalEventDefinition>",
    "error": '<errorEventDefinition errorRef="err"/>',
    "escalation": '<escalationEventDefinition escalationRef="esc"/>',
    "link": '<linkEventDefinition name="l"/>',
    "cancel": "<cancelEventDefinition/>",
    "compensation": "<compensateEventDefinition/>",
    "terminate": "<terminateEventDefinition/>",
    "none": "",
}
_DEFINITIONS["multiple"] = _DEFINITIONS["message"] + _DEFINITIONS["signal"]
_CYCLE = _timer("timeCycle", "R3/P1D")
_DATE = _timer("timeDate", "2026-03-31T10:00:00+03:00")
_TABLE = (
    '<k:dmn><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="D" namespace="n">'
    '<decision id="rate" name="Rate"><decisionTable hitPolicy="FIRST"><input><inputExpression typeRef="number">'
    '<text>deal.amount</text></inputExpression></input><output name="rate" typeRef="number"/><rule><inputEntry>'
    "<text>-</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable></decision>"
    "</definitions></k:dmn>"
)


def _flow(source: str, target: str, inside: str = "", more: str = "") -> str:
    return (
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}" {more}>{inside}</sequenceFlow>'
    )


def _file(parts: str, *, process: str = "", beside: str = "", behind: str = "") -> bytes:
    return (
        f'{_HEAD}{_ROOTS}{beside}<process id="p" isExecutable="true" {process}>{parts}</process>{behind}</definitions>'
    ).encode()


_STEP = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>' + _flow("s", "a")
_PLAIN = _STEP + _flow("a", "e")


def _inline(element: str) -> bytes:
    """The element ``x`` between a step and the end."""
    return _file(_STEP + element + _flow("a", "x") + _flow("x", "e"))


def _beside(element: str) -> bytes:
    """The element somewhere in the process, without flows."""
    return _file(_PLAIN + element)


def _in_task(inside: str, attributes: str = "") -> bytes:
    """Something inside the step."""
    return _file(_PLAIN.replace('<userTask id="a"/>', f'<userTask id="a" {attributes}>{inside}</userTask>'))


def _start(definition: str, attributes: str = "") -> bytes:
    return _file(_PLAIN.replace('<startEvent id="s"/>', f'<startEvent id="s" {attributes}>{definition}</startEvent>'))


def _end(definition: str) -> bytes:
    return _file(_PLAIN.replace('<endEvent id="e"/>', f'<endEvent id="e">{definition}</endEvent>'))


def _boundary(definition: str, *, interrupting: bool = True) -> bytes:
    how = f'attachedToRef="a" cancelActivity="{str(interrupting).lower()}"'
    event = f'<boundaryEvent id="x" {how}>{definition}</boundaryEvent>'
    flow = "" if "compensate" in definition else '<endEvent id="e2"/>' + _flow("x", "e2")
    return _beside(event + flow)


def _sub_process(tag: str, attributes: str = "", start: str = '<startEvent id="s2"/>') -> str:
    inner = f'{start}<userTask id="b"/><endEvent id="e2"/>' + _flow("s2", "b") + _flow("b", "e2")
    return f'<{tag} id="x" {attributes}>{inner}</{tag}>'


def _event_sub_process(definition: str, attributes: str = "") -> bytes:
    start = f'<startEvent id="s2" {attributes}>{definition}</startEvent>'
    return _beside(_sub_process("subProcess", 'triggeredByEvent="true"', start))


def _gateway(tag: str, attributes: str = "", first: str = "", second: str = "") -> bytes:
    fork = f'<{tag} id="x" {attributes}/><userTask id="b"/><userTask id="c"/><endEvent id="e2"/>'
    flows = _flow("a", "x") + _flow("x", "b", first) + _flow("x", "c", second) + _flow("b", "e2") + _flow("c", "e2")
    return _file(_STEP.replace('<endEvent id="e"/>', "") + fork + flows)


def _event_gateway(attributes: str = "") -> bytes:
    catches = "".join(
        f'<intermediateCatchEvent id="{id}">{_DEFINITIONS[trigger]}</intermediateCatchEvent>'
        for id, trigger in (("b", "timer"), ("c", "message"))
    )
    flows = _flow("a", "x") + _flow("x", "b") + _flow("x", "c") + _flow("b", "e2") + _flow("c", "e2")
    gateway = f'<eventBasedGateway id="x" {attributes}/>{catches}<endEvent id="e2"/>'
    return _file(_STEP.replace('<endEvent id="e"/>', "") + gateway + flows)


def _extension(inside: str) -> str:
    return f"<extensionElements>{inside}</extensionElements>"


@dataclass(frozen=True)
class Case:
    """An element: the chapter it is defined in, its name, a file with it, and the same file without."""

    clause: str
    name: str
    file: bytes
    without: bytes = _file(_PLAIN)


def cases() -> Iterator[Case]:
    """Every element of the standard that can stand in a process or beside it."""
    yield from _activities()
    yield from _gateways()
    yield from _events()
    yield from _flows_and_drawing()


def _activities() -> Iterator[Case]:
    yield Case("10.3.3", "abstract task", _inline('<task id="x"/>'))
    yield Case("10.3.3", "user task", _inline('<userTask id="x"/>'))
    yield Case("10.3.3", "manual task", _inline('<manualTask id="x"/>'))
    action = _extension('<k:action name="set_field"><k:param name="field" value="deal.amount"/>'
                        '<k:param name="value" value="5"/></k:action>')  # fmt: skip
    yield Case(
        "10.3.3", "service task with a registered action", _inline(f'<serviceTask id="x">{action}</serviceTask>')
    )
    points = _extension(
        '<k:action name="rescore"><k:param name="answer" value="score"/><k:points value="5"><k:condition>'
        '{"field": "deal.amount", "op": "is_known"}</k:condition></k:points></k:action>'
    )
    yield Case("10.3.3", "service task that adds up points", _inline(f'<serviceTask id="x">{points}</serviceTask>'))
    yield Case("10.3.3", "service task of another tool", _inline('<serviceTask id="x" implementation="##WebService"/>'))
    letter = _extension('<k:letter subject="Offer" to="contact">Good day</k:letter>')
    yield Case("10.3.3", "send task with a letter", _inline(f'<sendTask id="x">{letter}</sendTask>'))
    yield Case("10.3.3", "send task with a message", _inline('<sendTask id="x" messageRef="m"/>'))
    yield Case("10.3.3", "receive task", _inline('<receiveTask id="x" messageRef="m"/>'))
    yield Case(
        "10.3.3", "receive task that instantiates", _inline('<receiveTask id="x" messageRef="m" instantiate="true"/>')
    )
    yield Case("10.3.3", "script task", _inline('<scriptTask id="x"><script>1</script></scriptTask>'))
    rule = f'<businessRuleTask id="x" k:decision="rate">{_extension(_TABLE)}</businessRuleTask>'
    yield Case("10.3.3", "business-rule task with a DMN table", _inline(rule))
    yield Case("10.3.3", "business-rule task of another tool", _inline('<businessRuleTask id="x"/>'))
    yield Case("10.3.5", "sub-process, embedded", _inline(_sub_process("subProcess")))
    yield Case("10.3.5", "transaction", _inline(_sub_process("transaction")))
    ad_hoc = '<adHocSubProcess id="x"><userTask id="b"/></adHocSubProcess>'
    yield Case("10.3.5", "ad-hoc sub-process", _inline(ad_hoc))
    yield Case("10.3.6", "call activity", _inline('<callActivity id="x" calledElement="other"/>'))
    yield Case("10.3.6", "global task", _file(_PLAIN, behind='<globalUserTask id="g"/>'))
    loop = "<standardLoopCharacteristics><loopCondition>x</loopCondition></standardLoopCharacteristics>"
    yield Case("10.3.7", "standard loop", _in_task(loop))
    for name, sequential in (("parallel", "false"), ("sequential", "true")):
        many = (
            f'<multiInstanceLoopCharacteristics isSequential="{sequential}">'
            '<loopCardinality xsi:type="tFormalExpression">3</loopCardinality></multiInstanceLoopCharacteristics>'
        )
        yield Case("10.3.7", f"multi-instance, {name}", _in_task(many))
    data = "<multiInstanceLoopCharacteristics><loopDataInputRef>d</loopDataInputRef></multiInstanceLoopCharacteristics>"
    over_data = _PLAIN.replace('<userTask id="a"/>', f'<userTask id="a">{data}</userTask>')
    file = _file('<dataObject id="d" isCollection="true"/>' + over_data)
    yield Case("10.3.7", "multi-instance over a data input", file)
    yield Case("10.3", "compensation marker", _beside('<userTask id="x" isForCompensation="true"/>'))
    yield Case("10.3", "start or completion quantity other than 1", _in_task("", 'startQuantity="2"'))


def _gateways() -> Iterator[Case]:
    default = 'default="x_c"'
    yield Case("10.6.2", "exclusive gateway", _gateway("exclusiveGateway", default, _RULE))
    yield Case("10.6.3", "inclusive gateway", _gateway("inclusiveGateway", default, _RULE))
    yield Case("10.6.4", "parallel gateway", _gateway("parallelGateway"))
    yield Case("10.6.5", "complex gateway", _gateway("complexGateway", default, _RULE))
    yield Case("10.6.6", "event-based gateway", _event_gateway())
    yield Case("10.6.6", "event-based gateway, parallel", _event_gateway('eventGatewayType="Parallel"'))
    instantiate = _event_gateway('instantiate="true"').replace(b'<startEvent id="s"/><userTask id="a"/>', b"")
    for flow in (_flow("s", "a"), _flow("a", "x")):
        instantiate = instantiate.replace(flow.encode(), b"")
    yield Case("10.6.6", "event-based gateway that instantiates", instantiate)


def _events() -> Iterator[Case]:
    for trigger in ("none", "message", "timer", "signal", "conditional", "multiple"):
        definition = _CYCLE if trigger == "timer" else _DEFINITIONS[trigger]
        yield Case("10.5.2", f"start event, {trigger}", _start(definition), _file(""))
    yield Case("10.5.2", "start event, parallel multiple", _start(_DEFINITIONS["multiple"], 'parallelMultiple="true"'))
    for trigger in ("message", "timer", "signal", "conditional", "error", "escalation", "compensation"):
        yield Case("10.5.2", f"event sub-process, {trigger}, interrupting", _event_sub_process(_DEFINITIONS[trigger]))
    for trigger in ("message", "timer", "signal", "conditional", "escalation"):
        file = _event_sub_process(_DEFINITIONS[trigger], 'isInterrupting="false"')
        yield Case("10.5.2", f"event sub-process, {trigger}, not interrupting", file)
    for trigger in ("message", "timer", "signal", "conditional", "link", "multiple"):
        event = f'<intermediateCatchEvent id="x">{_DEFINITIONS[trigger]}</intermediateCatchEvent>'
        yield Case("10.5.4", f"intermediate event, catching, {trigger}", _inline(event))
    dated = f'<intermediateCatchEvent id="x">{_DATE}</intermediateCatchEvent>'
    yield Case("10.5.4", "intermediate event, catching, timer with a date", _inline(dated))
    for trigger in ("none", "message", "signal", "escalation", "link", "compensation", "multiple"):
        event = f'<intermediateThrowEvent id="x">{_DEFINITIONS[trigger]}</intermediateThrowEvent>'
        yield Case("10.5.4", f"intermediate event, throwing, {trigger}", _inline(event))
    for trigger in ("message", "timer", "signal", "conditional", "error", "escalation", "compensation", "multiple"):
        yield Case("10.5.4", f"boundary event, {trigger}, interrupting", _boundary(_DEFINITIONS[trigger]))
    transaction = _sub_process("transaction")
    cancel = '<boundaryEvent id="y" attachedToRef="x"><cancelEventDefinition/></boundaryEvent><endEvent id="e3"/>'
    yield Case("10.5.4", "boundary event, cancel", _inline(transaction + cancel + _flow("y", "e3")))
    for trigger in ("message", "timer", "signal", "conditional", "escalation"):
        file = _boundary(_DEFINITIONS[trigger], interrupting=False)
        yield Case("10.5.4", f"boundary event, {trigger}, not interrupting", file)
    yield Case("10.5.4", "boundary event, timer with a cycle", _boundary(_CYCLE, interrupting=False))
    for trigger in ("none", "message", "signal", "escalation", "error", "terminate", "compensation", "multiple"):
        yield Case("10.5.3", f"end event, {trigger}", _end(_DEFINITIONS[trigger]), _file(""))
    inner = '<endEvent id="e2"/>'
    cancelled = transaction.replace(inner, '<endEvent id="e2"><cancelEventDefinition/></endEvent>')
    yield Case("10.5.3", "end event, cancel", _inline(cancelled))


def _flows_and_drawing() -> Iterator[Case]:
    yield Case("8.4.13", "sequence flow", _file(_PLAIN), _file(_PLAIN.replace(_flow("a", "e"), "")))
    yield Case("8.4.13", "conditional flow behind a gateway", _gateway("exclusiveGateway", 'default="x_c"', _RULE))
    conditional = _STEP + _flow("a", "e", _RULE)
    yield Case("8.4.13", "conditional flow behind a step", _file(conditional))
    pool = '<collaboration id="c"><participant id="pa" processRef="p"/></collaboration>'
    yield Case("9.3", "pool (participant)", _file(_PLAIN, beside=pool))
    flows = pool.replace(
        "</collaboration>",
        '<participant id="pb" name="Client"/><messageFlow id="mf" sourceRef="pb" targetRef="a"/></collaboration>',
    )
    yield Case("9.4", "message flow", _file(_PLAIN, beside=flows))
    lanes = '<laneSet id="ls"><lane id="need" name="Need"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    yield Case("10.8", "lane (gives the steps in it their stage)", _file(lanes + _PLAIN))
    yield Case("10.4", "data object", _beside('<dataObject id="d"/><dataObjectReference id="dr" dataObjectRef="d"/>'))
    yield Case("10.4", "data store", _file(_PLAIN + '<dataStoreReference id="dr" dataStoreRef="d"/>',
                                           beside='<dataStore id="d"/>'))  # fmt: skip
    yield Case("10.4", "property", _file('<property id="d"/>' + _PLAIN))
    sets = '<dataInput id="di"/><inputSet><dataInputRefs>di</dataInputRefs></inputSet><outputSet/>'
    yield Case("10.4", "data input and output", _in_task(f"<ioSpecification>{sets}</ioSpecification>"))
    note = '<textAnnotation id="t"><text>Note</text></textAnnotation><association id="as" sourceRef="a" targetRef="t"/>'
    yield Case("8.4.1", "text annotation, association", _beside(note))
    yield Case("8.4.1", "group", _beside('<group id="g"/>'))
    yield Case("10.3.1", "resource, potential owner", _in_task('<potentialOwner id="po"/>'))
    yield Case("8.3", "documentation", _in_task("<documentation>Text</documentation>"))
    yield Case(
        "8.2", "extensions of other tools", _in_task(_extension('<z:x xmlns:z="urn:z"/>'), 'xmlns:z="urn:z" z:y="1"')
    )
    unknown = _in_task(_extension("<k:unknown/>"))
    yield Case("8.3", "unknown extension of ours", unknown)
    imported = '<import importType="http://www.omg.org/spec/BPMN/20100524/MODEL" location="x.bpmn" namespace="n"/>'
    yield Case("8.2", "import", _file(_PLAIN, beside=imported))
    yield Case(
        "8.4", "message, signal, error, escalation, not used", _file(_PLAIN, beside='<message id="m2" name="N"/>')
    )
    yield Case("9.5", "conversation", _file(
        _PLAIN, beside='<collaboration id="c"><conversation id="cv"/></collaboration>'
    ))  # fmt: skip
    yield Case("11", "choreography", _file(_PLAIN, beside='<choreography id="ch"/>'))
    second = '<process id="q" isExecutable="true">' + re.sub(r'="(\w+)"', r'="q_\1"', _PLAIN) + "</process>"
    yield Case("10.2", "second executable process in the file", _file(_PLAIN, behind=second))
    drawn = second.replace(' isExecutable="true"', "")
    yield Case("10.2", "second process that is not executable", _file(_PLAIN, behind=drawn))


def verdict(case: Case) -> tuple[str, str]:
    """What the compiler makes of an element, and what it says if it refuses it."""
    try:
        compiled = compile_bpmn(case.file)
    except BpmnRefused as refused:
        problem = refused.problems[0]
        return REFUSED, f"{problem.message} {problem.cure}"
    return (DRAWN if compiled == _compiled(case.without) and case.file != case.without else EXECUTES), ""


def _compiled(file: bytes) -> Definition | None:
    try:
        return compile_bpmn(file)
    except BpmnRefused:
        return None


def table() -> str:
    """The table in Markdown, between its markers."""
    lines = [BEGIN, "", "| clause | element | what Kniga does | what it says |", "|---|---|---|---|"]
    for case in cases():
        what, said = verdict(case)
        lines.append(f"| {case.clause} | {case.name} | {what} | {said.replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, "", END])


def written(page: str) -> str:
    """The page with the table as it is now."""
    if BEGIN not in page or END not in page:
        raise ValueError("the page has no markers for the table")
    before, _, rest = page.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
