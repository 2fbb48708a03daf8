"""What the machine does, what the head watches, what the process knows: read out of a file."""

from decimal import Decimal
from xml.sax.saxutils import escape

import pytest

from kniga.engine import (
    NEW_STATE,
    ControlPoint,
    DecisionTask,
    Due,
    Escalation,
    Material,
    MessageRef,
    Param,
    ReceiveTask,
    ServiceTask,
    Start,
    ThrowEvent,
    UserTask,
    compile_bpmn,
)
from kniga.engine.definition.actions import STANDARD_ACTIONS, ActionSpec, ParamSpec
from kniga.engine.definition.model import Element
from kniga.engine.runtime.events import DecisionMade
from kniga.rules import Comparison
from tests.engine.drawing import bpmn, codes, end, flow, flows, gateway, go, node, service, start, task, timer

AROUND = (start(), end(), flows("start > a > end"))
STARTING = service("a", "start_process", process="x")
MESSAGE = '<message id="m" name="Go"/>'
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def read(*parts: str, beside: str = "") -> Element:
    """The element ``a`` between a start and an end."""
    return compile_bpmn(bpmn(*AROUND, *parts, beside=beside)).elements["a"]


def machine(*parts: str) -> ServiceTask:
    found = read(*parts)
    assert isinstance(found, ServiceTask)
    return found


def letter(attributes: str = "", text: str = "", more: str = "") -> str:
    holder = f"<extensionElements><k:letter {attributes}>{text}</k:letter></extensionElements>"
    return node("sendTask", "a", holder, more)


def test_a_service_task_names_an_action_with_typed_parameters() -> None:
    found = machine(service("a", "create_document", 'retries="5" backoff="PT2M"', template="act", name="@deal.source"))
    assert (found.action, found.retries, found.backoff, found.immediate) == ("create_document", 5, 120, False)
    assert found.params == (Param("template", "act"), Param("name", field="deal.source"))
    assert found.bpmn == "serviceTask"


def test_retries_and_back_off_have_defaults() -> None:
    found = machine(service("a", "start_process", process="x"))
    assert (found.retries, found.backoff) == (3, 60)


def test_the_engine_sets_fields_itself() -> None:
    found = machine(service("a", "set_field", field="deal.amount", value="1200.50"))
    assert found.immediate
    assert found.params == (Param("field", "deal.amount"), Param("value", Decimal("1200.50")))
    copied = service("a", "set_field", field="deal.expected_date", value="@deal.expected_date")
    assert machine(copied).params[1] == Param("value", field="deal.expected_date")


def test_the_shell_may_know_other_actions() -> None:
    own = {"greet": ActionSpec("greet", (ParamSpec("times", "number", required=True),))}
    xml = bpmn(*AROUND, service("a", "greet", times="2"))
    found = compile_bpmn(xml, actions=own).elements["a"]
    assert isinstance(found, ServiceTask)
    assert found.params == (Param("times", 2),)
    assert codes(xml) == ["unknown_action"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (node("serviceTask", "a"), ["missing_part"]),
        (service("a", ""), ["missing_part"]),
        (service("a", "create_document"), ["missing_part"]),
        (service("a", "create_document", template="x", more="<standardLoopCharacteristics/>"), ["not_supported"]),
        (service("a", "create_document", template=""), []),
        (service("a", "call_webhook", url="@deal.discount"), ["wrong_type"]),
        (service("a", "start_process", process="@deal.source"), ["missing_part"]),
        (service("a", "set_field", field="client.kind", value="x"), ["bad_value"]),
        (service("a", "set_field", field="deal.amount", value="@deal.source"), ["wrong_type"]),
        (service("a", "set_field", value="5"), ["missing_part"]),
        (service("a", "set_field", field="@deal.source", value="5"), ["missing_part"]),
        (service("a", "start_process", 'retries="many"', process="x"), ["bad_value"]),
        (service("a", "start_process", 'retries="99"', process="x"), ["bad_value"]),
        (service("a", "start_process", 'backoff="soon"', process="x"), ["bad_duration"]),
        (service("a", "start_process", 'backof="PT1M"', process="x"), ["unknown_extension"]),
        (STARTING.replace("</extensionElements>", '<k:action name="start_process"/></extensionElements>'),
         ["duplicate_key"]),
        (service("a", "create_document", template="x").replace("</k:action>", '<k:param name="template"/></k:action>'),
         ["duplicate_key"]),
        (service("a", "start_process", process="x").replace("</k:action>", "<k:param/></k:action>"), ["missing_part"]),
        (service("a", "create_document").replace("</k:action>", '<k:param name="template"/></k:action>'),
         ["missing_part"]),
        (STARTING.replace("<extensionElements>", "").replace("</extensionElements>", ""),
         ["unknown_extension", "missing_part"]),
    ],
)  # fmt: skip
def test_a_service_task_that_says_too_little_or_too_much_is_refused(part: str, expected: list[str]) -> None:
    assert codes(bpmn(*AROUND, part)) == expected


