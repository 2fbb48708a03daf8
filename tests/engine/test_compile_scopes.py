"""Sub-processes, gateways, calls and loops, read out of a file."""

import pytest

from kniga.engine import (
    CallActivity,
    EventGateway,
    InclusiveGateway,
    MultiInstance,
    ParallelGateway,
    StartEvent,
    SubProcess,
    UserTask,
    Way,
    compile_bpmn,
    ways_of,
)
from kniga.rules import Comparison, FieldSpec
from tests.engine.drawing import bpmn, catch, codes, end, flow, flows, gateway, node, on, start, sub, task, timer

AROUND = (start(), end(), flows("start > a > end"))
INNER = (start("s1"), task("t1"), end("e1", "other"), flows("s1 > t1 > e1"))
CALLED = 'calledElement="delivery"'
MESSAGE = node("intermediateCatchEvent", "m1", '<messageEventDefinition messageRef="m"/>')
RECEIVE = node("receiveTask", "r", attributes='messageRef="m"')
GATE = node("eventBasedGateway", "gw")
EVENT = 'triggeredByEvent="true"'
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
TIMED = (node("startEvent", "s2", TIMER, 'isInterrupting="false"'), end("e2", "other"), flow("s2", "e2"))


def test_the_elements_of_a_sub_process_know_where_they_stand() -> None:
    late = timer("late", "a", interrupting=False)
    handler = sub("h", *TIMED, attributes=EVENT)
    definition = compile_bpmn(bpmn(*AROUND, sub("a", *INNER, handler), late, flow("late", "end")))
    outer, inner = definition.elements["a"], definition.elements["h"]
    assert isinstance(outer, SubProcess)
    assert isinstance(inner, SubProcess)
    assert (outer.start, outer.boundary, outer.handlers, outer.event) == ("s1", ("late",), ("h",), False)
    assert (inner.start, inner.scope, inner.event, inner.ways) == ("s2", "a", True, ())
    scopes = {id: element.scope for id, element in definition.elements.items()}
    assert scopes == {
        "start": None, "end": None, "a": None, "s1": "a", "t1": "a", "e1": "a", "h": "a", "s2": "h", "e2": "h",
        "late": None,
    }  # fmt: skip
    begin = definition.elements["s2"]
    assert isinstance(begin, StartEvent)
    assert (begin.trigger, begin.interrupting) == ("timer", False)
    assert definition.starts == ("start",)
    assert {found.id for found in definition.flows} >= {"f_s1_t1", "f_s2_e2"}


def test_an_event_sub_process_of_the_process_is_its_handler() -> None:
    definition = compile_bpmn(bpmn(*AROUND, task("a"), sub("h", *TIMED, attributes=EVENT)))
    assert definition.handlers == ("h",)


def test_a_step_in_a_sub_process_stands_in_its_stage() -> None:
    parts = (sub("a", *INNER, attributes='k:stage="one"'), task("b", attributes='k:stage="two"'))
    definition = compile_bpmn(bpmn(start(), end(), flows("start > a > b > end"), *parts))
    assert {step.id: step.stage for step in definition.user_tasks()} == {"t1": "one", "b": "two"}
    assert [stage.key for stage in definition.stages] == ["one", "two"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((sub("a", task("t1")),), "no_start"),
        ((sub("a", *INNER, start("s9"), flow("s9", "t1")),), "many_starts"),
        ((sub("a", node("startEvent", "s1", TIMER), end("e1"), flow("s1", "e1")),), "not_supported"),
        ((task("a"), sub("h", *INNER, attributes=EVENT)), "missing_part"),
        ((task("a"), sub("h", *TIMED, attributes=EVENT), timer("x", "h"), flow("x", "end")), "bad_attachment"),
        ((sub("a", *INNER, timer("x", "a"), flow("x", "t1")),), "bad_attachment"),
        ((sub("a", *INNER, '<scriptTask id="q"/>'),), "not_supported"),
        ((sub("a", *INNER, attributes='k:kind="x"'),), "unknown_extension"),
        (
            (task("a"), sub("h", *TIMED, "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
                            "</multiInstanceLoopCharacteristics>", attributes=EVENT)),
            "no_effect",
        ),
    ],
)  # fmt: skip
def test_a_sub_process_that_cannot_run_is_refused(parts: tuple[str, ...], code: str) -> None:
    assert code in codes(bpmn(*AROUND, *parts))


