"""Service tasks, calls, decisions and loops."""

from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pytest

from kniga.engine import (
    NEW_STATE,
    CallActivity,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    DecisionTask,
    Definition,
    Due,
    FailWork,
    FireTimer,
    MessageRef,
    MultiInstance,
    Param,
    ReceiveTask,
    Rejection,
    ServiceTask,
    Start,
    Token,
    advance,
)
from kniga.engine.definition.decisions import DecisionOutput, DecisionRule, DecisionTable
from kniga.engine.runtime.effects import CancelWaits, CreateTask, SetField, StartWork
from kniga.rules import Comparison, FieldType
from tests.engine.building import at, build, by_outcome, end, kinds, on_boundary, start, sub, user_task, way
from tests.engine.drawing import NOW, go, refused
from tests.engine.random_processes import q_over

HOUR = Due("duration", 3600, False)
TYPES: dict[str, FieldType] = {"q": "number", "day": "date"}


def service(action: str = "create_document", *params: Param, loop: MultiInstance | None = None) -> Definition:
    """One service task, then a task."""
    immediate = action == "set_field"
    return build(
        start("work"),
        ServiceTask("work", "", action, params, 3, 60, (), (way("next"),), immediate, loop=loop),
        user_task("next", "end"),
        end(),
        question_types=TYPES,
    )


def test_the_machine_is_asked_for_the_work_with_its_parameters_as_they_are_now() -> None:
    params = (Param("template", "offer"), Param("amount", field="deal.amount"), Param("q", field="answer.q"))
    step = go(service("create_document", *params), NEW_STATE, Start(data={"q": 2}, fields={"deal.amount": 7}))
    assert step.effects == (
        StartWork(1, "work", "create_document", {"template": "offer", "amount": 7, "q": 2}),
    )  # fmt: skip
    assert kinds(step) == ["instance.started", "work.started"]
    assert step.events[0].payload()["looked_at"] == {"deal.amount": 7}


def test_results_that_are_answers_are_kept_the_others_only_told() -> None:
    definition = service()
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, CompleteWork(1, {"q": "4", "day": "2026-05-04", "url": "there"}))
    assert step.state.data == {"q": 4, "day": date(2026, 5, 4)}
    assert step.events[0].payload() == {
        "token": 1, "element": "work", "outcome": None, "skipped": False,
        "results": {"q": {"decimal": "4"}, "day": {"date": "2026-05-04"}, "url": "there"},
    }  # fmt: skip
    assert at(step.state) == ["next"]


def test_work_that_is_not_open_cannot_be_reported() -> None:
    definition = service()
    state = go(definition, NEW_STATE, Start()).state
    assert refused(definition, state, CompleteWork(2)).code == "work_not_open"
    assert refused(definition, state, FailWork(2, "x")).code == "work_not_open"
    assert refused(definition, state, CompleteTask(1, "ok")).code == "task_not_open"
    state = go(definition, state, CompleteWork(1, skipped=True)).state
    assert refused(definition, state, CompleteWork(2)).code == "work_not_open"


@pytest.mark.parametrize(
    ("field", "value", "data", "effects"),
    [
        ("deal.amount", "1200.50", {}, (SetField("deal.amount", Decimal("1200.50")),)),
        ("deal.amount", None, {}, ()),
        ("answer.q", 5, {"q": 5}, ()),
        ("answer.q", None, {}, ()),
    ],
)
def test_the_engine_sets_fields_itself(field: str, value: Any, data: dict[str, Any], effects: tuple[Any, ...]) -> None:
    definition = service("set_field", Param("field", field), Param("value", value))
    step = go(definition, NEW_STATE, Start())
    assert step.state.data == data
    assert step.effects == (*effects, CreateTask(1, "next", None))


@pytest.mark.parametrize(
    ("field", "value"), [("deal.amount", "much"), ("deal.amount", -1), ("deal.source", "x"), ("answer.none", 1)]
)
def test_a_field_that_cannot_be_set_so_is_refused(field: str, value: Any) -> None:
    definition = service("set_field", Param("field", field), Param("value", value))
    assert refused(definition, NEW_STATE, Start()).code == "bad_payload"