def line(value: str | None = "20", *conditions: str, label: str = "Large") -> str:
    inside = "".join(f"<k:condition>{escape(text)}</k:condition>" for text in conditions or (LARGE,))
    worth = "" if value is None else f'value="{value}"'
    return f'<k:points label="{label}" {worth}>{inside}</k:points>'


def rescore(*lines: str, answer: str = "score", more: str = "") -> str:
    return service("a", "rescore", more, answer=answer).replace("</k:action>", f"{''.join(lines)}</k:action>")


LARGE = '{"field": "deal.amount", "op": "gt", "value": "100000"}'
SOURCE = '{"field": "deal.source", "op": "eq", "value": "fair"}'
NEAR = '{"field": "client.region", "op": "eq", "value": "Tver"}'


def test_points_are_added_up_by_a_table_that_collects() -> None:
    definition = compile_bpmn(bpmn(*AROUND, rescore(line(), line("-7.5", NEAR, label=" "))))
    found = definition.elements["a"]
    assert isinstance(found, DecisionTask)
    assert (found.table.policy, found.table.aggregation, found.table.id) == ("COLLECT", "SUM", "a")
    assert [(row.id, row.label, row.outputs) for row in found.table.rules] == [
        ("1", "Large", (Decimal(20),)), ("2", "", (Decimal("-7.5"),)),
    ]  # fmt: skip
    assert found.table.inputs == ("client.region", "deal.amount")
    assert definition.needs == {"client.region", "deal.amount"}
    assert definition.question_types["score"] == "number"
    (output,) = found.table.outputs
    assert (output.key, output.type, output.default) == ("score", "number", 0)


def test_what_the_points_make_is_a_number_conditions_may_look_at() -> None:
    ask = {"field": "answer.score", "op": "ge", "value": "10"}
    parts = (gateway("g", "g_low"), end("low"), rescore(line()), start(), end())
    drawn = bpmn(*parts, flows("start > a > g"), flow("g", "end", ask), flow("g", "low", id="g_low"))
    assert compile_bpmn(drawn).question_types == {"score": "number"}
    asked = '<k:question key="score" type="text" label="Score"/>'
    assert codes(bpmn(start(), task("b", inside=asked), rescore(line()), end(), flows("start > b > a > end"))) == [
        "question_conflict"
    ]


def test_the_points_that_count_are_told_with_their_sum() -> None:
    definition = compile_bpmn(bpmn(*AROUND, rescore(line(), line("-7.5", NEAR), line("3", SOURCE))))
    step = go(definition, NEW_STATE, Start(fields={"deal.amount": Decimal(100_001), "client.region": "тверь"}))
    assert step.state.data["score"] == Decimal(20)
    (made,) = (event for event in step.events if isinstance(event, DecisionMade))
    assert (made.element, made.rows, made.outputs) == ("a", ("1",), {"score": Decimal(20)})
    near = go(definition, NEW_STATE, Start(fields={"deal.amount": Decimal(5), "client.region": "TVER"}))
    assert near.state.data["score"] == Decimal("-7.5")
    assert go(definition, NEW_STATE, Start(fields={})).state.data["score"] == 0, "what is not known is worth nothing"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (rescore(), ["missing_part"]),
        (service("a", "rescore"), ["missing_part", "missing_part"]),
        (rescore(line(), answer="no key"), ["bad_key"]),
        (rescore(line(None)), ["missing_part"]),
        (rescore(line("many")), ["bad_param"]),
        (rescore(line("1000001")), ["bad_value"]),
        (rescore('<k:points label="x" value="1"/>'), ["missing_part"]),
        (rescore(line("1", LARGE, LARGE)), ["duplicate_key"]),
        (rescore(line("1", '{"field": "deal.mood", "op": "is_known"}')), ["bad_condition"]),
        (rescore(line(), more='retries="3" backoff="PT1M"'), ["no_effect", "no_effect"]),
        (rescore(line()).replace("label=", "lable="), ["unknown_extension"]),
        (service("a", "start_process", process="x").replace("</k:action>", f"{line()}</k:action>"),
         ["unknown_extension"]),
    ],
)  # fmt: skip
def test_a_list_of_points_that_says_too_little_or_too_much_is_refused(part: str, expected: list[str]) -> None:
    assert codes(bpmn(*AROUND, part)) == expected