def test_several_flows_out_of_a_step_are_several_ways() -> None:
    definition = compile_bpmn(bpmn(*AROUND, task("a"), task("b"), flows("a > b > end")))
    assert ways_of(definition.elements["a"]) == (Way("f_a_end", "end"), Way("f_a_b", "b"))


def test_a_parallel_gateway_knows_its_flows() -> None:
    split, join = node("parallelGateway", "split"), node("parallelGateway", "join")
    ways = flows("start > split > a > join > end, split > b > join")
    found = compile_bpmn(bpmn(start(), end(), split, join, task("a"), task("b"), ways)).elements
    first, second = found["split"], found["join"]
    assert isinstance(first, ParallelGateway)
    assert isinstance(second, ParallelGateway)
    assert [way.target for way in first.ways] == ["a", "b"]
    assert second.incoming == ("f_a_join", "f_b_join")


def test_an_inclusive_join_knows_from_where_each_flow_can_be_reached() -> None:
    parts = (
        start(), end(), end("e2"), task("a", "x y"), task("b"), task("c"), timer("late", "b"),
        node("inclusiveGateway", "split", attributes='default="f_split_c"'), node("inclusiveGateway", "join"),
        flows("start > a > split > c > join > end, b > join, late > c"), flow("split", "b", on("x")),
    )  # fmt: skip
    found = compile_bpmn(bpmn(*parts)).elements
    split, join = found["split"], found["join"]
    assert isinstance(split, InclusiveGateway)
    assert isinstance(join, InclusiveGateway)
    assert ([branch.target for branch in split.branches], split.default) == (["b"], Way("f_split_c", "c"))
    assert split.upstream == {}
    assert join.upstream == {
        "f_b_join": {"start", "a", "split", "b"},
        "f_c_join": {"start", "a", "split", "b", "c", "late"},
    }
    assert join.default == Way("f_join_end", "end")


def test_a_loop_through_an_inclusive_join_does_not_pass_it() -> None:
    parts = (
        start(), end(), task("a", "x y"), node("inclusiveGateway", "join"), gateway("gw", default="f_gw_end"),
        flows("start > join > a > gw > end"), flow("gw", "join", on("x")),
    )  # fmt: skip
    join = compile_bpmn(bpmn(*parts)).elements["join"]
    assert isinstance(join, InclusiveGateway)
    assert join.upstream == {"f_start_join": {"start"}, "f_gw_join": {"gw", "a"}}


def test_an_event_gateway_leads_to_what_waits() -> None:
    parts = (
        start(), end(), node("eventBasedGateway", "gw"), catch("c"), RECEIVE,
        flows("start > gw > c > end, gw > r > end"),
    )  # fmt: skip
    found = compile_bpmn(bpmn(*parts, beside='<message id="m"/>')).elements["gw"]
    assert isinstance(found, EventGateway)
    assert [way.target for way in found.ways] == ["c", "r"]


