"""What the compiler reads out of a BPMN file, and what it refuses."""

import pickle
import time
from decimal import Decimal

import pytest

from kniga.engine import BpmnRefused, Due, EndEvent, ExclusiveGateway, Outcome, StageDef, UserTask, compile_bpmn
from kniga.engine.definition.model import BoundaryEvent
from kniga.engine.definition.problems import TEMPLATES
from kniga.rules import FieldSpec
from tests.engine.drawing import (
    BOOKS,
    bpmn,
    catch,
    codes,
    end,
    flow,
    gateway,
    node,
    on,
    service,
    start,
    sub,
    task,
    timer,
)

LINE = (flow("start", "a"), flow("a", "end"))
AROUND = (start(), end(), *LINE)
ON_ERROR = sub(
    "on_error", node("startEvent", "e1", "<errorEventDefinition/>"), end("e2", "other"), flow("e1", "e2"),
    attributes='triggeredByEvent="true"',
)  # fmt: skip
PLAIN = (start(), task("a"), end(), *LINE)


def only(xml: bytes) -> str:
    """The one code for which a file is refused."""
    found = codes(xml)
    assert len(found) == 1, found
    return found[0]


def test_a_step_carries_everything_the_book_says() -> None:
    inside = (
        '<k:deadline duration="P1DT2H"/><k:script>\n# Hello\n</k:script>'
        '<k:question key="need" type="text" label="Need" required="true" help="Why?"/>'
    )
    attributes = 'name="Call" k:kind="call" k:assignee="role:expert" k:stage="s" k:price="1.50"'
    definition = compile_bpmn(bpmn(start(), task("a", "ok", inside, attributes), end(), *LINE))
    step = definition.user_task("a")
    assert step is not None
    assert (step.name, step.kind, step.assignee, step.stage) == ("Call", "call", "role:expert", "s")
    assert step.price == Decimal("1.50")
    assert step.deadline == Due("duration", 10 * 3600, True)
    assert step.script == "# Hello"
    assert step.outcome("ok") == Outcome("ok", "ok", "neutral")
    question = step.question("need")
    assert question is not None
    assert (question.label, question.type, question.required, question.help) == ("Need", "text", True, "Why?")
    assert step.question("none") is None
    assert definition.question_types == {"need": "text"}
    assert definition.stage("s") == StageDef("s", "s", 0)
    assert definition.stage("t") is None
    assert definition.user_task("end") is None
    assert definition.user_tasks() == (step,)


def test_a_user_task_of_another_tool_runs_with_one_outcome() -> None:
    definition = compile_bpmn(bpmn(start(), '<userTask id="a"/>', end(), *LINE))
    step = definition.user_task("a")
    assert step is not None
    assert [outcome.key for outcome in step.outcomes] == ["done"]
    assert (step.kind, step.assignee, step.name, step.stage) == ("task", "owner", "a", None)


def test_several_script_parts_become_one_text() -> None:
    xml = bpmn(start(), task("a", "ok", "<k:script>One</k:script><k:script>Two</k:script>"), end(), *LINE)
    step = compile_bpmn(xml).user_task("a")
    assert step is not None
    assert step.script == "One\n\nTwo"


@pytest.mark.parametrize(
    ("duration", "calendar", "seconds"),
    [
        ("PT30M", "working", 1800),
        ("P1W", "working", 5 * 8 * 3600),
        ("P1D", "absolute", 24 * 3600),
        ("P1W", "absolute", 7 * 24 * 3600),
        ("PT5S", "absolute", 5),
    ],
)
def test_durations_count_working_or_plain_time(duration: str, calendar: str, seconds: int) -> None:
    inside = f'<k:deadline duration="{duration}" calendar="{calendar}"/>'
    step = compile_bpmn(bpmn(start(), task("a", "ok", inside), end(), *LINE)).user_task("a")
    assert step is not None
    assert step.deadline == Due("duration", seconds, calendar == "working")


