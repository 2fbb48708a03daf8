"""Decision tables in the proof: what a row answers is known behind it, what no row answers is found."""

from dataclasses import replace

import pytest

from kniga.engine import (
    Branch,
    Choice,
    DecisionOutput,
    DecisionRule,
    DecisionTable,
    DecisionTask,
    Definition,
    EndEvent,
    ExclusiveGateway,
    MultiInstance,
    Param,
    Question,
    ServiceTask,
    StartEvent,
    prove,
)
from kniga.rules import And, Comparison, FieldType, Rule
from tests.engine.building import build, user_task, way

LARGE = Comparison("deal.amount", "money", "ge", 100)
SMALL = Comparison("deal.amount", "money", "lt", 100)


def table(policy: str = "FIRST", default: str | None = None, *rules: DecisionRule) -> DecisionTable:
    output = DecisionOutput("level", "", "text", default=default)
    rows = rules or (DecisionRule("r1", LARGE, ("high",)), DecisionRule("r2", SMALL, ("low",)))
    return DecisionTable("t", "", policy, None, ("deal.amount",), (output,), rows)  # type: ignore[arg-type]


def level(value: str | None) -> Rule:
    if value is None:
        return Comparison("answer.level", "text", "is_unknown")
    return Comparison("answer.level", "text", "eq", value)


def deciding(decided: DecisionTable, *values: str | None, loop: MultiInstance | None = None) -> Definition:
    """A step, the decision, and a gateway with an end for each value."""
    branches = tuple(Branch(f"to_{value}", level(value), f"end_{value}") for value in values)
    types: dict[str, FieldType] = {"level": "text"}
    return build(
        StartEvent("start", "", (way("a"),)),
        user_task("a", "decide"),
        DecisionTask("decide", "", decided, (), (way("g"),), loop=loop),
        ExclusiveGateway("g", "", branches, None, None),
        *(EndEvent(f"end_{value}", "", "won", None) for value in values),
        question_types=types,
        needs=("deal.amount",),
    )


def errors(definition: Definition) -> list[tuple[str, str | None]]:
    return [(one.code, one.element) for one in prove(definition).problems if one.severity == "error"]


def test_a_table_without_default_may_find_no_row() -> None:
    assert errors(deciding(table(), "high", "low")) == [("decision_gap", "decide")]


def test_what_is_wrong_with_a_table_is_said_at_its_task_with_values_that_show_it() -> None:
    (gap,) = (one for one in prove(deciding(table(), "high", "low")).problems if one.severity == "error")
    assert gap.path[-1] == "decide"
    assert gap.message == "No row of the decision “t” applies, for example when Deal amount is not known."
    assert "Сумма сделки: неизвестно" in gap.said(lambda text: text, "ru")[0]
    most = Comparison("deal.amount", "money", "le", 100)
    rows = (DecisionRule("r1", LARGE, ("high",)), DecisionRule("r2", most, ("low",)))
    verdict = prove(deciding(table("UNIQUE", "none", *rows), "high", "low", "none"))
    (overlap,) = (one for one in verdict.problems if one.severity == "error")
    assert (verdict.kind, overlap.code, overlap.element) == ("unsound", "rows_overlap", "decide")
    assert overlap.message == "Rows 1, 2 of the decision “t” both apply, for example when Deal amount is 100."


def test_a_row_behind_rows_that_always_answer_is_told_once_for_all_tasks_of_its_table() -> None:
    rows = (DecisionRule("r1", And(()), ("high",)), DecisionRule("r2", SMALL, ("low",)))
    definition = deciding(table("FIRST", None, *rows), "high")
    decide = definition.elements["decide"]
    assert isinstance(decide, DecisionTask)
    more = {"decide": replace(decide, ways=(way("again"),)), "again": replace(decide, id="again")}
    problems = prove(replace(definition, elements={**definition.elements, **more})).problems
    assert [(one.element, one.params["row"]) for one in problems if one.code == "row_never_answers"] == [
        ("decide", "2")
    ]