def test_a_field_set_is_seen_by_the_conditions_of_the_same_step() -> None:
    params = (Param("field", "deal.amount"), Param("value", 500))
    big = Comparison("deal.amount", "money", "gt", 100)
    definition = build(
        start("set"),
        ServiceTask("set", "", "set_field", params, 0, 0, (), (way("decide"),), True),
        DecisionTask("decide", "", table("FIRST", DecisionRule("r", big, (1,))), (), (way("end"),)),
        end(),
    )
    step = go(definition, NEW_STATE, Start(fields={"deal.amount": 5}))
    assert step.state.data == {"level": 1}
    assert "looked_at" not in step.events[0].payload()


def test_the_result_of_a_called_process_is_the_outcome_of_the_call() -> None:
    definition = build(
        start("call"),
        CallActivity("call", "", "contract", 3, (), (way("choose"),)),
        by_outcome("choose", {"won": "a"}, default="b"),
        user_task("a", "end"),
        user_task("b", "end"),
        end(),
    )
    step = go(definition, NEW_STATE, Start())
    assert step.effects == (StartWork(1, "call", "call", {"process": "contract", "version": 3}),)
    assert at(go(definition, step.state, CompleteWork(1, outcome="won")).state) == ["a"]
    assert at(go(definition, step.state, CompleteWork(1, outcome="lost")).state) == ["b"]


def table(policy: Any, *rules: DecisionRule, aggregation: Any = None, **of_output: Any) -> DecisionTable:
    """A table with one output, level."""
    type: FieldType = of_output.pop("type", "number")
    return DecisionTable(
        "t", "", policy, aggregation, ("answer.q",), (DecisionOutput("level", "", type, **of_output),), rules
    )


THREE = (DecisionRule("r1", q_over(1), (1,)), DecisionRule("r2", q_over(3), (5,)), DecisionRule("r3", q_over(5), (3,)))


@pytest.mark.parametrize(
    ("decision", "q", "level", "rows"),
    [
        (table("UNIQUE", *THREE), 2, 1, ["r1"]),
        (table("UNIQUE", *THREE, default=9), 0, 9, []),
        (table("FIRST", *THREE), 6, 1, ["r1"]),
        (table("PRIORITY", *THREE, priorities=(5, 3)), 6, 5, ["r2"]),
        (table("PRIORITY", *THREE, priorities=(3, 5)), 6, 3, ["r3"]),
        (table("COLLECT", *THREE, aggregation="SUM"), 6, Decimal(9), ["r1", "r2", "r3"]),
        (table("COLLECT", *THREE, aggregation="MIN"), 6, 1, ["r1", "r2", "r3"]),
        (table("COLLECT", *THREE, aggregation="MAX"), 6, 5, ["r1", "r2", "r3"]),
        (table("COLLECT", *THREE, aggregation="COUNT"), 6, 3, ["r1", "r2", "r3"]),
        (table("COLLECT", *THREE, aggregation="COUNT"), 0, 0, []),
        (table("COLLECT", *THREE, aggregation="SUM"), 0, None, []),
        (table("COLLECT", *THREE, type="multi_choice"), 4, ("1", "5"), ["r1", "r2"]),
    ],
)
def test_a_decision_table_answers_by_its_hit_policy(
    decision: DecisionTable, q: int, level: Any, rows: list[str]
) -> None:
    definition = decided(decision)
    step = go(definition, NEW_STATE, Start(data={"q": q}))
    assert step.state.data.get("level") == level
    payload = step.events[1].payload()
    assert (payload["table"], payload["rows"]) == ("t", rows)


