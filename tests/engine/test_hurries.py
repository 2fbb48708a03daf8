"""A circle that nothing need hold up is told before it is published: its only rests are timers that may be due at
once."""

import pytest

from kniga.engine import check, compile_bpmn
from tests.engine.drawing import bpmn, catch, end, flow, flows, gateway, node, start, sub, task, timer

LARGE = {"field": "deal.amount", "op": "gt", "value": "100"}
TWICE = 'k:field="deal.expected_date"'


def told(*parts: str) -> list[tuple[str, ...]]:
    found = [problem for problem in check(compile_bpmn(bpmn(*parts))) if problem.code == "hurried_loop"]
    assert all(problem.severity == "warning" and problem.message and problem.cure for problem in found)
    return [problem.path for problem in found]


def again(*attributes: str, duration: str = "PT1H", inside: str = "", interrupting: bool = True) -> tuple[str, ...]:
    """A task with a timer that leads back to it."""
    late = timer("late", "a", duration=duration, attributes=" ".join(attributes), interrupting=interrupting)
    return (start(), task("a", "ok", inside), late, end(), flows("start > a > end"), flow("late", "a"))


@pytest.mark.parametrize("parts", [again(duration="PT0S"), again(TWICE), again(TWICE, interrupting=False)])
def test_a_task_that_comes_again_at_once_is_told(parts: tuple[str, ...]) -> None:
    assert told(*parts) == [("a", "late")]


def test_a_deadline_of_no_time_is_at_once_too() -> None:
    at_once = again('k:basis="deadline"', duration="PT0S", inside='<k:deadline duration="PT0S"/>')
    assert told(*at_once) == [("a", "late")]
    for inside, duration in (("P1D", "PT0S"), ("PT0S", "PT1H")):
        assert not told(*again('k:basis="deadline"', duration=duration, inside=f'<k:deadline duration="{inside}"/>'))


def test_a_time_that_passes_first_is_no_fault() -> None:
    assert not told(*again())
    cycle = "<timerEventDefinition><timeCycle>R/2020-01-01T00:00:00Z/P1W</timeCycle></timerEventDefinition>"
    event = node("boundaryEvent", "late", cycle, 'attachedToRef="a" cancelActivity="false"')
    assert not told(start(), task("a"), event, end(), flows("start > a > end"), flow("late", "a"))
    error = node("boundaryEvent", "broken", "<errorEventDefinition/>", 'attachedToRef="a"')
    assert not told(start(), task("a"), error, end(), flows("start > a > end"), flow("broken", "a"))


def test_a_wait_for_a_fixed_moment_is_over_the_second_time() -> None:
    wait = catch("wait", "timeDate", "2026-01-01T00:00:00Z")
    rest = (gateway("gw", "f_gw_end"), end(), flow("gw", "end"), flow("gw", "wait", LARGE), flows("wait > gw"))
    assert told(start(), wait, *rest, flow("start", "wait")) == [("wait", "gw")]
    assert not told(start(), catch("wait"), *rest, flow("start", "wait"))
    between = (start(), task("t"), gateway("gw", "f_gw_end"), end(), flow("gw", "end"), flow("gw", "t", LARGE))
    assert not told(*between, wait, flows("start > t > wait > gw"))


def test_the_first_of_several_events_may_be_a_timer_that_is_due() -> None:
    parts = (
        start(), node("eventBasedGateway", "first"), catch("soon", value="PT0S"), catch("later"), end(),
        flows("start > first > soon > first > later > end"),
    )  # fmt: skip
    assert told(*parts) == [("first", "soon")]


@pytest.mark.parametrize(("duration", "interrupting", "found"), [("PT0S", "true", 1), ("PT0S", "false", 0),
                                                                ("P1D", "true", 0)])  # fmt: skip
def test_a_part_that_a_timer_ends_at_once(duration: str, interrupting: str, found: int) -> None:
    timing = f"<timerEventDefinition><timeDuration>{duration}</timeDuration></timerEventDefinition>"
    began = node("startEvent", "began", timing, f'isInterrupting="{interrupting}"')
    handler = sub("h", began, end("he", "other"), flow("began", "he"), attributes='triggeredByEvent="true"')
    inner = sub("s", start("i"), task("a"), end("ie", "other"), flows("i > a > ie"), handler)
    parts = (start(), inner, gateway("gw", "f_gw_end"), end(), flows("start > s > gw > end"), flow("gw", "s", LARGE))
    assert len(told(*parts)) == found


MESSAGES = '<message id="m" name="Paid" k:correlation="deal"/><message id="o" name="Other" k:correlation="deal"/>'


def sends(id: str = "throw", message: str = "m") -> str:
    return node("intermediateThrowEvent", id, f'<messageEventDefinition messageRef="{message}"/>')


def waits(tag: str, id: str, attributes: str = "") -> str:
    return node(tag, id, '<messageEventDefinition messageRef="m"/>', attributes)


def circle(*parts: str, line: str, sent: str = "m") -> list[tuple[str, ...]]:
    drawn = (start(), gateway(default="gw_throw"), sends(message=sent), *parts, end())
    leave = [flow("gw", "end", LARGE), flow("gw", "throw", id="gw_throw"), flows(line)]
    xml = bpmn(*drawn, *leave, beside=MESSAGES)
    return [problem.path for problem in check(compile_bpmn(xml)) if problem.code == "hurried_loop"]


def test_a_circle_that_waits_for_what_it_sends_is_told() -> None:
    receive = node("receiveTask", "wait", "", 'messageRef="m"')
    line = "start > gw, throw > wait > gw"
    assert circle(receive, line=line) == [("wait", "gw", "throw")]
    assert circle(waits("intermediateCatchEvent", "wait"), line=line) == [("wait", "gw", "throw")]
    behind = (node("eventBasedGateway", "race"), waits("intermediateCatchEvent", "wait"), catch("late"))
    assert circle(*behind, line="start > gw, throw > race > wait > gw, race > late > end") == [
        ("race", "wait", "gw", "throw")
    ]
    on_task = (task("a"), waits("boundaryEvent", "wait", 'attachedToRef="a"'))
    assert circle(*on_task, line="start > gw, throw > a > end, wait > gw") == [("a", "wait", "gw", "throw")]


def test_a_circle_that_waits_for_what_others_send_is_no_fault() -> None:
    receive = node("receiveTask", "wait", "", 'messageRef="m"')
    assert not circle(receive, line="start > gw, throw > wait > gw", sent="o")