def test_a_send_task_sends_a_letter() -> None:
    found = machine(letter('subject="Hello" to="owner" retries="1"', "Dear {{contact.name}}"))
    assert (found.action, found.retries, found.bpmn) == ("send_letter", 1, "sendTask")
    assert found.params == (Param("subject", "Hello"), Param("body", "Dear {{contact.name}}"), Param("to", "owner"))
    assert machine(letter('template="offer"')).params == (Param("template", "offer"), Param("to", "contact"))


def test_a_send_task_with_nothing_but_a_message_throws_it() -> None:
    holder = '<extensionElements><k:param name="sum" field="deal.amount"/></extensionElements>'
    found = read(node("sendTask", "a", holder, 'messageRef="m"'), beside=MESSAGE)
    assert isinstance(found, ThrowEvent)
    assert (found.trigger, found.message, found.params) == (
        "message",
        MessageRef("Go"),
        (Param("sum", field="deal.amount"),),
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((node("sendTask", "a"),), ["missing_part"]),
        ((letter(),), ["missing_part", "missing_part"]),
        ((letter('template="x" to="everybody"'),), ["bad_value"]),
        ((letter('template="x"').replace("<k:letter", '<k:letter template="y"/><k:letter', 1),), ["duplicate_key"]),
        ((node("sendTask", "a", attributes='messageRef="none"'),), ["unknown_reference"]),
        (
            (node("sendTask", "a", attributes='messageRef="m"'), timer("t", "a"), end("e2"), flow("t", "e2")),
            ["bad_attachment"],
        ),
        (
            (node("sendTask", "a", "<multiInstanceLoopCharacteristics k:each='client.contacts'/>", 'messageRef="m"'),),
            ["no_effect"],
        ),
    ],
)
def test_a_send_task_that_sends_nothing_is_refused(parts: tuple[str, ...], expected: list[str]) -> None:
    assert codes(bpmn(*AROUND, *parts, beside=MESSAGE)) == expected


def test_a_letter_needs_a_shell_that_sends_letters() -> None:
    xml = bpmn(*AROUND, letter('template="x"'))
    known = {name: spec for name, spec in STANDARD_ACTIONS.items() if name != "send_letter"}
    with pytest.raises(ValueError, match="send_letter"):
        compile_bpmn(xml, actions=known)
    plain = {**known, "send_letter": ActionSpec("send_letter", (ParamSpec("body"), ParamSpec("to")))}
    with pytest.raises(ValueError, match="no parameter “template”"):
        compile_bpmn(xml, actions=plain)


def test_a_receive_task_waits_for_a_message() -> None:
    found = read(node("receiveTask", "a", attributes='messageRef="m"'), beside=MESSAGE)
    assert isinstance(found, ReceiveTask)
    assert found.message == MessageRef("Go")
    instantiating = node("receiveTask", "a", attributes='messageRef="m" instantiate="true"')
    assert codes(bpmn(*AROUND, instantiating, beside=MESSAGE)) == ["bad_value"]


@pytest.mark.parametrize("tag", ["manualTask", "task"])
def test_a_task_not_further_specified_is_done_by_a_person(tag: str) -> None:
    found = read(node(tag, "a", attributes='k:kind="mail" k:skill="english"'))
    assert isinstance(found, UserTask)
    assert (found.bpmn, found.kind, found.skill) == (tag, "mail", "english")


