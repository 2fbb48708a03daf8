"""Each fault of a process is proved with a run that shows it, and what is no fault is not called one."""

import pytest

from kniga.engine import Definition, Problem, Verdict, compile_bpmn, prove
from kniga.engine.definition.problems import TEMPLATES
from tests.engine.drawing import bpmn, catch, end, flow, flows, gateway, node, on, start, sub, task, timer

BESIDE = (
    '<message id="msg" name="m"/><error id="err1" errorCode="e1"/><error id="err2" errorCode="e2"/>'
    '<escalation id="esc" escalationCode="c1"/>'
)
MESSAGE = '<messageEventDefinition messageRef="msg"/>'
ERROR = '<errorEventDefinition errorRef="err1"/>'
ESCALATION = '<escalationEventDefinition escalationRef="esc"/>'
NEVER = {
    "all": [{"field": "deal.amount", "op": op, "value": "5"} for op in ("gt", "lt")],
}
LARGE = {"field": "deal.amount", "op": "gt", "value": "100"}
WEBHOOK = '<k:action name="call_webhook"><k:param name="url" value="https://example.org/"/></k:action>'


def read(*parts: str) -> Definition:
    return compile_bpmn(bpmn(*parts, beside=BESIDE))


def proved(*parts: str, limit: int = 10_000) -> Verdict:
    verdict = prove(read(*parts), limit=limit)
    assert all(problem.message and problem.cure for problem in verdict.problems)
    return verdict


def errors(*parts: str) -> list[tuple[str, str | None]]:
    verdict = proved(*parts)
    found = [(problem.code, problem.element) for problem in verdict.problems if problem.severity == "error"]
    assert (verdict.kind == "unsound") is bool(found)
    return found


def said(verdict: Verdict, code: str) -> Problem:
    return next(problem for problem in verdict.problems if problem.code == code)


def warned(*parts: str) -> set[str]:
    verdict = proved(*parts)
    assert verdict.kind == "sound"
    return {problem.code for problem in verdict.problems}


def both(id: str) -> str:
    return node("parallelGateway", id)


def some(id: str, default: str = "") -> str:
    return node("inclusiveGateway", id, attributes=f'default="{default}"' if default else "")


def event(id: str, at: str, inside: str, *, interrupting: bool = True) -> str:
    stop = str(interrupting).lower()
    return node("boundaryEvent", id, inside, f'attachedToRef="{at}" cancelActivity="{stop}"')


def handler(id: str, *parts: str) -> str:
    return sub(id, *parts, attributes='triggeredByEvent="true"')


def service(id: str) -> str:
    return node("serviceTask", id, f"<extensionElements>{WEBHOOK}</extensionElements>")


SPLIT = (start(), both("s"), task("a"), task("b"), both("j"), end("e"))


def test_parallel_paths_that_meet_are_sound() -> None:
    assert errors(*SPLIT, flows("start>s>a>j>e, s>b>j")) == []


def test_a_join_behind_a_choice_waits_for_ever() -> None:
    parts = (start(), task("t", "x y"), gateway("g"), task("a"), task("b"), both("j"), end("e"))
    drawn = (flows("start>t>g, a>j>e, b>j"), flow("g", "a", on("x")), flow("g", "b", on("y")))
    verdict = proved(*parts, *drawn)
    stuck = said(verdict, "stuck")
    assert (verdict.kind, stuck.element, stuck.path) == ("unsound", "j", ("start", "t", "g", "a", "j"))


def test_a_split_that_leads_back_gathers_paths_without_end() -> None:
    parts = (start(), gateway("m"), task("a"), both("s"), task("b"), end("e", "other"))
    verdict = proved(*parts, flows("start>m>a>s>m, s>b>e"))
    assert said(verdict, "unbounded").path[:4] == ("start", "m", "a", "s")
    assert verdict.kind == "unsound"


def test_paths_may_gather_inside_a_sub_process_too() -> None:
    inner = (start("i"), gateway("m"), task("a"), both("s"), task("b"), end("ie", "other"), flows("i>m>a>s>m, s>b>ie"))
    assert errors(start(), sub("box", *inner), end("e"), flows("start>box>e"))[0][0] == "unbounded"


def test_paths_that_meet_without_a_join_are_a_warning() -> None:
    parts = (start(), both("s"), task("a"), task("b"), gateway("m"), task("c"), end("e", "other"))
    assert "open_twice" in warned(*parts, flows("start>s>a>m>c>e, s>b>m"))