WAITING = (start(), end(), catch("c"), flow("start", "gw"), flow("c", "end"))


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((GATE, flows("gw > c")), "missing_part"),
        ((GATE, catch("d"), flows("gw > c, gw > d > end, start > d")), "behind_event_gateway"),
        ((GATE, MESSAGE, RECEIVE, flows("gw > m1 > end, gw > r > end")), "behind_event_gateway"),
        (
            (GATE, RECEIVE, timer("t", "r"), flows("gw > c, gw > r > end, t > end")),
            "behind_event_gateway",
        ),
        (
            (node("eventBasedGateway", "gw", attributes='instantiate="true"'), RECEIVE, flows("gw > c, gw > r > end")),
            "bad_value",
        ),
        (
            (node("eventBasedGateway", "gw", attributes='eventGatewayType="Parallel"'), RECEIVE,
             flows("gw > c, gw > r > end")),
            "bad_value",
        ),
    ],
)  # fmt: skip
def test_an_event_gateway_before_anything_else_is_refused(parts: tuple[str, ...], code: str) -> None:
    assert code in codes(bpmn(*WAITING, *parts, beside='<message id="m"/>'))


def test_a_call_names_a_process_and_perhaps_its_version() -> None:
    found = compile_bpmn(bpmn(*AROUND, node("callActivity", "a", attributes=f'{CALLED} k:version="3"'))).elements["a"]
    assert isinstance(found, CallActivity)
    assert (found.process, found.version) == ("delivery", 3)
    latest = compile_bpmn(bpmn(*AROUND, node("callActivity", "a", attributes=CALLED))).elements["a"]
    assert isinstance(latest, CallActivity)
    assert latest.version is None


@pytest.mark.parametrize(
    ("attributes", "code"),
    [("", "missing_part"), ('calledElement="a b"', "bad_key"), (f'{CALLED} k:version="0"', "bad_value")],
)
def test_a_call_of_nothing_is_refused(attributes: str, code: str) -> None:
    assert codes(bpmn(*AROUND, node("callActivity", "a", attributes=attributes))) == [code]


def test_the_results_of_a_call_are_outcomes() -> None:
    parts = (
        start(), end(), end("e2"), node("callActivity", "a", attributes=CALLED), gateway(default="f_gw_e2"),
        flows("start > a > gw > e2"), flow("gw", "end", on("won")),
    )  # fmt: skip
    assert codes(bpmn(*parts)) == []


def loop(inside: str, attributes: str = "") -> str:
    return f"<multiInstanceLoopCharacteristics {attributes}>{inside}</multiInstanceLoopCharacteristics>"


def looped(marker: str) -> str:
    return task("a", "yes no").replace("</userTask>", f"{marker}</userTask>")


def test_an_activity_may_be_done_for_each_of_a_list() -> None:
    text = '{"field": "loop.outcome.yes", "op": "ge", "value": "2"}'
    until = f'<completionCondition language="urn:kniga:rules:1">{text}</completionCondition>'
    marker = loop(until, 'k:each="client.contacts" isSequential="true"')
    definition = compile_bpmn(bpmn(*AROUND, looped(marker)))
    found = definition.elements["a"]
    assert isinstance(found, UserTask)
    rule = Comparison("loop.outcome.yes", "number", "ge", "2")
    assert found.loop == MultiInstance(True, "client.contacts", None, rule)
    assert definition.needs == {"client.contacts"}
    assert definition.question_types == {"a.yes": "number", "a.no": "number"}


def test_a_list_of_records_may_be_looped_over() -> None:
    registry = {"client.branches": FieldSpec("client.branches", "multi_reference", "Branches", "Филиалы")}
    xml = bpmn(*AROUND, looped(loop("", 'k:each="client.branches"')))
    assert compile_bpmn(xml, fields=registry).needs == {"client.branches"}


def test_what_the_loop_has_counted_may_decide_the_way() -> None:
    parts = (
        start(), end(), end("e2"), looped(loop("<loopCardinality>3</loopCardinality>")),
        gateway(default="f_gw_e2"), flows("start > a > gw > e2"),
        flow("gw", "end", {"field": "answer.a.yes", "op": "ge", "value": 1}),
    )  # fmt: skip
    definition = compile_bpmn(bpmn(*parts))
    found = definition.elements["a"]
    assert isinstance(found, UserTask)
    assert found.loop == MultiInstance(False, None, 3)
    assert definition.needs == frozenset()