def test_sums_are_exact_whatever_the_thread_rounds_to_and_lists_have_each_choice_once() -> None:
    long = Decimal("100000000000000000000000000000.25")
    rows = (DecisionRule("r1", q_over(1), (long,)), DecisionRule("r2", q_over(1), (long,)))
    with localcontext(prec=3):
        step = go(decided(table("COLLECT", *rows, aggregation="SUM")), NEW_STATE, Start(data={"q": 2}))
    assert str(step.state.data["level"]) == "200000000000000000000000000000.50"
    step = go(decided(table("COLLECT", *rows, type="multi_choice")), NEW_STATE, Start(data={"q": 2}))
    assert step.state.data["level"] == (str(long),)


def decided(decision: DecisionTable) -> Definition:
    """A business-rule task, then a task."""
    task = DecisionTask("decide", "", decision, (), (way("next"),))
    return build(start("decide"), task, user_task("next", "end"), end(), question_types=TYPES)


def test_a_table_that_does_not_answer_is_refused_with_its_rows() -> None:
    rejection = refused(decided(table("UNIQUE", *THREE)), NEW_STATE, Start(data={"q": 4}))
    assert (rejection.code, rejection.params) == ("decision_not_unique", {"table": "t", "rows": "r1, r2"})
    assert refused(decided(table("FIRST", *THREE)), NEW_STATE, Start(data={"q": 0})).code == "no_decision"


def looped(
    sequential: bool, until: Any = None, field: str | None = "client.contacts", count: int | None = None
) -> Definition:
    """A call to each contact, then a task; after an hour it is given up."""
    many = MultiInstance(sequential, field, count, until)
    return build(
        start("each"),
        user_task("each", "next", outcomes=("yes", "no"), boundary=("late",), loop=many, stage="s"),
        on_boundary("late", "each", "end", "timer", due=HOUR),
        user_task("next", "end"),
        end(),
        question_types={"each.yes": "number", "each.no": "number"},
    )


CONTACTS = {"client.contacts": ("ann", "bob", "eve")}


def test_a_parallel_loop_begins_all_bodies_at_once_and_counts_their_outcomes() -> None:
    definition = looped(False)
    started = go(definition, NEW_STATE, Start(fields=CONTACTS))
    assert at(started.state) == ["each"] * 4
    assert [effect.item for effect in started.effects if isinstance(effect, CreateTask)] == ["ann", "bob", "eve"]
    assert started.events[1].payload() == {"token": 1, "element": "each", "items": ["ann", "bob", "eve"]}
    assert started.events[3].payload() == {"token": 2, "element": "each", "stage": "s", "item": "ann"}
    state = started.state
    assert refused(definition, state, CompleteTask(1, "yes")).code == "task_not_open"
    assert refused(definition, state, FireTimer(2, "late")).code == "timer_not_set"
    for token, outcome in ((3, "yes"), (2, "no"), (4, "yes")):
        step = go(definition, state, CompleteTask(token, outcome))
        state = step.state
    assert at(state) == ["next"]
    assert state.data == {"each.yes": 2, "each.no": 1}
    assert CancelWaits(1) in step.effects
    assert step.events[1].payload() == {
        "token": 1, "element": "each", "how": "completed", "done": 3, "outcomes": {"yes": 2, "no": 1},
    }  # fmt: skip


def test_a_sequential_loop_begins_one_body_after_the_other() -> None:
    definition = looped(True)
    state = go(definition, NEW_STATE, Start(fields=CONTACTS)).state
    for number in range(3):
        assert at(state) == ["each", "each"]
        assert state.tokens[1] == Token(2 + number, "each", parent=1, item=number)
        state = go(definition, state, CompleteTask(2 + number, "no")).state
    assert state.data == {"each.yes": 0, "each.no": 3}


@pytest.mark.parametrize("sequential", [True, False])
def test_a_loop_ends_early_when_it_is_enough(sequential: bool) -> None:
    definition = looped(sequential, Comparison("loop.outcome.yes", "number", "ge", 1))
    state = go(definition, NEW_STATE, Start(fields=CONTACTS)).state
    state = go(definition, state, CompleteTask(2, "no")).state
    step = go(definition, state, CompleteTask(3, "yes"))
    assert at(step.state) == ["next"]
    assert kinds(step).count("task.cancelled") == (0 if sequential else 1)