@pytest.mark.parametrize("duration", ["P", "PT", "P1DT", "P1Y", "P1M", "-P1D", "P1.5D", "1D", "P99999D", "P٣D"])
def test_durations_that_have_no_fixed_length_are_refused(duration: str) -> None:
    xml = bpmn(start(), task("a", "ok", f'<k:deadline duration="{duration}"/>'), end(), *LINE)
    assert only(xml) == "bad_duration"


def test_timers_count_from_the_task_or_from_its_deadline() -> None:
    definition = compile_bpmn(
        bpmn(
            *PLAIN[:1],
            task("a", "ok", '<k:deadline duration="P1D"/>'),
            timer("plain", "a", attributes='k:calendar="absolute"'),
            timer("late", "a", attributes='k:basis="deadline"', interrupting=False),
            end(),
            *LINE,
            flow("plain", "end"),
            flow("late", "end"),
        )
    )
    plain, late = definition.elements["plain"], definition.elements["late"]
    assert isinstance(plain, BoundaryEvent)
    assert isinstance(late, BoundaryEvent)
    assert (plain.due, plain.interrupting) == (Due("duration", 3600, False), True)
    assert (late.due, late.interrupting) == (Due("deadline", 3600, True), False)


def test_stages_come_from_the_process_list_in_its_order() -> None:
    stages = '<extensionElements><k:stages><k:stage key="one" name="One"/><k:stage key="two"/></k:stages>'
    steps = (task("a", attributes='k:stage="two"'), task("b", attributes='k:stage="one"'))
    xml = bpmn(f"{stages}</extensionElements>", start(), *steps, end(), *LINE)
    assert compile_bpmn(xml).stages == (StageDef("one", "One", 0), StageDef("two", "two", 1))


def test_stages_come_from_lanes_when_there_is_no_list() -> None:
    lanes = (
        '<laneSet><lane id="l1" name="First"><flowNodeRef>a</flowNodeRef>'
        '<childLaneSet><lane id="l2" name="Inner"/></childLaneSet></lane>'
        '<lane id="l3" name="Second" k:stage="second"><flowNodeRef>b</flowNodeRef></lane></laneSet>'
    )
    definition = compile_bpmn(bpmn(lanes, start(), task("a"), task("b"), end(), *LINE))
    assert [stage.name for stage in definition.stages] == ["First", "Second", "Inner"]
    steps = {step.id: step.stage for step in definition.user_tasks()}
    assert steps == {"a": "l1", "b": "second"}


def test_lanes_that_are_roles_are_no_stages_when_there_is_a_list() -> None:
    stages = '<extensionElements><k:stages><k:stage key="one"/></k:stages></extensionElements>'
    lanes = '<laneSet><lane id="rep"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    definition = compile_bpmn(bpmn(stages, lanes, start(), task("a"), end(), *LINE))
    assert [stage.key for stage in definition.stages] == ["one"]


def test_documentation_is_read_and_changes_nothing() -> None:
    notes = (
        "<documentation>Read me</documentation>"
        '<dataObject id="d"/><textAnnotation id="n"><text>Note</text></textAnnotation>'
        '<association id="s" sourceRef="n" targetRef="a"/>'
        '<extensionElements><x:thing xmlns:x="urn:else"/></extensionElements><!-- a comment -->'
    )
    beside = '<message id="m"/><collaboration id="c"><participant id="pp" processRef="p"/></collaboration>'
    definition = compile_bpmn(bpmn(notes, *PLAIN, beside=beside))
    assert set(definition.elements) == {"start", "a", "end"}


def test_the_first_true_condition_decides_in_the_order_of_the_file() -> None:
    definition = compile_bpmn(
        bpmn(
            start(),
            task("a", "x y"),
            gateway("gw", default="d"),
            end("one"),
            end("two"),
            end("three"),
            flow("start", "a"),
            flow("a", "gw"),
            flow("gw", "one", {"field": "outcome", "op": "in", "value": ["x"]}),
            flow("gw", "two", {"any": [on("x"), on("y")]}),
            flow("gw", "three", id="d"),
        )
    )
    ways = [flow for flow in definition.flows if flow.source == "gw"]
    assert [way.condition is None for way in ways] == [False, False, True]