def test_two_tokens_on_one_flow_of_a_join_are_a_warning() -> None:
    first = (start(), both("s"), task("a"), task("b"), task("c"), task("d"), gateway("m"), gateway("n"), both("j"))
    drawn = flows("start>s>a>m>j, s>b>m, s>c>n>j, s>d>n, j>e")
    assert "unsynchronised" in warned(*first, end("e", "other"), drawn)


def test_a_branch_that_another_one_ends_may_stay_open() -> None:
    parts = (start(), both("s"), task("a"), task("b"), end("won", "won"), end("o", "other"))
    assert errors(*parts, flows("start>s>a>won, s>b>o")) == []


def test_a_loop_that_only_another_path_ends_is_a_warning() -> None:
    parts = (start(), both("s"), task("a"), task("b"), gateway("m"), end("won", "won"))
    assert "dead_end" in warned(*parts, flows("start>s>a>won, s>m>b>m"))


def test_a_loop_nothing_leaves_is_an_error() -> None:
    parts = (start(), both("s"), task("a"), task("b"), gateway("m"), end("o", "other"))
    assert {code for code, _ in errors(*parts, flows("start>s>a>o, s>m>b>m"))} == {"dead_end"}


def test_a_loop_whose_way_out_the_answers_never_allow_is_found() -> None:
    question = '<k:question key="q" type="choice" required="true"><k:choice key="x"/><k:choice key="y"/></k:question>'
    parts = (start(), task("ask", "ok", question), gateway("m"), task("again"), gateway("g", "d"), end("e"))
    is_x = {"field": "answer.q", "op": "eq", "value": "x"}
    drawn = (flows("start>ask>m>again>g"), flow("g", "m", id="d"), flow("g", "e", is_x))
    verdict = proved(*parts, *drawn)
    assert said(verdict, "no_way_to_end").path == ("start", "ask", "m", "again", "g", "m", "again")


def test_what_was_answered_once_is_not_forgotten() -> None:
    question = '<k:question key="q" type="choice"><k:choice key="x"/><k:choice key="y"/></k:question>'
    is_x = {"field": "answer.q", "op": "eq", "value": "x"}
    parts = (start(), task("ask", "ok", question), gateway("g", "d1"), task("a"), task("b"), gateway("h", "d2"))
    drawn = (
        flows("start>ask>g, a>h, b>end1, c>end2"),
        flow("g", "a", is_x),
        flow("g", "b", id="d1"),
        flow("h", "end3", is_x),
        flow("h", "c", id="d2"),
    )
    found = errors(*parts, task("c"), end("end1"), end("end2"), end("end3", "lost"), *drawn)
    assert found == [("dead_element", "c"), ("dead_element", "end2")]


def test_a_demanded_answer_leaves_no_gap() -> None:
    question = '<k:question key="q" type="choice" {}><k:choice key="x"/><k:choice key="y"/></k:question>'
    other = '<k:question key="q" type="choice"><k:choice key="z"/></k:question>'
    drawn = (
        flows("start>a>g"),
        flow("g", "won", {"field": "answer.q", "op": "eq", "value": "x"}),
        flow("g", "b", {"field": "answer.q", "op": "eq", "value": "y"}),
        flow("b", "lost"),
    )
    ends = (gateway("g"), end("won", "won"), end("lost", "lost"))
    for demand, found in (
        ('required="true"', []),
        ('requiredFor="ok"', []),
        ("", [("gateway_may_block", "g")]),
    ):
        parts = (start(), task("a", "ok", question.format(demand)), task("b", "ok", other), *ends)
        assert errors(*parts, *drawn) == found


def test_fields_of_the_deal_may_change_between_two_steps() -> None:
    parts = (start(), gateway("g", "d1"), task("a"), task("b"), gateway("h", "d2"), task("c"), end("e"), end("f"))
    twice = (flow("g", "a", LARGE), flow("g", "b", id="d1"), flow("h", "e", LARGE), flow("h", "c", id="d2"))
    assert errors(*parts, flows("start>g, a>h, b>e, c>f"), *twice) == []