def watched(inside: str, more: str = '<k:deadline duration="P2D"/>') -> str:
    return task("a", "ok", more + inside)


def test_a_control_point_says_when_whom_and_how() -> None:
    inside = (
        '<k:control key="slow" name="Too slow" due="P1D" whom="lead role:expert" by="app mail">'
        '<k:condition>{"field": "deal.amount", "op": "gt", "value": "9"}</k:condition>'
        '<k:escalate after="PT4H" whom="head" calendar="absolute"/></k:control>'
        '<k:control key="late" basis="deadline" due="PT1H" whom="owner"/>'
        '<k:control key="over" basis="deadline" whom="owner"/>'
    )
    definition = compile_bpmn(bpmn(*AROUND, watched(inside)))
    found = definition.elements["a"]
    assert isinstance(found, UserTask)
    slow, late, over = found.controls
    rule = Comparison("deal.amount", "money", "gt", "9")
    ladder = (Escalation(Due("duration", 4 * 3600, False), ("head",)),)
    due = Due("duration", 8 * 3600, True)
    assert slow == ControlPoint("slow", "Too slow", due, rule, ("lead", "role:expert"), ("app", "mail"), ladder)
    assert late == ControlPoint("late", "late", Due("deadline", 3600, True), None, ("owner",), ("app",))
    assert over.due == Due("deadline", 0, True)
    assert definition.needs == frozenset()


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<k:control due="P1D" whom="lead"/>', ["missing_part"]),
        ('<k:control key="x" whom="lead"/>', ["missing_part"]),
        ('<k:control key="x" due="P1D"/>', ["missing_part"]),
        ('<k:control key="x" due="P1D" whom="boss"/>', ["bad_value"]),
        ('<k:control key="x" due="P1D" whom="lead" by="pigeon"/>', ["bad_value"]),
        ('<k:control key="x" due="P1D" whom="lead"/><k:control key="x" due="P1D" whom="lead"/>', ["duplicate_key"]),
        ('<k:control key="x" due="P1D" whom="lead"><k:condition>x</k:condition></k:control>', ["bad_condition"]),
        ('<k:control key="x" due="P1D" whom="lead"><k:escalate whom="head"/></k:control>', ["missing_part"]),
        ('<k:control key="x" due="P1D" whom="lead"><k:note/></k:control>', ["unknown_extension"]),
        (
            '<k:control key="x" due="P1D" whom="lead"><k:condition>{"field": "deal.amount", "op": "is_known"}'
            "</k:condition><k:condition>x</k:condition></k:control>",
            ["duplicate_key"],
        ),
    ],
)
def test_a_control_point_that_cannot_be_watched_is_refused(inside: str, expected: list[str]) -> None:
    assert codes(bpmn(*AROUND, watched(inside))) == expected


def test_a_step_names_the_documents_and_letters_to_use() -> None:
    inside = '<k:material kind="letter" template="hello"/><k:material template="offer"/><k:material template="hello"/>'
    found = compile_bpmn(bpmn(*AROUND, task("a", "ok", inside))).elements["a"]
    assert isinstance(found, UserTask)
    assert found.materials == (
        Material("letter", "hello"),
        Material("document", "offer"),
        Material("document", "hello"),
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<k:material/>", ["missing_part"]),
        ('<k:material kind="letter" template="a b"/>', ["bad_key"]),
        ('<k:material kind="film" template="offer"/>', ["bad_value"]),
        ('<k:material template="offer"/><k:material kind="document" template="offer"/>', ["duplicate_key"]),
        ('<k:material template="offer" to="head"/>', ["unknown_extension"]),
        ('<k:material template="offer"><k:note/></k:material>', ["unknown_extension"]),
    ],
)
def test_a_material_that_names_no_template_is_refused(inside: str, expected: list[str]) -> None:
    assert codes(bpmn(*AROUND, task("a", "ok", inside))) == expected


def test_a_control_point_cannot_count_from_a_deadline_that_is_not_there() -> None:
    inside = '<k:control key="x" basis="deadline" whom="lead"/>'
    assert codes(bpmn(*AROUND, watched(inside, ""))) == ["no_deadline_for_timer"]