def test_a_way_that_compares_the_outcome_with_an_answer_is_no_table() -> None:
    question = '<k:question key="said" type="choice"><k:choice key="x"/></k:question>'
    condition = {"field": "outcome", "op": "eq", "value": {"field": "answer.said"}}
    parts = (start(), task("a", "x y", question), gateway(default="d"), end("one"), end("two"), flow("start", "a"))
    ways = (flow("a", "gw"), flow("gw", "one", condition), flow("gw", "two", id="d"))
    found = compile_bpmn(bpmn(*parts, *ways)).elements["gw"]
    assert isinstance(found, ExclusiveGateway)
    assert found.by_outcome is None


REFUSALS = {
    "no_process": b"<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    "no_start": bpmn(task("a"), end(), flow("a", "end")),
    "many_starts": bpmn(*PLAIN, start("other"), flow("other", "a")),
    "missing_part": bpmn(*PLAIN, "<userTask/>"),
    "bad_key": bpmn(*PLAIN, '<userTask id="white space"/>'),
    "duplicate_id": bpmn(*PLAIN, task("a")),
    "dangling_flow": bpmn(*PLAIN, flow("a", "nowhere", id="x")),
    "flow_into_start": bpmn(*PLAIN, task("b"), flow("b", "start")),
    "flow_from_end": bpmn(*PLAIN, flow("end", "a")),
    "flow_into_boundary": bpmn(
        *PLAIN, timer("t", "a"), flow("t", "end"), task("b"), flow("b", "t")
    ),
    "flow_across_border": bpmn(*PLAIN, sub("s", start("s1"), end("s2"), flow("s1", "s2")), flow("a", "s2", id="x")),
    "flow_at_event_scope": bpmn(*PLAIN, ON_ERROR, flow("a", "on_error", id="x")),
    "default_outside_gateway": bpmn(
        start(), "<userTask id='a' default='f_a_end'/>", end(), end("two"), *LINE, flow("a", "two")
    ),
    "behind_event_gateway": bpmn(
        start(), node("eventBasedGateway", "gw"), task("a"), catch("c"), end(),
        *(flow(one, two) for one, two in (("start", "gw"), ("gw", "a"), ("gw", "c"), ("a", "end"), ("c", "end"))),
    ),
    "unknown_reference": bpmn(*AROUND, node("receiveTask", "a", attributes='messageRef="gone"')),
    "no_effect": bpmn(start(), task("a"), '<endEvent id="end"><extensionElements><k:param name="x" value="1"/>'
                      "</extensionElements></endEvent>", *LINE),
    "unknown_field": bpmn(*AROUND, service("a", "create_document", template="@deal.mood")),
    "wrong_type": bpmn(*AROUND, service("a", "create_document", template="@deal.amount")),
    "unknown_action": bpmn(*AROUND, service("a", "dance")),
    "unknown_param": bpmn(*AROUND, service("a", "start_process", process="x", speed="high")),
    "bad_param": bpmn(*AROUND, service("a", "set_field", field="deal.amount", value="much")),
    "unknown_decision": bpmn(*AROUND, node("businessRuleTask", "a", attributes='k:decision="which"')),
    "bad_moment": bpmn(start(), catch("a", "timeDate", "2026-02-30T10:00:00Z"), end(), *LINE),
    "bad_cycle": bpmn(start(), catch("a", "timeCycle", "0 0 9 * * ?"), end(), *LINE),
    "many_times": bpmn(
        start(), node("intermediateCatchEvent", "a", "<timerEventDefinition><timeDate>x</timeDate>"
        "<timeDuration>P1D</timeDuration></timerEventDefinition>"), end(), *LINE,
    ),
    "condition_outside_gateway": bpmn(start(), task("a"), end(), flow("start", "a"), flow("a", "end", on("ok"))),
    "flow_without_condition": bpmn(
        start(), task("a"), gateway(), end(), task("b"),
        flow("start", "a"), flow("a", "gw"), flow("gw", "end", on("ok")), flow("gw", "b"),
    ),
    "bad_default": bpmn(
        start(), task("a"), gateway(default="nope"), end(), flow("start", "a"), flow("a", "gw"),
        flow("gw", "end", on("ok")),
    ),
    "default_with_condition": bpmn(
        start(), task("a"), gateway(default="d"), end(), flow("start", "a"), flow("a", "gw"),
        flow("gw", "end", on("ok"), id="d"),
    ),
    "condition_language": bpmn(
        start(), task("a"), gateway(), end(), flow("start", "a"), flow("a", "gw"),
        '<sequenceFlow id="f" sourceRef="gw" targetRef="end"><conditionExpression>${ok}'
        "</conditionExpression></sequenceFlow>",
    ),
    "bad_condition": bpmn(
        start(), task("a"), gateway(), end(), flow("start", "a"), flow("a", "gw"), flow("gw", "end", on("no")),
    ),
    "automatic_loop": bpmn(
        start(), task("a"), gateway("g"), gateway("h"), end(), flow("start", "a"), flow("a", "g"),
        flow("g", "h", on("ok")), flow("h", "g"), flow("g", "end", {"not": on("ok")}),
    ),
    "bad_value": bpmn(*PLAIN, task("b", attributes='k:assignee="boss"')),
    "bad_duration": bpmn(*PLAIN, timer("t", "a", duration="soon"), flow("t", "end")),
    "duplicate_key": bpmn(start(), task("a", "ok ok"), end(), *LINE),
    "question_conflict": bpmn(
        start(), task("a", "ok", '<k:question key="q" type="text"/>'),
        task("b", "ok", '<k:question key="q" type="date"/>'), end(), *LINE, flow("b", "end"),
    ),
    "unknown_outcome_in_question": bpmn(
        start(), task("a", "ok", '<k:question key="q" requiredFor="no"/>'), end(), *LINE
    ),
    "unknown_stage": bpmn(
        '<extensionElements><k:stages><k:stage key="one"/></k:stages></extensionElements>',
        start(), task("a", attributes='k:stage="two"'), end(), *LINE,
    ),
    "bad_attachment": bpmn(*PLAIN, timer("t", "end"), flow("t", "end")),
    "no_deadline_for_timer": bpmn(*PLAIN, timer("t", "a", attributes='k:basis="deadline"'), flow("t", "end")),
    "unknown_deadline_answer": bpmn(
        start(), task("a", inside='<k:deadline duration="P1D" answer="when"/>'), end(), *LINE
    ),
    "unknown_reason": bpmn(start(), task("a"), end(more='k:reasonFrom="why"'), *LINE),
    "unknown_extension": bpmn(*PLAIN, task("b", attributes='k:asignee="lead"')),
}  # fmt: skip