def test_fields_of_the_deal_stay_as_they_are_within_one_step() -> None:
    parts = (start(), gateway("g", "d1"), task("b"), gateway("h", "d2"), task("c"), end("e"), end("f"))
    twice = (flow("g", "h", LARGE), flow("g", "b", id="d1"), flow("h", "e", LARGE), flow("h", "c", id="d2"))
    assert errors(*parts, flows("start>g, b>e, c>f"), *twice) == [("dead_element", "c"), ("dead_element", "f")]


def test_an_inclusive_gateway_without_default_may_block() -> None:
    parts = (start(), task("t", "x y"), some("s"), task("a"), task("b"), some("j"), end("e"))
    drawn = (flows("start>t>s, a>j>e, b>j"), flow("s", "a", on("x")), flow("s", "b", LARGE))
    assert errors(*parts, *drawn) == [("gateway_may_block", "s")]
    narrow = (flows("start>t>s, a>j>e, b>j"), flow("s", "a", on("x")), flow("s", "b", {"all": [on("x"), LARGE]}))
    assert errors(*parts, *narrow) == [("outcome_without_flow", "t")]


def test_an_inclusive_join_waits_for_what_can_still_come() -> None:
    parts = (start(), some("s", "d"), task("a"), task("b"), some("j"), end("e"))
    drawn = (flows("start>s, a>j>e, b>j"), flow("s", "a", LARGE), flow("s", "b", id="d"))
    assert errors(*parts, *drawn) == []


def test_a_join_an_inclusive_split_does_not_always_feed_is_stuck() -> None:
    parts = (start(), some("s", "d"), task("a"), task("b"), both("j"), end("e"))
    drawn = (flows("start>s, a>j>e, b>j"), flow("s", "a", LARGE), flow("s", "b", id="d"))
    assert errors(*parts, *drawn) == [("stuck", "j")]


def test_an_element_behind_a_join_that_never_fires_is_not_named_as_well() -> None:
    parts = (start(), both("s"), task("a"), task("b", "x y"), gateway("g"), both("j"), task("c"), end("e"), end("f"))
    drawn = (flows("start>s>a>j>c>e, s>b>g"), flow("g", "j", on("x")), flow("g", "f", on("y")))
    assert errors(*parts, *drawn) == []


def test_a_branch_no_condition_lets_through_is_dead() -> None:
    parts = (start(), task("t", "x"), gateway("g", "d"), task("a"), end("e"), end("f"))
    verdict = proved(*parts, flows("start>t>g, a>f"), flow("g", "a", NEVER), flow("g", "e", id="d"))
    assert verdict.kind == "unsound"
    assert said(verdict, "dead_element").path == ("start", "t", "g", "a")


def test_a_handler_of_an_error_nobody_throws_is_dead() -> None:
    parts = (start(), task("a"), event("x", "a", '<errorEventDefinition errorRef="err1"/>'), end("e"), end("f"))
    assert errors(*parts, flows("start>a>e, x>f")) == [("dead_element", "x"), ("dead_element", "f")]


def test_a_handler_inside_a_dead_sub_process_has_a_path_too() -> None:
    inner = sub("box", start("i"), task("b"), end("ie", "other"), flows("i>b>ie"))
    parts = (start(), task("t", "x"), gateway("g", "d"), inner, end("e"), end("f"))
    verdict = proved(*parts, flows("start>t>g, box>f"), flow("g", "box", NEVER), flow("g", "e", id="d"))
    assert [
        problem.path for problem in verdict.problems if (problem.code, problem.element) == ("dead_element", "b")
    ] == [("start", "t", "g", "box", "i", "b")]


def test_errors_of_work_reach_whoever_catches_them() -> None:
    own = event("x", "w", '<errorEventDefinition errorRef="err1"/>')
    around = event("y", "box", "<errorEventDefinition/>")
    named = event("z", "box", '<errorEventDefinition errorRef="err2"/>')
    inner = (start("i"), service("w"), own, end("ie", "other"), end("xe", "other"), flows("i>w>ie, x>xe"))
    ends = (end("e"), end("ye"), end("ze"))
    assert errors(start(), sub("box", *inner), around, named, *ends, flows("start>box>e, y>ye, z>ze")) == []