def test_a_call_in_a_loop_counts_its_results() -> None:
    marker = loop("<loopCardinality>2</loopCardinality>")
    definition = compile_bpmn(bpmn(*AROUND, node("callActivity", "a", marker, CALLED)))
    assert definition.question_types == {"a.won": "number", "a.lost": "number", "a.other": "number"}


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        (loop(""), "missing_part"),
        (loop("<loopCardinality>2</loopCardinality>", 'k:each="client.contacts"'), "missing_part"),
        (loop("<loopCardinality>many</loopCardinality>"), "bad_value"),
        (loop("<loopCardinality>0</loopCardinality>"), "bad_value"),
        (loop("", 'k:each="deal.amount"'), "wrong_type"),
        (loop("", 'k:each="client.dogs"'), "unknown_field"),
        (loop("", 'k:each="client.contacts" behavior="One"'), "bad_value"),
        (loop("<completionCondition>x</completionCondition>", 'k:each="client.contacts"'), "condition_language"),
        (loop("<loopDataInputRef>x</loopDataInputRef>", 'k:each="client.contacts"'), "not_supported"),
        ("<standardLoopCharacteristics/>", "not_supported"),
    ],
)
def test_a_loop_over_nothing_is_refused(marker: str, code: str) -> None:
    assert code in codes(bpmn(*AROUND, looped(marker)))


def test_a_circle_through_a_sub_process_that_never_rests_is_refused() -> None:
    quick = sub("s", start("s1"), node("intermediateThrowEvent", "t1"), end("e1", "other"), flows("s1 > t1 > e1"))
    parts = (start(), end(), task("a", "x y"), gateway("gw", default="f_gw_end"), flows("start > a > s > gw > end"))
    assert codes(bpmn(*parts, quick, flow("gw", "s", on("x")))) == ["automatic_loop"]
    resting = sub("s", *INNER)
    assert codes(bpmn(*parts, resting, flow("gw", "s", on("x")))) == []


def test_a_circle_over_an_error_that_comes_at_once_is_refused() -> None:
    failing = node("endEvent", "e1", '<errorEventDefinition errorRef="e"/>')
    inner = sub(
        "s", start("s1"), sub("deep", start("s2"), failing, flow("s2", "e1")), end("e3"), flows("s1 > deep > e3")
    )
    caught = node("boundaryEvent", "x", "<errorEventDefinition/>", 'attachedToRef="deep"')
    inner = inner.replace("</subProcess></subProcess>", f"</subProcess>{caught}</subProcess>")
    parts = (start(), end(), inner.replace('<endEvent id="e3"', f'{caught}{flow("x", "deep")}<endEvent id="e3"'))
    assert codes(bpmn(*parts, flows("start > s > end"), beside='<error id="e" errorCode="c"/>')) == ["automatic_loop"]


def test_a_sub_process_that_ends_the_instance_at_once_is_no_circle() -> None:
    winning = sub("s", start("s1"), end("e1", "won"), flow("s1", "e1"))
    parts = (start(), end(), task("a", "x y"), gateway("gw", default="f_gw_end"), flows("start > a > s > gw > end"))
    assert codes(bpmn(*parts, winning, flow("gw", "s", on("x")))) == []


def test_a_circle_that_an_inner_handler_closes_is_refused() -> None:
    failing = node("endEvent", "e1", '<errorEventDefinition errorRef="e"/>')
    handler = sub("h", node("startEvent", "s2", "<errorEventDefinition/>"), end("e2", "other"), flow("s2", "e2"),
                  attributes=EVENT)  # fmt: skip
    inner = sub("s", start("s1"), failing, flow("s1", "e1"), handler)
    parts = (start(), end(), task("a", "x y"), gateway("gw", default="f_gw_end"), flows("start > a > s > gw > end"))
    xml = bpmn(*parts, inner, flow("gw", "s", on("x")), beside='<error id="e" errorCode="c"/>')
    assert codes(xml) == ["automatic_loop"]