@pytest.mark.parametrize("code", REFUSALS)
def test_a_file_is_refused_for_exactly_this(code: str) -> None:
    assert only(REFUSALS[code]) == code


@pytest.mark.parametrize(
    "part",
    [
        '<complexGateway id="x"/>',
        '<transaction id="x"/>',
        '<adHocSubProcess id="x"/>',
        '<scriptTask id="x"/>',
        '<somethingNew id="x"/>',
        '<endEvent id="x"><compensateEventDefinition/></endEvent>',
        '<endEvent id="x"><cancelEventDefinition/></endEvent>',
        '<startEvent id="x"><conditionalEventDefinition/></startEvent>',
        '<intermediateThrowEvent id="x"><linkEventDefinition/></intermediateThrowEvent>',
        '<intermediateCatchEvent id="x"><linkEventDefinition/></intermediateCatchEvent>',
        '<intermediateThrowEvent id="x"><timerEventDefinition/></intermediateThrowEvent>',
        '<userTask id="x"><standardLoopCharacteristics/></userTask>',
        '<boundaryEvent id="x" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>',
        '<userTask id="x"><multiInstanceLoopCharacteristics k:each="client.contacts"><inputDataItem/>'
        "</multiInstanceLoopCharacteristics></userTask>",
    ],
)
def test_what_does_not_execute_is_refused_by_name_place_and_cure(part: str) -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(bpmn(*PLAIN, part))
    problem = next(problem for problem in caught.value.problems if problem.code == "not_supported")
    assert problem.element == "x"
    assert problem.place == f"line {problem.line}, element x"
    assert problem.params["tag"] in part
    assert problem.params["tag"] in problem.message
    assert problem.cure