def test_an_error_end_is_caught_by_an_event_sub_process_before_the_boundary() -> None:
    thrown = node("endEvent", "ie", '<errorEventDefinition errorRef="err1"/>')
    caught = handler(
        "h", node("startEvent", "hs", "<errorEventDefinition/>"), task("b"), end("he", "other"), flows("hs>b>he")
    )
    inner = (start("i"), task("a"), thrown, flows("i>a>ie"), caught)
    outer = event("x", "box", "<errorEventDefinition/>")
    assert errors(start(), sub("box", *inner), outer, end("e"), end("xe"), flows("start>box>e, x>xe")) == [
        ("dead_element", "x"),
        ("dead_element", "xe"),
    ]


def test_an_error_nobody_catches_ends_the_instance() -> None:
    thrown = node("endEvent", "ie", '<errorEventDefinition errorRef="err1"/>')
    assert errors(start(), task("a"), thrown, flows("start>a>ie")) == []


def escalating(at: str, *, interrupting: bool) -> tuple[str, ...]:
    outer: tuple[str, ...]
    throw = node("intermediateThrowEvent", "throw", '<escalationEventDefinition escalationRef="esc"/>')
    inner = (start("i"), throw, task("a"), end("ie", "other"), flows("i>throw>a>ie"))
    caught = '<escalationEventDefinition escalationRef="esc"/>'
    if at == "boundary":
        outer = (
            sub("box", *inner),
            event("x", "box", caught, interrupting=interrupting),
            end("xe", "other"),
            flows("x>xe"),
        )
    else:
        begin = node("startEvent", "hs", caught, f'isInterrupting="{str(interrupting).lower()}"')
        outer = (sub("box", *inner, handler("h", begin, end("he", "other"), flows("hs>he"))),)
    return (start(), *outer, end("e"), flows("start>box>e"))


@pytest.mark.parametrize("at", ["boundary", "handler"])
def test_an_escalation_that_interrupts_leaves_dead_what_follows_it(at: str) -> None:
    assert errors(*escalating(at, interrupting=False)) == []
    assert ("dead_element", "a") in errors(*escalating(at, interrupting=True))


def test_an_escalation_nobody_catches_goes_on() -> None:
    thrown = node("endEvent", "ie", '<escalationEventDefinition escalationRef="esc"/>')
    assert errors(start(), task("a"), thrown, flows("start>a>ie")) == []


def test_terminate_ends_its_scope_with_everything_in_it() -> None:
    stop = node("endEvent", "ie", "<terminateEventDefinition/>")
    inner = (start("i"), both("s"), task("a"), task("b"), stop, end("o", "other"), flows("i>s>a>ie, s>b>o"))
    assert errors(start(), sub("box", *inner), task("c"), end("e"), flows("start>box>c>e")) == []
    outer = node("endEvent", "e", "<terminateEventDefinition/>")
    assert errors(start(), both("s"), task("a"), task("b"), outer, end("o", "other"), flows("start>s>a>e, s>b>o")) == []


def test_reminders_that_come_again_and_again_are_no_fault() -> None:
    parts = (start(), gateway("m"), task("a", "x y"), gateway("g"), timer("r", "a", interrupting=False), task("b"))
    drawn = (flows("start>m>a>g, r>b>o"), flow("g", "m", on("x")), flow("g", "e", on("y")))
    assert errors(*parts, end("o", "other"), end("e"), *drawn) == []


def test_a_message_beside_a_step_may_come_more_than_once() -> None:
    parts = (start(), task("a"), event("r", "a", MESSAGE, interrupting=False), both("j"), end("o", "other"))
    assert errors(*parts, flows("start>a>j>o, r>j")) == [("stuck", "j")]


@pytest.mark.parametrize(
    "inside", [MESSAGE, "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"]
)
@pytest.mark.parametrize("interrupting", ["true", "false"])
def test_event_sub_processes_begin_beside_or_instead(inside: str, interrupting: str) -> None:
    def caught(id: str) -> str:
        begin = node("startEvent", f"{id}s", inside, f'isInterrupting="{interrupting}"')
        return handler(id, begin, task(f"{id}t"), end(f"{id}e", "other"), flows(f"{id}s>{id}t>{id}e"))

    inner = (start("i"), task("a"), end("ie", "other"), flows("i>a>ie"), caught("x"))
    assert errors(start(), sub("box", *inner), end("e", "other"), flows("start>box>e"), caught("y")) == []


