"""Rules of BPMN 2.0 beyond its schema: each is broken once, and kept once by files nobody here wrote."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from proofs.truth.bpmn_validity import DO_NOT_MATTER, EXPLAINED, READS, verdict_of

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.bpmn.draft import Problems
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.validity import note_violations, violations
from kniga.engine.definition.standard_rules import STANDARD_RULES

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:k="urn:kniga:bpmn:1" targetNamespace="t">'
)
LINE = '<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/>'


def file(inside: str, *, beside: str = "", executable: bool = True) -> bytes:
    process = f'<process id="p" isExecutable="{str(executable).lower()}">{inside}</process>'
    return f"{HEAD}{beside}{process}</definitions>".encode()


def flow(source: str, target: str, inside: str = "", more: str = "") -> str:
    return (
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}" {more}>{inside}</sequenceFlow>'
    )


def starting(inside: str) -> str:
    """The line, something in its start event."""
    return LINE.replace('<startEvent id="s"/>', f'<startEvent id="s">{inside}</startEvent>')


def ending(inside: str) -> str:
    """The line, something in its end event."""
    return LINE.replace('<endEvent id="e"/>', f'<endEvent id="e">{inside}</endEvent>')


def found(data: bytes) -> list[str]:
    problems = violations(read_xml(data))
    assert all(problem.message and problem.cure and problem.line for problem in problems)
    return [problem.code for problem in problems]


def event(tag: str, definition: str, more: str = "") -> str:
    return f'<{tag} id="x" {more}><{definition}EventDefinition/></{tag}>'


BROKEN: Mapping[str, bytes] = {
    "flow_contradicted": file(ending("<incoming>other</incoming>")),
    "flow_leaves_scope": file(
        LINE + '<subProcess id="x"><task id="y"/></subProcess>' + flow("y", "e")
    ),
    "flow_not_immediate": file(LINE.replace('id="f"', 'id="f" isImmediate="false"')),
    "event_sub_process_with_flow": file(LINE + '<subProcess id="x" triggeredByEvent="true"/>' + flow("x", "e")),
    "escalation_without_code": file(
        ending('<escalationEventDefinition escalationRef="esc"/>'), beside='<escalation id="esc" name="E"/>'
    ),
    "empty_expression": file(
        LINE + '<exclusiveGateway id="x"/>' + flow("x", "e", "<conditionExpression> </conditionExpression>")
    ),
    "definition_not_shared": file(
        LINE + '<intermediateCatchEvent id="x"><eventDefinitionRef>d</eventDefinitionRef></intermediateCatchEvent>'
        + '<task id="t"/>' + flow("t", "x")
    ),
    "wrong_trigger": file(starting("<terminateEventDefinition/>")),
    "cancel_outside_transaction": file(ending("<cancelEventDefinition/>")),
    "flow_from_compensation": file(
        LINE + '<task id="t"/>' + event("boundaryEvent", "compensate", 'attachedToRef="t"') + flow("x", "e")
    ),
    "called_without_none_start": file(LINE + '<callActivity id="x" calledElement="q"/>').replace(
        b"</definitions>",
        b'<process id="q"><startEvent id="m"><signalEventDefinition/></startEvent><endEvent id="n"/></process>'
        b"</definitions>",
    ),
    "start_without_end": file('<startEvent id="s"/>'),
    "end_without_start": file('<endEvent id="e"/>'),
    "event_without_incoming": file(LINE + '<intermediateThrowEvent id="x"/>'),
    "gateway_unconnected": file(LINE + '<parallelGateway id="x"/>'),
    "condition_behind_event_gateway": file(
        LINE + '<eventBasedGateway id="x"/>' + flow("x", "e", "<conditionExpression>a</conditionExpression>")
    ),
    "boundary_behind_event_gateway": file(
        LINE + '<eventBasedGateway id="x"/><receiveTask id="t"/>' + flow("x", "t")
        + '<boundaryEvent id="b" attachedToRef="t"><errorEventDefinition/></boundaryEvent>'
    ),
    "instantiating_gateway_with_incoming": file(
        LINE + '<eventBasedGateway id="x" instantiate="true"/><task id="t"/>' + flow("t", "x")
    ),
    "ad_hoc_with_start_or_end": file(LINE + '<adHocSubProcess id="x"><startEvent id="y"/></adHocSubProcess>'),
    "loop_without_items": file(LINE + '<task id="x"><multiInstanceLoopCharacteristics/></task>'),
    "loop_over_nothing": file(
        LINE + '<task id="x"><multiInstanceLoopCharacteristics><loopDataInputRef>x</loopDataInputRef>'
        "</multiInstanceLoopCharacteristics></task>"
    ),
    "message_event_without_message": file(starting("<messageEventDefinition/>")),
    "flow_into_start": file(LINE + '<task id="t"/>' + flow("t", "s")),
    "flow_from_end": file(LINE + '<task id="t"/>' + flow("e", "t")),
}  # fmt: skip


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_rule_is_found_alone(code: str) -> None:
    assert found(BROKEN[code]) == [code]


def test_every_rule_is_broken_once() -> None:
    assert set(STANDARD_RULES) <= set(BROKEN)


@pytest.mark.parametrize(
    "data",
    [
        file(LINE),
        file('<task id="t"/>'),
        file(ending("<incoming>f</incoming>")),
        file(LINE + '<task id="x"><extensionElements><incoming>z</incoming></extensionElements></task>'),
        file(LINE.replace('id="f"', 'id="f" isImmediate="false"'), executable=False),
        file(LINE + '<task id="x"><multiInstanceLoopCharacteristics/></task>', executable=False),
        file(LINE + '<task id="x"><multiInstanceLoopCharacteristics k:each="client.tags"/></task>'),
        file(LINE + '<dataObject id="d"/><task id="x"><multiInstanceLoopCharacteristics>'
             "<loopDataInputRef>d</loopDataInputRef></multiInstanceLoopCharacteristics></task>"),
        file(LINE + '<intermediateCatchEvent id="x"><linkEventDefinition name="l"/></intermediateCatchEvent>'),
        file(LINE + '<task id="t"/><boundaryEvent id="x" attachedToRef="t"><eventDefinitionRef>d</eventDefinitionRef>'
             "</boundaryEvent>", beside='<timerEventDefinition id="d"/>'),
        file(LINE + '<callActivity id="x" calledElement="p"/><callActivity id="y" calledElement="elsewhere"/>'),
        file(LINE + '<eventBasedGateway id="x"/><receiveTask id="t"/>' + flow("x", "t") + flow("x", "gone")),
        file(LINE + '<subProcess id="x" triggeredByEvent="true"><startEvent id="y"><errorEventDefinition/></startEvent>'
             '<endEvent id="z"/></subProcess>'),
        file(LINE + '<transaction id="x"><startEvent id="y"/><endEvent id="z"><cancelEventDefinition/></endEvent>'
             '</transaction><boundaryEvent id="b" attachedToRef="x"><cancelEventDefinition/></boundaryEvent>'),
        file(LINE + '<intermediateThrowEvent id="x"><escalationEventDefinition escalationRef="esc"/>'
             "</intermediateThrowEvent><task id='t'/>" + flow("t", "x"),
             beside='<escalation id="esc" escalationCode="x"/>'),
        file(LINE + '<task id="t"/>' + event("boundaryEvent", "escalation", 'attachedToRef="t"')),
        file(LINE + flow("gone", "away")),
    ],
)  # fmt: skip
def test_what_the_standard_allows_is_no_violation(data: bytes) -> None:
    assert found(data) == []


def test_a_cancel_event_on_something_else_than_a_transaction_is_found() -> None:
    on_task = file(LINE + '<task id="t"/>' + event("boundaryEvent", "cancel", 'attachedToRef="t"'))
    assert found(on_task) == ["cancel_outside_transaction"]
    assert found(on_task.replace(b'attachedToRef="t"', b"")) == []


def test_a_boundary_event_that_does_not_interrupt_has_fewer_triggers() -> None:
    def boundary(definition: str, interrupting: str) -> list[str]:
        more = f'attachedToRef="t" cancelActivity="{interrupting}"'
        return found(file(LINE + '<task id="t"/>' + event("boundaryEvent", definition, more)))

    assert boundary("error", "true") == boundary("signal", "false") == []
    assert boundary("error", "false") == ["wrong_trigger"]


def test_what_the_compiler_has_said_of_an_element_is_not_said_again() -> None:
    root = read_xml(BROKEN["flow_into_start"])
    problems = Problems()
    note_violations(root, problems)
    assert len(problems.found) == 1
    note_violations(root, problems)
    assert len(problems.found) == 1


def test_the_compiler_refuses_what_breaks_the_standard() -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(BROKEN["flow_not_immediate"])
    assert [problem.code for problem in caught.value.problems] == ["flow_not_immediate"]


@pytest.mark.shared_data("bpmn_validity_bpmnspector")
def test_files_that_break_a_rule_that_matters_are_refused_and_valid_ones_are_read(shared_data: Path) -> None:
    folder = shared_data / "bpmn_validity_bpmnspector"
    text = (folder / "GROUND_TRUTH_expected_validity.json").read_text(encoding="utf-8")
    wrong = []
    for name, said in json.loads(text)["expected"].items():
        verdict, codes = verdict_of((folder / name).read_bytes())
        if said["valid"]:
            is_right = verdict in READS
        else:
            is_right = said["rule"] in DO_NOT_MATTER or name in EXPLAINED or verdict != "compiles"
        if not is_right:
            wrong.append((name, said["rule"], verdict, codes))
    assert wrong == []
