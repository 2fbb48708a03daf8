"""Events: what begins, waits, sends and ends, read out of a file."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kniga.engine import (
    BoundaryEvent,
    BpmnRefused,
    CatchEvent,
    Cycle,
    Due,
    EndEvent,
    MessageRef,
    Param,
    StartEvent,
    ThrowEvent,
    compile_bpmn,
)
from kniga.engine.definition.model import Element
from kniga.rules import Comparison
from tests.engine.drawing import bpmn, catch, codes, end, flow, flows, node, start, sub, task, timer

BESIDE = (
    '<message id="m" name="Reply" k:correlation="thread"/><message id="own" k:correlation="key" k:key="deal.source"/>'
    '<signal id="s" name="Price list"/>'
    '<error id="err" errorCode="no_money"/><escalation id="esc" escalationCode="late"/>'
)
TEXT = "language='urn:kniga:rules:1'"
RICH = '{"field": "deal.amount", "op": "gt", "value": "1000"}'
CONDITION = f"<conditionalEventDefinition><condition {TEXT}>{RICH}</condition></conditionalEventDefinition>"
IS_RICH = Comparison("deal.amount", "money", "gt", "1000")
DEFINITIONS = {
    "message": '<messageEventDefinition messageRef="m"/>',
    "signal": '<signalEventDefinition signalRef="s"/>',
    "conditional": CONDITION,
    "error": '<errorEventDefinition errorRef="err"/>',
    "escalation": '<escalationEventDefinition escalationRef="esc"/>',
    "timer": "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "terminate": "<terminateEventDefinition/>",
    "none": "",
}


def element(id: str, *parts: str, beside: str = BESIDE) -> Element:
    """One element of a process made of these parts."""
    return compile_bpmn(bpmn(*parts, beside=beside)).elements[id]


def around(tag: str, inside: str, attributes: str = "", more: str = "") -> tuple[str, ...]:
    """The element ``x`` between a start and an end."""
    return start(), node(tag, "x", inside, attributes), end(), flows("start > x > end"), more


def ending(inside: str, attributes: str = "") -> tuple[str, ...]:
    return start(), task("a"), node("endEvent", "x", inside, attributes), flows("start > a > x")


@pytest.mark.parametrize("kind", ["timer", "message", "signal", "conditional"])
def test_an_event_waits_for_its_trigger(kind: str) -> None:
    found = element("x", *around("intermediateCatchEvent", DEFINITIONS[kind]))
    assert isinstance(found, CatchEvent)
    assert found.trigger == kind
    expected = {"timer": found.due, "message": found.message, "signal": found.signal, "conditional": found.condition}
    assert [name for name, value in expected.items() if value is not None] == [kind]


@pytest.mark.parametrize("kind", ["none", "message", "signal", "escalation"])
def test_an_event_throws(kind: str) -> None:
    found = element("x", *around("intermediateThrowEvent", DEFINITIONS[kind]))
    assert isinstance(found, ThrowEvent)
    assert (found.trigger, found.message, found.signal, found.code) == (
        kind,
        MessageRef("Reply", "thread") if kind == "message" else None,
        "Price list" if kind == "signal" else None,
        "late" if kind == "escalation" else None,
    )


@pytest.mark.parametrize("kind", ["none", "message", "signal", "escalation", "error", "terminate"])
def test_an_end_sends_what_it_ends_with(kind: str) -> None:
    found = element("x", *ending(DEFINITIONS[kind]))
    assert isinstance(found, EndEvent)
    assert (found.trigger, found.code) == (kind, {"error": "no_money", "escalation": "late"}.get(kind))


@pytest.mark.parametrize("kind", ["timer", "message", "signal", "conditional", "error", "escalation"])
def test_an_event_on_the_border_of_an_activity(kind: str) -> None:
    boundary = node("boundaryEvent", "x", DEFINITIONS[kind], 'attachedToRef="a"')
    found = element("x", start(), task("a"), boundary, end(), end("late"), flows("start > a > end, x > late"))
    assert isinstance(found, BoundaryEvent)
    assert (found.trigger, found.host, found.interrupting) == (kind, "a", True)


def test_an_error_without_reference_is_any_error() -> None:
    boundary = node("boundaryEvent", "x", "<errorEventDefinition/>", 'attachedToRef="a"')
    found = element("x", start(), task("a"), boundary, end(), end("late"), flows("start > a > end, x > late"))
    assert isinstance(found, BoundaryEvent)
    assert found.code is None


def test_a_process_may_be_begun_in_several_ways() -> None:
    starts = (
        start(),
        node("startEvent", "by_form", DEFINITIONS["message"], 'k:channel="form"'),
        node("startEvent", "by_time", "<timerEventDefinition><timeCycle>R/P1W</timeCycle></timerEventDefinition>"),
        node("startEvent", "by_signal", DEFINITIONS["signal"]),
    )
    ways = flows("start > a > end, by_form > a, by_time > a, by_signal > a")
    definition = compile_bpmn(bpmn(*starts, task("a"), end(), ways, beside=BESIDE))
    assert (definition.start, definition.starts) == ("start", ("start", "by_form", "by_time", "by_signal"))
    form, weekly = definition.elements["by_form"], definition.elements["by_time"]
    assert isinstance(form, StartEvent)
    assert (form.trigger, form.channel, form.message) == ("message", "form", MessageRef("Reply", "thread"))
    assert isinstance(weekly, StartEvent)
    assert weekly.cycle == Cycle(Due("duration", 5 * 8 * 3600, True), None)


def test_without_a_plain_start_the_first_one_stands_for_the_process() -> None:
    starts = node("startEvent", "s1", DEFINITIONS["message"]) + node("startEvent", "s2", DEFINITIONS["signal"])
    definition = compile_bpmn(bpmn(starts, task("a"), end(), flows("s1 > a > end, s2 > a"), beside=BESIDE))
    assert definition.start == "s1"


def test_a_problem_of_a_trigger_is_told_at_the_event_that_is_drawn() -> None:
    catching = node("intermediateCatchEvent", "x", '<messageEventDefinition id="inner"/>')
    with pytest.raises(BpmnRefused) as refused:
        compile_bpmn(bpmn(start(), catching, end(), flows("start > x > end")))
    assert [problem.element for problem in refused.value.problems] == ["x"]


def test_a_message_without_name_is_known_by_its_id_and_may_have_a_key() -> None:
    catching = node("intermediateCatchEvent", "x", '<messageEventDefinition messageRef="own"/>')
    definition = compile_bpmn(bpmn(start(), catching, end(), flows("start > x > end"), beside=BESIDE))
    found = definition.elements["x"]
    assert isinstance(found, CatchEvent)
    assert found.message == MessageRef("own", "key", "deal.source")
    assert definition.needs == {"deal.source"}


def test_a_message_carries_values_and_fields() -> None:
    carried = '<k:param name="sum" field="deal.amount"/><k:param name="word" value="yes"/>'
    holder = f"<extensionElements>{carried}</extensionElements>"
    for found in (
        element("x", *around("intermediateThrowEvent", holder + DEFINITIONS["message"])),
        element("x", *ending(holder + DEFINITIONS["message"])),
    ):
        assert isinstance(found, (ThrowEvent, EndEvent))
        assert found.params == (Param("sum", field="deal.amount"), Param("word", "yes"))


def test_a_reference_may_be_qualified_by_a_prefix() -> None:
    inside = '<messageEventDefinition xmlns:own="t" messageRef="own:m"/>'
    found = element("x", *around("intermediateCatchEvent", inside))
    assert isinstance(found, CatchEvent)
    assert found.message == MessageRef("Reply", "thread")


def test_an_event_may_refer_to_a_definition_beside_the_process() -> None:
    beside = BESIDE + '<signalEventDefinition id="sd" signalRef="s"/>'
    catching = around("intermediateCatchEvent", "<eventDefinitionRef>sd</eventDefinitionRef>")
    found = element("x", *catching, beside=beside)
    assert isinstance(found, CatchEvent)
    assert found.signal == "Price list"
    assert codes(bpmn(*catching, beside=BESIDE)) == ["unknown_reference", "missing_part"]
    wrong = "<eventDefinitionRef>m</eventDefinitionRef>"
    assert codes(bpmn(*around("intermediateCatchEvent", wrong), beside=BESIDE))[0] == "unknown_reference"


def test_conditional_events_are_known_and_their_fields_are_needed() -> None:
    definition = compile_bpmn(bpmn(*around("intermediateCatchEvent", CONDITION)))
    assert definition.conditionals == {"x"}
    assert definition.needs == {"deal.amount"}
    found = definition.elements["x"]
    assert isinstance(found, CatchEvent)
    assert found.condition == IS_RICH


@pytest.mark.parametrize(
    ("time", "value", "due"),
    [
        ("timeDuration", "PT90M", Due("duration", 5400, True)),
        ("timeDate", "2026-12-31T18:00:00Z", Due("moment", 0, False, at=datetime(2026, 12, 31, 18, tzinfo=UTC))),
        (
            "timeDate",
            "2026-12-31T18:00:00+03:00",
            Due("moment", 0, False, at=datetime(2026, 12, 31, 18, tzinfo=timezone(timedelta(hours=3)))),
        ),
        ("timeCycle", "R/PT4H", Due("duration", 4 * 3600, True)),
        ("timeCycle", "R/2026-12-31T18:00Z/P1D", Due("moment", 0, False, at=datetime(2026, 12, 31, 18, tzinfo=UTC))),
    ],
)
def test_what_an_event_waits_for_in_time(time: str, value: str, due: Due) -> None:
    found = element("x", start(), catch("x", time, value), end(), flows("start > x > end"))
    assert isinstance(found, CatchEvent)
    assert found.due == due


def test_a_timer_may_count_from_a_date_that_a_field_holds() -> None:
    waiting = catch("x", value="P1D", attributes='k:field="deal.expected_date" k:calendar="absolute"')
    definition = compile_bpmn(bpmn(start(), waiting, end(), flows("start > x > end")))
    found = definition.elements["x"]
    assert isinstance(found, CatchEvent)
    assert found.due == Due("field", 86400, False, field="deal.expected_date")
    assert definition.needs == {"deal.expected_date"}


def test_only_a_timer_that_does_not_interrupt_comes_again() -> None:
    cycle = "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>"
    parts = [
        node("boundaryEvent", name, cycle, f'attachedToRef="a" cancelActivity="{cancels}"')
        for name, cancels in (("again", "false"), ("once", "true"))
    ]
    ways = flows("start > a > end, again > end, once > end")
    found = compile_bpmn(bpmn(start(), task("a"), *parts, end(), ways)).elements
    hour = Due("duration", 3600, True)
    again, once = found["again"], found["once"]
    assert isinstance(again, BoundaryEvent)
    assert isinstance(once, BoundaryEvent)
    assert (again.due, again.cycle) == (hour, Cycle(hour, 3))
    assert (once.due, once.cycle) == (hour, None)


@pytest.mark.parametrize(
    "text",
    ["R0/P1D", "R99999/P1D", "3/P1D", "R/P1M", "R/P1D/x", "R/x/P1D", "R/PT0S", "P1D", "", "R/", "R٣/P1D", "Rx/P1D"],
)
def test_a_repetition_that_cannot_be_kept_is_refused(text: str) -> None:
    assert codes(bpmn(start(), catch("x", "timeCycle", text), end(), flows("start > x > end"))) == ["bad_cycle"]


@pytest.mark.parametrize("text", ["2026-12-31T18:00:00", "tomorrow", "2026-12-31", "2026-13-01T10:00:00Z"])
def test_a_moment_needs_its_offset(text: str) -> None:
    assert codes(bpmn(start(), catch("x", "timeDate", text), end(), flows("start > x > end"))) == ["bad_moment"]


@pytest.mark.parametrize(
    ("attributes", "inside", "code"),
    [
        ('k:field="deal.mood"', "<timeDuration>P1D</timeDuration>", "unknown_field"),
        ('k:field="deal.amount"', "", "wrong_type"),
        ('k:field="deal.expected_date"', "<timeDate>2026-12-31T18:00:00Z</timeDate>", "no_effect"),
        ("", "", "missing_part"),
        ("", "<timeDuration>soon</timeDuration>", "bad_duration"),
        ('k:calendar="lunar"', "<timeDuration>P1D</timeDuration>", "bad_value"),
        ('k:basis="deadline"', "<timeDuration>P1D</timeDuration>", "unknown_extension"),
    ],
)
def test_a_timer_that_says_no_time_is_refused(attributes: str, inside: str, code: str) -> None:
    timing = f"<timerEventDefinition>{inside}</timerEventDefinition>"
    assert code in codes(bpmn(*around("intermediateCatchEvent", timing, attributes)))


def test_a_basis_and_a_field_together_are_refused() -> None:
    late = timer("x", "a", attributes='k:field="deal.expected_date" k:basis="duration"')
    xml = bpmn(start(), task("a"), late, end(), end("e2"), flows("start > a > end, x > e2"))
    assert codes(xml) == ["no_effect"]


@pytest.mark.parametrize(
    "parts",
    [
        around("intermediateThrowEvent", "<messageEventDefinition/>"),
        around("intermediateCatchEvent", "<signalEventDefinition/>"),
        around("intermediateThrowEvent", "<escalationEventDefinition/>"),
        around("intermediateCatchEvent", "<conditionalEventDefinition/>"),
        ending("<errorEventDefinition/>"),
    ],
)
def test_an_event_that_does_not_say_what_it_means_is_refused(parts: tuple[str, ...]) -> None:
    assert codes(bpmn(*parts)) == ["missing_part"]


@pytest.mark.parametrize(
    "definition",
    [
        '<messageEventDefinition messageRef="q"/>',
        '<signalEventDefinition signalRef="q"/>',
        '<signalEventDefinition signalRef="m"/>',
    ],
)
def test_a_reference_to_nothing_is_refused(definition: str) -> None:
    assert codes(bpmn(*around("intermediateCatchEvent", definition), beside=BESIDE)) == ["unknown_reference"]


def test_what_is_thrown_needs_a_code() -> None:
    beside = '<error id="e"/>'
    assert codes(bpmn(*ending('<errorEventDefinition errorRef="e"/>'), beside=beside)) == ["missing_part"]
    assert codes(bpmn(*ending('<errorEventDefinition errorRef="none"/>'), beside=beside)) == ["unknown_reference"]


def test_a_condition_of_another_language_is_refused() -> None:
    foreign = "<conditionalEventDefinition><condition>${x}</condition></conditionalEventDefinition>"
    assert codes(bpmn(*around("intermediateCatchEvent", foreign))) == ["condition_language"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (around("intermediateCatchEvent", DEFINITIONS["signal"], 'k:calendar="absolute"'), "no_effect"),
        (ending(DEFINITIONS["error"], 'k:result="won"'), "no_effect"),
        (
            (*ending(""), node("startEvent", "q", DEFINITIONS["signal"], 'k:channel="form"'), flow("q", "a")),
            "no_effect",
        ),
        (
            (*ending(""), node("startEvent", "q", DEFINITIONS["message"], 'k:channel="fax"'), flow("q", "a")),
            "bad_value",
        ),
    ],
)
def test_what_has_no_effect_is_refused(parts: tuple[str, ...], code: str) -> None:
    assert codes(bpmn(*parts, beside=BESIDE)) == [code]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('k:correlation="key"', "missing_part"),
        ('k:key="deal.source"', "no_effect"),
        ('k:correlation="key" k:key="deal.mood"', "unknown_field"),
        ('k:correlation="smell"', "bad_value"),
        ('k:corelation="deal"', "unknown_extension"),
    ],
)
def test_a_message_that_cannot_be_matched_is_refused(message: str, code: str) -> None:
    beside = f'<message id="m" {message}/>'
    assert codes(bpmn(*around("intermediateCatchEvent", DEFINITIONS["message"]), beside=beside)) == [code]


def test_an_error_always_interrupts() -> None:
    boundary = node("boundaryEvent", "x", DEFINITIONS["error"], 'attachedToRef="a" cancelActivity="false"')
    xml = bpmn(start(), task("a"), boundary, end(), end("e2"), flows("start > a > end, x > e2"), beside=BESIDE)
    assert codes(xml) == ["bad_value"]
    handler = sub(
        "h", node("startEvent", "x", DEFINITIONS["error"], 'isInterrupting="false"'), end("e2"), flow("x", "e2"),
        attributes='triggeredByEvent="true"',
    )  # fmt: skip
    assert "bad_value" in codes(bpmn(start(), task("a"), end(), flows("start > a > end"), handler, beside=BESIDE))