def test_conditional_events_come_unless_they_never_can() -> None:
    def conditional(condition: str) -> str:
        text = f'<condition language="urn:kniga:rules:1">{condition}</condition>'
        return f"<conditionalEventDefinition>{text}</conditionalEventDefinition>"

    large = '{"field": "deal.amount", "op": "gt", "value": "100"}'
    small = '{"field": "deal.amount", "op": "lt", "value": "10"}'
    ends = (end("e"), end("f", "other"), flows("start>a>e, x>f"))
    assert errors(start(), task("a"), event("x", "a", conditional(large)), *ends) == []
    never = conditional(f'{{"all": [{large}, {small}]}}')
    assert errors(start(), task("a"), event("x", "a", never), *ends) == [("dead_element", "x"), ("dead_element", "f")]


def test_the_first_of_several_events_decides() -> None:
    parts = (
        start(),
        task("t", "x y"),
        node("eventBasedGateway", "g"),
        catch("c"),
        node("receiveTask", "r", "", 'messageRef="msg"'),
    )
    assert errors(*parts, gateway("h", "d"), end("e"), end("f"), end("o"),
        flows("start>t>g>c>h, g>r>o"), flow("h", "f", on("x")), flow("h", "e", id="d"),
    ) == [("dead_element", "f")]  # fmt: skip


def test_an_outcome_stays_with_its_path_through_what_asks_nobody() -> None:
    parts = (start(), task("t", "x y"), service("w"), catch("c"), gateway("g"), end("e"), end("f"))
    assert errors(*parts, flows("start>t>w>c>g"), flow("g", "e", on("x")), flow("g", "f", on("y"))) == []
    assert errors(*parts[:-1], flows("start>t>w>c>g"), flow("g", "e", on("x"))) == [("gateway_may_block", "g")]


def test_a_called_process_ends_with_one_of_three_results() -> None:
    call = node("callActivity", "c", "", 'calledElement="other_process"')
    parts = (start(), call, gateway("g", "d"), end("w", "won"), end("l", "lost"), end("o", "other"))
    drawn = (flows("start>c>g"), flow("g", "w", on("won")), flow("g", "l", on("lost")), flow("g", "o", id="d"))
    assert errors(*parts, *drawn) == []


@pytest.mark.parametrize("count", ["<loopCardinality>3</loopCardinality>", ""])
@pytest.mark.parametrize("way", ["true", "false"])
def test_what_is_done_for_each_item_is_sound_if_it_is_for_one(way: str, count: str) -> None:
    each = "" if count else 'k:each="client.contacts"'
    loop = f'<multiInstanceLoopCharacteristics isSequential="{way}" {each}>{count}</multiInstanceLoopCharacteristics>'
    inner = (start("i"), both("s"), task("a"), task("b"), both("j"), end("ie", "other"), flows("i>s>a>j>ie, s>b>j"))
    each_task = node("userTask", "t", f'<extensionElements><k:outcome key="ok" label="ok"/></extensionElements>{loop}')
    assert errors(start(), sub("box", *inner, loop), each_task, end("e"), flows("start>box>t>e")) == []


def test_a_message_or_signal_or_timer_may_start_it_too() -> None:
    parts = (start(), node("startEvent", "ms", MESSAGE), task("a"), task("b"), end("e"), end("f"))
    assert errors(*parts, flows("start>a>e, ms>b>f")) == []


def test_what_cannot_be_decided_is_not_called_sound() -> None:
    asked = [{"field": f"answer.q{number}", "op": "eq", "value": True} for number in range(12)]
    asks = "".join(f'<k:question key="q{number}" type="boolean"/>' for number in range(12))
    drawn = [flow("g", "e", one, id=f"e{number}") for number, one in enumerate([{"all": asked}, *asked])]
    verdict = proved(start(), task("a", "ok", asks), gateway("g"), end("e"), flows("start>a>g"), *drawn)
    assert (verdict.kind, verdict.reason) == ("not_proved", said(verdict, "not_decided").message)


def test_what_depends_on_the_day_may_change_between_two_steps() -> None:
    past = {"field": "answer.day", "op": "lt", "value": {"from_now": 0, "unit": "day"}}
    asks = '<k:question key="day" type="date"/>'
    parts = (start(), task("a", "ok", asks), gateway("g", "d"), gateway("m"), task("b"), end("e"))
    assert errors(*parts, flows("start>a>m>g, b>m"), flow("g", "e", past), flow("g", "b", id="d")) == []