def test_message_flows_are_drawn_only_and_unknown_elements_beside_the_process_are_refused() -> None:
    beside = (
        '<collaboration id="c"><messageFlow id="mf" sourceRef="a" targetRef="b"/><conversationLink id="cl"/>'
        '</collaboration><choreography id="g"/>'
        '<messageEventDefinition id="unused"/>'
    )
    assert codes(bpmn(*PLAIN, beside=beside)) == ["not_supported", "not_supported"]


def test_a_flow_to_a_refused_element_is_not_reported_twice() -> None:
    parts = (
        '<complexGateway id="x"/>',
        flow("x", "end"),
        gateway("g", default="f_g_x"),
        flow("g", "x"),
        timer("t", "x"),
        flow("t", "end"),
    )
    assert codes(bpmn(*PLAIN, *parts)) == ["not_supported"]


@pytest.mark.parametrize(
    "part",
    [
        '<userTask id="x" isForCompensation="true"/>',
        '<userTask id="x" startQuantity="2"/>',
        task("x", attributes='k:price="-1"'),
        task("x", attributes='k:price="much"'),
        task("x", attributes='k:assignee="role:"'),
        task("x", attributes='k:kind="dance"'),
        task("x", inside='<k:question key="q" type="colour"/>'),
        task("x", inside='<k:question key="q" required="maybe"/>'),
        task("x", inside='<k:question key="q" type="text" field="deal.amount"/>'),
        task("x", inside='<k:deadline duration="P1D" calendar="lunar"/>'),
        end("x", "draw"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(part: str) -> None:
    assert only(bpmn(*PLAIN, part)) == "bad_value"


MISSPELT = [
    '<userTask id="x"><extensionElements><k:sript/></extensionElements></userTask>',
    '<endEvent id="x"><extensionElements><k:script/></extensionElements></endEvent>',
    task("x", inside='<k:question key="q" colour="red"/>'),
    task("x", inside='<k:question key="q"><k:outcome key="o"/></k:question>'),
    '<endEvent id="x" k:stage="s"/>',
    "<extensionElements><k:stags/></extensionElements>",
    '<laneSet><lane id="x" k:kind="s"/></laneSet>',
]


@pytest.mark.parametrize(
    "beside",
    [
        "<extensionElements><k:stages/></extensionElements>",
        '<message id="m"><extensionElements><k:key/></extensionElements></message>',
        '<signal id="s" k:key="deal.source"/>',
        '<collaboration id="c"><participant id="pp" processRef="p" k:kind="sale"/></collaboration>',
    ],
)
def test_our_extension_beside_the_process_is_refused_too(beside: str) -> None:
    assert only(bpmn(*PLAIN, beside=beside)) == "unknown_extension"


def test_a_lane_with_a_step_that_is_not_there_is_refused() -> None:
    lane = '<laneSet><lane id="l"><flowNodeRef>a</flowNodeRef><flowNodeRef>gone</flowNodeRef></lane></laneSet>'
    assert only(bpmn(lane, *PLAIN)) == "unknown_reference"
    roles = '<extensionElements><k:stages><k:stage key="one"/></k:stages></extensionElements>'
    assert only(bpmn(roles, lane, *PLAIN)) == "unknown_reference"


@pytest.mark.parametrize("part", MISSPELT)
def test_a_misspelt_extension_is_refused(part: str) -> None:
    assert only(bpmn(*PLAIN, part)) == "unknown_extension"


@pytest.mark.parametrize(
    "part",
    [
        task("x", inside="<k:deadline/>"),
        task("x", inside="<k:question/>"),
        task("x", inside='<k:question key="q" type="choice"/>'),
        task("x", inside='<k:question key="q" type="choice"><k:choice key="a"/><k:choice/></k:question>'),
        "<userTask id='x'><extensionElements><k:outcome/></extensionElements></userTask>",
        '<boundaryEvent id="x" attachedToRef="a"/>',
        '<boundaryEvent id="x" attachedToRef="a"><timerEventDefinition/></boundaryEvent>',
        '<extensionElements><k:stages><k:stage name="x"/></k:stages></extensionElements>',
    ],
)
def test_a_missing_part_is_named(part: str) -> None:
    assert only(bpmn(*PLAIN, part)) == "missing_part"


@pytest.mark.parametrize(
    "inside",
    [
        '<k:question key="q"/><k:question key="q"/>',
        '<k:question key="q" type="choice"><k:choice key="a"/><k:choice key="a"/></k:question>',
        '<k:deadline duration="P1D"/><k:deadline duration="P2D"/>',
    ],
)
def test_a_key_that_is_there_twice_is_refused(inside: str) -> None:
    assert only(bpmn(*PLAIN, task("x", inside=inside))) == "duplicate_key"


def test_a_stage_that_is_listed_twice_is_refused() -> None:
    stages = '<k:stages><k:stage key="s"/><k:stage key="s"/></k:stages>'
    assert only(bpmn(f"<extensionElements>{stages}</extensionElements>", *PLAIN)) == "duplicate_key"


def test_a_boundary_event_with_two_triggers_is_refused() -> None:
    two = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>" * 2
    part = f'<boundaryEvent id="x" attachedToRef="a">{two}</boundaryEvent>'
    assert codes(bpmn(*PLAIN, part)) == ["not_supported", "not_supported"]


def test_all_problems_are_reported_not_only_the_first() -> None:
    found = codes(bpmn(task("a", attributes='k:kind="x"'), '<complexGateway id="g"/>', flow("a", "b")))
    assert found == ["not_supported", "dangling_flow", "bad_value", "no_start"]


def test_of_several_processes_the_one_marked_executable_is_taken() -> None:
    other = '<process id="q"><userTask id="z"/></process>'
    assert codes(bpmn(*PLAIN, beside=other)) == ["many_processes"]
    marked = bpmn(*PLAIN, process='id="p" isExecutable="true"', beside=other)
    assert compile_bpmn(marked).process_id == "p"


def test_a_process_without_id_is_refused() -> None:
    assert only(bpmn(*PLAIN, process="")) == "missing_part"


def test_custom_fields_come_with_a_registry() -> None:
    xml = bpmn(
        start(), task("a"), gateway(default="d"), end(), end("two"), flow("start", "a"), flow("a", "gw"),
        flow("gw", "end", {"field": "deal.colour", "op": "eq", "value": "red"}), flow("gw", "two", id="d"),
    )  # fmt: skip
    assert only(xml) == "bad_condition"
    fields = {"deal.colour": FieldSpec("deal.colour", "text", "Colour", "Цвет")}
    assert compile_bpmn(xml, fields=fields).needs == {"deal.colour"}


def test_a_refusal_reads_well_and_survives_pickling() -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(bpmn(*PLAIN, '<complexGateway id="x"/>'))
    text = str(caught.value)
    assert text.startswith("line 8, element x: complexGateway is not supported")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems


def test_every_problem_has_a_message_and_a_cure() -> None:
    for message, cure in TEMPLATES.values():
        assert message.strip().endswith(".") or message.endswith("}")
        assert cure.strip()


def test_a_definition_survives_pickling() -> None:
    definition = compile_bpmn((BOOKS / "b2b_sale.ru.bpmn").read_bytes())
    again = pickle.loads(pickle.dumps(definition))
    assert again == definition
    assert isinstance(again.elements["end_won"], EndEvent)
    assert isinstance(again.elements["task_needs"], UserTask)


def test_the_shipped_book_compiles_in_a_blink() -> None:
    xml = (BOOKS / "b2b_sale.ru.bpmn").read_bytes()
    begun = time.process_time()
    for _ in range(10):
        compile_bpmn(xml)
    assert (time.process_time() - begun) / 10 < 0.05
