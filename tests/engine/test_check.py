"""What is said about a process before it is published."""

import pytest

from kniga.engine import Problem, check, compile_bpmn
from tests.engine.drawing import bpmn, end, flow, gateway, on, start, task, timer

FULL = '<k:script>Say hello to {{ client.name }}</k:script><k:deadline duration="P1D"/>'


def errors(*parts: str) -> list[Problem]:
    found = check(compile_bpmn(bpmn(*parts)))
    assert all(str(problem) for problem in found)
    return [problem for problem in found if problem.severity == "error"]


def warnings(*parts: str) -> list[str]:
    return [problem.code for problem in check(compile_bpmn(bpmn(*parts))) if problem.severity == "warning"]


def branching(*flows: str, questions: str = "", default: str = "") -> tuple[str, ...]:
    """One step, one gateway, and the given flows to the ends won and lost."""
    return (
        start(),
        task("a", "yes no", FULL + questions),
        gateway("gw", default),
        end("won", "won"),
        end("lost", "lost"),
        flow("start", "a"),
        flow("a", "gw"),
        *flows,
    )


def test_a_whole_process_has_nothing_against_it() -> None:
    assert check(compile_bpmn(bpmn(*branching(flow("gw", "won", on("yes")), flow("gw", "lost", on("no")))))) == ()


def test_an_outcome_without_a_flow_is_named() -> None:
    more = {"all": [on("no"), on("yes")]}
    (problem,) = errors(*branching(flow("gw", "won", on("yes")), flow("gw", "lost", more)))
    assert (problem.code, problem.element, problem.path) == ("outcome_without_flow", "a", ("a", "gw"))
    assert "“no”" in problem.message


def test_a_default_flow_takes_every_outcome() -> None:
    assert errors(*branching(flow("gw", "won", on("yes")), flow("gw", "lost", id="d"), default="d")) == []


def test_a_gateway_whose_conditions_may_all_be_untrue_is_found() -> None:
    amount = {"field": "deal.amount", "op": "gt", "value": 10}
    (problem,) = errors(*branching(flow("gw", "won", amount), flow("gw", "lost", {"not": amount})))
    assert (problem.code, problem.element) == ("gateway_may_block", "gw")


def test_conditions_that_cover_everything_need_no_default() -> None:
    amount = {"field": "deal.amount", "op": "gt", "value": 10}
    rest = {"any": [{"field": "deal.amount", "op": "le", "value": 10}, {"field": "deal.amount", "op": "is_unknown"}]}
    assert errors(*branching(flow("gw", "won", amount), flow("gw", "lost", rest))) == []


def test_choices_of_a_question_are_all_there_are() -> None:
    question = '<k:question key="q" type="choice"><k:choice key="a"/><k:choice key="b"/></k:question>'
    known = {"field": "answer.q", "op": "in", "value": ["a", "b"]}
    unknown = {"field": "answer.q", "op": "is_unknown"}
    assert errors(*branching(flow("gw", "won", known), flow("gw", "lost", unknown), questions=question)) == []


def test_what_no_way_leads_to_is_named_but_not_its_timers() -> None:
    parts = branching(flow("gw", "won", on("yes")), flow("gw", "lost", on("no")))
    lonely = (task("island", "ok", FULL), flow("island", "won"), timer("t", "island"), flow("t", "won"))
    assert [(problem.code, problem.element) for problem in errors(*parts, *lonely)] == [("unreachable", "island")]


def test_what_is_reached_only_by_a_timer_is_reached() -> None:
    parts = branching(flow("gw", "won", on("yes")), flow("gw", "lost", on("no")))
    side = (timer("t", "a", interrupting=False), task("b", "ok", FULL), flow("t", "b"), flow("b", "won"))
    assert errors(*parts, *side) == []


def test_a_dead_end_is_named() -> None:
    parts = (start(), task("a", "ok", FULL), task("b", "ok", FULL), flow("start", "a"), flow("a", "b"))
    found = [(problem.code, problem.element) for problem in errors(*parts, end())]
    assert found == [("unreachable", "end"), ("dead_end", "start"), ("dead_end", "a"), ("dead_end", "b")]


def test_a_circle_of_steps_without_an_exit_is_a_dead_end() -> None:
    parts = (start(), task("a", "ok", FULL), task("b", "ok", FULL), end(), flow("start", "a"))
    found = errors(*parts, flow("a", "b"), flow("b", "a"))
    assert {problem.element for problem in found if problem.code == "dead_end"} == {"start", "a", "b"}


def test_gateways_behind_gateways_are_followed_with_the_same_outcome() -> None:
    parts = branching(flow("gw", "second", on("yes")), flow("gw", "lost", on("no")))
    second = (gateway("second"), flow("second", "won", on("no")))
    assert [problem.path for problem in errors(*parts, *second)] == [("a", "gw", "second")]


def test_a_gateway_right_behind_the_start_has_no_outcome_to_go_by() -> None:
    parts = (start(), gateway("gw"), task("a", "yes", FULL), end(), flow("start", "gw"), flow("a", "end"))
    assert [problem.code for problem in errors(*parts, flow("gw", "a", on("yes")))] == ["gateway_may_block"]


def test_oversights_are_warnings() -> None:
    parts = (start(), '<userTask id="a"/>', end("e", "other"), flow("start", "a"), flow("a", "e"))
    assert warnings(*parts) == ["no_won_end", "no_lost_end", "no_script", "no_deadline", "no_outcomes"]


def test_a_placeholder_that_nothing_fills_in_is_a_warning() -> None:
    script = '<k:script>{{client.nmae}} {{answer.need}} {{answer.q}} {{clint.name}}</k:script><k:question key="q"/>'
    parts = (start(), task("a", "ok", script + '<k:deadline duration="P1D"/>'), end(), end("l", "lost"))
    found = check(compile_bpmn(bpmn(*parts, flow("start", "a"), flow("a", "end"))))
    placeholders = [problem.params["placeholder"] for problem in found if problem.code == "unknown_placeholder"]
    assert placeholders == ["answer.need", "clint.name"]


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ("{{client.name", ["unclosed_placeholder"]),
        ("{{client.name} and {{ user.name }}", ["unclosed_placeholder"]),
        ("{{client.name}}, {a brace}", []),
        ("{{the client}}", ["unknown_placeholder"]),
        ("{{имя}}", ["unknown_placeholder"]),
    ],
)
def test_a_field_that_is_no_field_is_a_warning(script: str, codes: list[str]) -> None:
    inside = f'<k:script>{script}</k:script><k:deadline duration="P1D"/>'
    parts = (start(), task("a", "ok", inside), end(), end("l", "lost"))
    found = check(compile_bpmn(bpmn(*parts, flow("start", "a"), flow("a", "end"))))
    assert [one.code for one in found if "placeholder" in one.code] == codes
    assert all(one.message and one.cure for one in found)