def test_conditions_that_tie_answers_to_fields_are_not_called_sound() -> None:
    tied = {"all": [{"field": "answer.q", "op": "eq", "value": "x"}, LARGE]}
    parts = (start(), task("a", "ok", '<k:question key="q"/>'), gateway("g", "d"), gateway("m"), task("b"), end("e"))
    verdict = proved(*parts, flows("start>a>m>g, b>m"), flow("g", "e", tied), flow("g", "b", id="d"))
    assert (verdict.kind, verdict.problems[0].code) == ("not_proved", "mixed_conditions")


def test_more_states_than_allowed_are_not_called_sound() -> None:
    verdict = proved(*SPLIT, flows("start>s>a>j>e, s>b>j"), limit=1)
    assert (verdict.kind, "there are more" in verdict.reason) == ("not_proved", True)
    assert TEMPLATES["not_proved"][1]


def test_only_won_or_only_lost_is_a_warning() -> None:
    parts = (start(), task("t", "x"), gateway("g", "d"), end("won", "won"), end("lost", "lost"))
    found = proved(*parts, flows("start>t>g"), flow("g", "won", id="d"), flow("g", "lost", NEVER)).problems
    assert {"no_lost_end", "dead_element"} <= {problem.code for problem in found}


def test_a_step_for_nobody_is_a_warning() -> None:
    from dataclasses import replace

    definition = read(start(), task("a"), end("e"), flows("start>a>e"))
    step = definition.user_task("a")
    assert step is not None
    nobody = replace(definition, elements={**definition.elements, "a": replace(step, assignee="")})
    assert "no_assignee" in {problem.code for problem in prove(nobody).problems}


def test_a_step_inside_a_sub_process_may_be_ended_from_around_it() -> None:
    never = (flow("g", "m", id="d"), flow("g", "ie", NEVER))
    inner = (start("i"), gateway("m"), task("a"), gateway("g", "d"), end("ie"), flows("i>m>a>g"), *never)
    parts = (start(), sub("box", *inner), timer("t", "box"), end("e"), end("f"), flows("start>box>e, t>f"))
    assert sorted(errors(*parts)) == [("dead_element", "e"), ("dead_element", "ie")]
    lost = (start("i"), gateway("m"), task("a"), task("b"), end("ie"), flows("i>m>a>m, b>ie"))
    drawn = (start(), sub("box", *lost), timer("t", "box"), end("e"), end("f"), flows("start>box>e, t>f"))
    assert ("dead_end", "a") not in errors(*drawn)


def test_what_stands_in_a_part_no_way_leads_to_is_not_named_one_by_one() -> None:
    island = sub("island", start("i"), task("b"), end("ie"), flows("i>b>ie"))
    assert errors(start(), task("a"), island, end("e"), flows("start>a>e, island>e")) == [("unreachable", "island")]


def test_more_combinations_of_conditions_than_can_be_looked_at_are_not_decided() -> None:
    keys = [f"answer.q{number}" for number in range(13)]
    asks = "".join(f'<k:question key="q{number}" type="boolean"/>' for number in range(13))
    parts = [start(), task("t", "ok", asks), some("s", "d"), end("e", "other")]
    drawn = [flows("start>t>s"), flow("s", "e", id="d")]
    for number, key in enumerate(keys):
        parts.append(task(f"a{number}"))
        drawn.append(flow("s", f"a{number}", {"field": key, "op": "eq", "value": True}))
        drawn.append(flow(f"a{number}", "e"))
    verdict = proved(*parts, *drawn, limit=50)
    assert verdict.kind == "not_proved"
    assert "not_decided" in {problem.code for problem in verdict.problems}


def test_a_fault_that_may_come_of_what_was_not_decided_is_a_warning() -> None:
    tied = {"all": [{"field": "answer.q", "op": "eq", "value": "x"}, LARGE]}
    asks = '<k:question key="q"/>'
    parts = (start(), task("a", "ok", asks), gateway("g", "d"), gateway("m"), task("b"), end("e"), gateway("h"))
    drawn = (flows("start>a>m>g, b>h"), flow("g", "e", tied), flow("g", "b", id="d"), flow("h", "m", tied))
    verdict = proved(*parts, *drawn)
    assert verdict.kind == "not_proved"
    assert said(verdict, "gateway_may_block").severity == "warning"