def fields(inside: str) -> str:
    return f"<extensionElements><k:fields>{inside}</k:fields></extensionElements>"


def test_a_process_may_have_typed_fields_of_its_own() -> None:
    own = fields('<k:field key="size" type="choice" label="Size"><k:choice key="big" label="Big"/></k:field>'
                 '<k:field key="due" type="date"/>')  # fmt: skip
    parts = (own, start(), end(), end("e2"), task("a"), gateway(default="f_gw_e2"), flows("start > a > gw > e2"))
    way = flow("gw", "end", {"field": "answer.size", "op": "eq", "value": "big"})
    definition = compile_bpmn(bpmn(*parts, way))
    assert definition.question_types == {"size": "choice", "due": "date"}
    wrong = flow("gw", "end", {"field": "answer.size", "op": "eq", "value": "huge"})
    assert codes(bpmn(*parts, wrong)) == ["bad_condition"]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<k:field/>", ["missing_part"]),
        ('<k:field key="x"/><k:field key="x"/>', ["duplicate_key"]),
        ('<k:field key="x" type="colour"/>', ["bad_value"]),
        ('<k:field key="x" type="choice"/>', ["missing_part"]),
        ('<k:field key="q" type="date"/>', ["question_conflict"]),
    ],
)
def test_a_field_that_cannot_be_is_refused(inside: str, expected: list[str]) -> None:
    step = task("a", "ok", '<k:question key="q" type="text"/>')
    assert codes(bpmn(fields(inside), *AROUND, step)) == expected


def table(id: str = "discount", output: str = "discount", input: str = "deal.amount") -> str:
    return (
        f'<k:dmn><definitions xmlns="{DMN}" id="d_{id}" name="D" namespace="n"><decision id="{id}" name="Discount">'
        '<decisionTable id="t" hitPolicy="FIRST"><input id="i"><inputExpression id="ie" typeRef="number"><text>'
        f'{input}</text></inputExpression></input><output id="o" name="{output}" typeRef="number"/>'
        '<rule id="r"><inputEntry id="r1"><text>&gt; 1000</text></inputEntry><outputEntry id="r2"><text>5</text>'
        "</outputEntry></rule></decisionTable></decision></definitions></k:dmn>"
    )


def decide(id: str, decision: str, inside: str = "") -> str:
    holder = f"<extensionElements>{inside}</extensionElements>"
    return node("businessRuleTask", id, holder, f'k:decision="{decision}"')


def test_a_decision_answers_and_a_later_one_may_ask() -> None:
    parts = (
        start(), end(), decide("a", "discount", table()),
        decide("b", "bonus", table("bonus", "bonus", "answer.discount")), flows("start > a > b > end"),
    )  # fmt: skip
    definition = compile_bpmn(bpmn(*parts))
    found = definition.elements["a"]
    assert isinstance(found, DecisionTask)
    assert (found.table.id, found.table.inputs) == ("discount", ("deal.amount",))
    assert definition.question_types == {"discount": "number", "bonus": "number"}
    assert definition.needs == {"deal.amount"}


def test_a_decision_may_come_from_outside_the_file() -> None:
    inside = compile_bpmn(bpmn(*AROUND, decide("a", "discount", table()))).elements["a"]
    assert isinstance(inside, DecisionTask)
    found = compile_bpmn(bpmn(*AROUND, decide("a", "discount")), decisions={"discount": inside.table}).elements["a"]
    assert found == inside


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((node("businessRuleTask", "a"),), ["missing_part"]),
        ((node("businessRuleTask", "a", attributes='xmlns:c="urn:c" c:decisionRef="x"'),), ["missing_part"]),
        ((decide("a", "discount", "<k:dmn/>"),), ["missing_part"]),
        ((decide("a", "discount", table() + table()),), ["duplicate_key"]),
        ((decide("a", "discount", '<k:dmn><x xmlns="urn:x"/></k:dmn>'),), ["not_dmn"]),
        ((decide("a", "discount", table(input="answer.season")),), ["unknown_field"]),
    ],
)
def test_a_decision_that_is_not_there_is_refused(parts: tuple[str, ...], expected: list[str]) -> None:
    found = codes(bpmn(*AROUND, *parts))
    assert [code for code in found if code != "duplicate_id"] == expected
