"""What the compiler refuses anyway, the proof survives; what it cannot remember, it says."""

from kniga.engine import Branch, Definition, EndEvent, ExclusiveGateway, StartEvent, prove
from kniga.engine.soundness.data import NO_FACTS, Conditions
from kniga.rules import And, Comparison
from tests.engine.building import build, user_task, way

X = Comparison("answer.x", "number", "gt", 1)
Y = Comparison("answer.y", "number", "gt", 1)


def test_gateways_in_a_circle_do_not_hang_the_proof() -> None:
    circle = ExclusiveGateway("g", "", (Branch("f1", X, "g"),), way("end"), None)
    definition = build(
        StartEvent("start", "", (way("g"),)), circle, EndEvent("end", "", "won", None), needs=("answer.x",)
    )
    found = [problem for problem in prove(definition).problems if problem.severity == "error"]
    assert [problem.code for problem in found] == ["automatic_loop"]
    assert found[0].params["elements"] == "g"


def test_what_two_answers_have_in_common_is_lost_when_one_is_given_anew() -> None:
    def asks(key: str, then: str) -> object:
        from kniga.engine import Question

        return user_task(f"ask_{key}", then, questions=(Question(key, key, "number"),))

    both = And((X, Y))
    first = ExclusiveGateway("g", "", (Branch("f1", both, "ask_x"),), way("ask_x", "f2"), None)
    second = ExclusiveGateway("h", "", (Branch("f3", both, "end"),), way("other", "f4"), None)
    ends = (EndEvent("end", "", "won", None), EndEvent("other", "", "lost", None))
    definition: Definition = build(
        StartEvent("start", "", (way("g"),)), first, asks("x", "h"), second, *ends,  # type: ignore[arg-type]
        question_types={"x": "number", "y": "number"},
    )  # fmt: skip
    assert prove(definition).kind == "not_proved"


def test_too_many_cases_count_as_possible_and_are_named() -> None:
    single = [Comparison(f"answer.{key}", "boolean", "eq", True) for key in "abcdefghijklm"]
    conditions = Conditions(build(StartEvent("start", "", (way("end"),)), EndEvent("end", "", "won", None)))
    found = list(conditions.first([And(tuple(single)), *single], None, NO_FACTS, "g"))
    assert [at for at, _ in found] == [*range(14), None]
    assert conditions.undecided == {"g"}