@pytest.mark.parametrize("fields", [{}, {"client.contacts": ()}])
def test_a_loop_over_nothing_is_passed(fields: dict[str, Any]) -> None:
    step = go(looped(False), NEW_STATE, Start(fields=fields))
    assert at(step.state) == ["next"]
    assert step.state.data == {"each.yes": 0, "each.no": 0}


def test_a_boundary_event_of_a_loop_ends_all_of_it() -> None:
    definition = looped(False)
    state = go(definition, NEW_STATE, Start(fields=CONTACTS)).state
    state = go(definition, state, CompleteTask(2, "yes")).state
    step = go(definition, state, FireTimer(1, "late"))
    assert step.state.status == "ended"
    assert kinds(step) == ["timer.fired", "task.cancelled", "task.cancelled", "loop.ended", "instance.ended"]


def test_a_loop_that_cannot_be_is_refused() -> None:
    assert refused(looped(False), NEW_STATE, Start(fields={"client.contacts": "ann"})).code == "bad_field"
    assert refused(looped(False, field=None, count=1001), NEW_STATE, Start()).code == "too_many_items"
    assert at(go(looped(True, field=None, count=1000), NEW_STATE, Start()).state) == ["each", "each"]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_loop_of_work_the_engine_does_itself_is_over_at_once(sequential: bool) -> None:
    params = (Param("field", "answer.q"), Param("value", 3))
    definition = service("set_field", *params, loop=MultiInstance(sequential, None, 1000))
    step = go(definition, NEW_STATE, Start())
    assert at(step.state) == ["next"]
    assert kinds(step) == ["instance.started", "loop.started", "loop.ended", "task.created"]
    assert (step.state.data, step.state.seq) == ({"q": 3}, 2)


def test_a_loop_that_is_enough_at_once_begins_no_more_bodies() -> None:
    enough = MultiInstance(False, None, 5, Comparison("loop.done", "number", "ge", 2))
    task = DecisionTask("decide", "", table("FIRST", *THREE), (), (way("next"),), loop=enough)
    definition = build(start("decide"), task, user_task("next", "end"), end(), question_types=TYPES)
    step = go(definition, NEW_STATE, Start(data={"q": 2}))
    assert kinds(step).count("decision.made") == 2
    assert at(step.state) == ["next"]


def test_every_kind_of_activity_can_be_repeated() -> None:
    many = MultiInstance(False, None, 2)
    for activity, command in (
        (ReceiveTask("x", "", MessageRef("m"), (), (way("end"),), loop=many), CorrelateMessage),
        (CallActivity("x", "", "p", None, (), (way("end"),), loop=many), CompleteWork),
        (ServiceTask("x", "", "rescore", (), 0, 0, (), (way("end"),), loop=many), CompleteWork),
    ):
        definition = build(start("x"), activity, end())
        state = go(definition, NEW_STATE, Start()).state
        for token in (2, 3):
            made = command(token, "x") if command is CorrelateMessage else command(token)  # type: ignore[call-arg]
            assert isinstance(advance(definition, state, command(1, "x"), now=NOW), Rejection)  # type: ignore[arg-type]
            state = go(definition, state, made).state
        assert state.status == "ended"


def test_a_repeated_sub_process_runs_as_often_at_once() -> None:
    definition = build(
        start("each"),
        sub("each", "end", loop=MultiInstance(False, None, 2)),
        start("a", "each_start", "each"),
        user_task("a", "each_end", scope="each"),
        end("each_end", scope="each"),
        end(),
    )
    step = go(definition, NEW_STATE, Start())
    assert [event.payload().get("item") for event in step.events if event.kind.endswith("scope.entered")] == ["1", "2"]
    state = go(definition, step.state, CompleteTask(4, "ok")).state
    assert at(state) == ["each", "each", "a"]
    assert go(definition, state, CompleteTask(5, "ok")).state.status == "ended"