def test_a_gap_no_run_comes_to_is_not_told() -> None:
    """A gateway before the decision lets only large deals come to it; where that is not decided the gap is told."""
    rows = (DecisionRule("r1", LARGE, ("high",)),)
    definition = deciding(table("FIRST", None, *rows), "high")
    before = ExclusiveGateway("big", "", (Branch("yes", LARGE, "decide"),), way("end_high"), None)
    elements = {**definition.elements, "big": before, "a": user_task("a", "big")}
    narrowed = replace(definition, elements=elements)
    assert not [one for one in prove(narrowed).problems if one.code.startswith("decision")]
    assert [one.severity for one in prove(narrowed, limit=1).problems if one.code == "decision_gap"] == ["warning"]


@pytest.mark.parametrize("policy", ["FIRST", "UNIQUE"])
def test_behind_a_table_nothing_but_its_outputs_is_possible(policy: str) -> None:
    assert errors(deciding(table(policy, "none"), "high", "low", "none")) == []
    assert errors(deciding(table(policy, "none"), "high", "low")) == [("gateway_may_block", "g")]
    found = errors(deciding(table(policy, "none"), "high", "low", "none", "else"))
    assert found == [("dead_element", "end_else")]


def test_an_output_may_be_empty() -> None:
    rows = (DecisionRule("r1", LARGE, (None,)),)
    assert errors(deciding(table("FIRST", "low", *rows), "low", None)) == []


def test_several_rows_may_answer_a_collecting_table() -> None:
    assert errors(deciding(table("COLLECT"), "high", "low")) == [("gateway_may_block", "g")]


def test_a_table_for_each_item_may_not_be_asked_at_all() -> None:
    decided = deciding(table("FIRST", "none"), "high", "low", "none", loop=MultiInstance(True, "client.contacts", None))
    assert errors(decided) == [("gateway_may_block", "g")]
    twice = deciding(table("FIRST", "none"), "high", "low", "none", loop=MultiInstance(True, None, 2))
    assert errors(twice) == []


def test_what_the_machine_sets_at_once_is_not_known_any_more() -> None:
    definition = deciding(table("FIRST", "none"), "high", "low", "none", None)
    params = (Param("field", "answer.level"), Param("value", "x"))
    sets = ServiceTask("set", "", "set_field", params, 0, 0, (), (way("g"),), True)
    decide = definition.elements["decide"]
    assert isinstance(decide, DecisionTask)
    elements = {**definition.elements, "set": sets, "decide": replace(decide, ways=(way("set"),))}
    assert errors(replace(definition, elements=elements)) == [("gateway_may_block", "g")]


def test_a_choice_can_also_be_what_a_table_answers() -> None:
    choices = (Choice("a", "a"), Choice("b", "b"))
    output = DecisionOutput("k", "", "choice", default="a")
    rows = (DecisionRule("r1", LARGE, ("c",)), DecisionRule("r2", SMALL, ("b",)))
    decided = DecisionTable("t", "", "FIRST", None, ("deal.amount",), (output,), rows)
    assert decided.answers("k") == ("a", "c", "b")
    assert decided.answers("other") == ()
    types: dict[str, FieldType] = {"k": "choice", "level": "text"}

    def taken(*values: str) -> Definition:
        branches = tuple(Branch(v, Comparison("answer.k", "choice", "eq", v), f"end_{v}") for v in values)
        return build(
            StartEvent("start", "", (way("a"),)),
            user_task("a", "decide", questions=(Question("k", "k", "choice", choices=choices),)),
            DecisionTask("decide", "", decided, (), (way("g"),)),
            ExclusiveGateway("g", "", branches, None, None),
            *(EndEvent(f"end_{value}", "", "won", None) for value in values),
            question_types=types,
            needs=("deal.amount",),
        )

    assert taken("b").choices_of("k") == ("a", "b", "c")
    assert taken("b").choices_of("level") == ()
    assert errors(taken("a", "b", "c")) == []
    assert errors(taken("a", "b")) == [("gateway_may_block", "g")]
