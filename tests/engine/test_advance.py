"""What happens when a process runs."""

from dataclasses import FrozenInstanceError, replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CancelWaits,
    CloseTask,
    CompleteTask,
    CreateTask,
    Definition,
    Due,
    EndInstance,
    EnterStage,
    FireTimer,
    ScheduleTimer,
    SetField,
    Start,
    StartEvent,
    State,
    Step,
    Token,
    Way,
    advance,
    compile_bpmn,
    replay,
)
from kniga.engine.runtime.values import Values
from tests.engine.drawing import NOW, bpmn, end, flow, gateway, go, on, refused, start, task, timer

QUESTIONS = (
    '<k:question key="need" type="text" label="Need" requiredFor="yes"/>'
    '<k:question key="sum" type="money" label="Sum" required="true"/>'
    '<k:question key="why" type="choice" label="Why" requiredFor="no">'
    '<k:choice key="price" label="Price"/><k:choice key="other" label="Other"/></k:question>'
    '<k:question key="tags" type="multi_choice" label="Tags"><k:choice key="a"/><k:choice key="b"/></k:question>'
)


def sale() -> Definition:
    """ask (yes / no / again) → deliver or lost; big sums go to the head first."""
    return compile_bpmn(
        bpmn(
            start(),
            task("ask", "yes no again", QUESTIONS, 'k:stage="first"'),
            gateway("gw"),
            gateway("size", default="small"),
            task("approve", "ok", attributes='k:stage="first" k:assignee="head"'),
            task("deliver", "ok", attributes='k:stage="second"'),
            end("won", "won"),
            end("lost", "lost", 'k:reasonFrom="why"'),
            flow("start", "ask"),
            flow("ask", "gw"),
            flow("gw", "size", on("yes")),
            flow("gw", "lost", on("no")),
            flow("gw", "ask", on("again")),
            flow("size", "approve", {"field": "deal.amount", "op": "gt", "value": 100}),
            flow("size", "deliver", id="small"),
            flow("approve", "deliver"),
            flow("deliver", "won"),
        )
    )


def watched(*, interrupting: bool) -> Definition:
    """A task with a timer that leads to a second task."""
    return compile_bpmn(
        bpmn(
            start(),
            task("work", "ok", '<k:deadline duration="P1D"/>', 'k:stage="s"'),
            timer("late", "work", interrupting=interrupting, attributes='k:basis="deadline"', duration=""),
            task("scold", "ok"),
            end("done", "won"),
            end("side", "other"),
            flow("start", "work"),
            flow("work", "done"),
            flow("late", "scold"),
            flow("scold", "side"),
        )
    )


def started(definition: Definition) -> State:
    return go(definition, NEW_STATE, Start()).state


def test_a_start_creates_the_first_task_and_enters_its_stage() -> None:
    step = go(sale(), NEW_STATE, Start(data={"need": "racks", "nothing": None}))
    assert step.state.tokens == (Token(1, "ask"),)
    assert step.state.status == "running"
    assert step.state.data == {"need": "racks"}
    assert step.effects == (EnterStage("first"), CreateTask(1, "ask", "first"))
    assert [event.kind for event in step.events] == [
        "processes.instance.started",
        "processes.stage.entered",
        "processes.task.created",
    ]
    assert [event.payload() for event in step.events] == [
        {"element": "start", "data": {"need": "racks"}},
        {"stage": "first", "previous": None},
        {"token": 1, "element": "ask", "stage": "first"},
    ]


def test_a_completion_closes_the_task_and_creates_the_next() -> None:
    definition = sale()
    step = go(definition, started(definition), CompleteTask(1, "yes", {"need": "racks", "sum": "10.50"}))
    assert step.effects == (
        CloseTask(1, "completed", "yes"),
        EnterStage("second"),
        CreateTask(2, "deliver", "second"),
    )
    assert step.state.data == {"need": "racks", "sum": Decimal("10.50")}
    assert step.events[0].payload() == {
        "token": 1,
        "element": "ask",
        "outcome": "yes",
        "answers": {"need": "racks", "sum": "10.50"},
    }


def test_a_condition_on_a_field_sends_big_deals_to_the_head() -> None:
    definition = sale()
    command = CompleteTask(1, "yes", {"need": "x", "sum": 1}, {"deal.amount": Decimal(101)})
    step = go(definition, started(definition), command)
    assert step.state.tokens == (Token(2, "approve"),)
    assert EnterStage("first") not in step.effects
    assert definition.needs == {"deal.amount"}


def test_an_end_with_a_result_ends_the_instance_with_its_reason() -> None:
    definition = sale()
    step = go(definition, started(definition), CompleteTask(1, "no", {"sum": 0, "why": "price"}))
    assert step.state.status == "ended"
    assert (step.state.result, step.state.reason, step.state.tokens) == ("lost", "price", ())
    assert step.effects[-1] == EndInstance("lost", "price")
    assert step.events[-1].payload() == {"element": "lost", "result": "lost", "reason": "price"}


def test_a_loop_gives_the_task_a_new_token() -> None:
    definition = sale()
    step = go(definition, started(definition), CompleteTask(1, "again", {"sum": 5}))
    assert step.state.tokens == (Token(2, "ask"),)


def test_a_blank_answer_clears_what_was_known() -> None:
    definition = sale()
    state = go(definition, NEW_STATE, Start(data={"need": "racks"})).state
    step = go(definition, state, CompleteTask(1, "again", {"sum": 5, "need": "  ", "tags": ["b", "b"]}))
    assert step.state.data == {"sum": Decimal(5), "tags": ("b",)}


@pytest.mark.parametrize(
    ("outcome", "answers", "code", "question"),
    [
        ("yes", {"sum": 1}, "missing_answer", "need"),
        ("yes", {"sum": 1, "need": " "}, "missing_answer", "need"),
        ("again", {}, "missing_answer", "sum"),
        ("again", {"sum": "much"}, "bad_answer", "sum"),
        ("no", {"sum": 1, "why": "weather"}, "bad_answer", "why"),
        ("again", {"sum": 1, "tags": ["a", "c"]}, "bad_answer", "tags"),
        ("again", {"sum": 1, "colour": "red"}, "unknown_answer", "colour"),
    ],
)
def test_answers_that_the_book_does_not_accept_are_refused_by_name(
    outcome: str, answers: dict[str, object], code: str, question: str
) -> None:
    definition = sale()
    rejection = refused(definition, started(definition), CompleteTask(1, outcome, answers))
    assert rejection.code == code
    assert rejection.params["question"] == question


def test_commands_that_do_not_fit_the_state_are_refused() -> None:
    definition = sale()
    state = started(definition)
    assert refused(definition, state, Start()).code == "already_started"
    assert refused(definition, NEW_STATE, Start("gw")).code == "unknown_element"
    assert refused(definition, NEW_STATE, Cancel("x")).code == "not_running"
    assert refused(definition, NEW_STATE, CompleteTask(1, "yes")).code == "not_running"
    assert refused(definition, state, CompleteTask(7, "yes")).code == "task_not_open"
    assert refused(definition, state, CompleteTask(1, "maybe")).code == "unknown_outcome"
    assert refused(definition, state, FireTimer(1, "late")).code == "timer_not_set"
    assert refused(definition, state, FireTimer(1, "gw")).code == "timer_not_set"


def test_a_value_of_the_wrong_type_in_a_condition_is_refused_not_raised() -> None:
    definition = sale()
    command = CompleteTask(1, "yes", {"need": "x", "sum": 1}, {"deal.amount": "a lot"})
    assert refused(definition, started(definition), command).code == "bad_field"


def test_a_token_of_another_version_is_refused() -> None:
    state = State(1, "running", 1, (Token(1, "gone"),), {}, None, None)
    assert refused(sale(), state, CompleteTask(1, "yes")).code == "task_not_open"
    assert refused(sale(), state, FireTimer(1, "late")).code == "timer_not_set"
    assert go(sale(), state, Cancel("moved")).state.tokens == ()


def test_an_import_may_enter_at_any_step() -> None:
    step = go(sale(), NEW_STATE, Start("deliver"))
    assert step.state.tokens == (Token(1, "deliver"),)
    assert step.state.stage == "second"


def test_a_cancel_takes_everything_away() -> None:
    definition = watched(interrupting=False)
    state = go(definition, started(definition), FireTimer(1, "late")).state
    step = go(definition, state, Cancel("bankrupt"))
    assert step.state.status == "cancelled"
    assert step.state.reason == "bankrupt"
    assert step.effects == (
        CloseTask(1, "cancelled", None),
        CancelWaits(1),
        CloseTask(2, "cancelled", None),
    )
    assert step.events[0].payload() == {"token": 1, "element": "work"}
    assert step.events[-1].payload() == {"reason": "bankrupt"}


def test_a_task_with_a_timer_schedules_it() -> None:
    step = go(watched(interrupting=True), NEW_STATE, Start())
    assert step.effects[-1] == ScheduleTimer(1, "late", Due("deadline", 0, True))


def test_an_interrupting_timer_replaces_the_task() -> None:
    definition = watched(interrupting=True)
    step = go(definition, started(definition), FireTimer(1, "late"))
    assert step.state.tokens == (Token(2, "scold"),)
    assert step.effects == (CloseTask(1, "cancelled", None), CancelWaits(1), CreateTask(2, "scold", None))
    fired = {"token": 1, "element": "work", "timer": "late", "interrupting": True}
    assert step.events[0].payload() == fired


def test_a_side_timer_adds_a_task_and_fires_once() -> None:
    definition = watched(interrupting=False)
    state = go(definition, started(definition), FireTimer(1, "late")).state
    assert state.tokens == (Token(1, "work", ("late",)), Token(2, "scold"))
    assert refused(definition, state, FireTimer(1, "late")).code == "timer_not_set"


def test_an_end_without_result_ends_only_its_own_path() -> None:
    definition = watched(interrupting=False)
    state = go(definition, started(definition), FireTimer(1, "late")).state
    step = go(definition, state, CompleteTask(2, "ok"))
    assert step.state.status == "running"
    assert step.state.tokens == (Token(1, "work", ("late",)),)


def test_a_won_end_cancels_what_is_still_open() -> None:
    definition = watched(interrupting=False)
    state = go(definition, started(definition), FireTimer(1, "late")).state
    step = go(definition, state, CompleteTask(1, "ok"))
    assert (step.state.status, step.state.result) == ("ended", "won")
    assert CloseTask(2, "cancelled", None) in step.effects
    assert CancelWaits(1) in step.effects


def test_the_last_path_to_end_ends_the_instance() -> None:
    definition = watched(interrupting=True)
    state = go(definition, started(definition), FireTimer(1, "late")).state
    assert go(definition, state, CompleteTask(2, "ok")).state.result == "other"


@pytest.mark.parametrize(
    ("parts", "command"),
    [
        ((start(), end(), task("a")), Start()),
        ((start(), end(), task("a"), flow("start", "a")), CompleteTask(1, "ok")),
        ((start(), end(), task("a"), timer("t", "a"), flow("start", "a")), FireTimer(1, "t")),
        ((start(), end(), task("a"), gateway("g"), flow("start", "a"), flow("a", "g")), CompleteTask(1, "ok")),
    ],
)
def test_an_unfinished_drawing_is_refused_where_it_ends(parts: tuple[str, ...], command: object) -> None:
    definition = compile_bpmn(bpmn(*parts))
    state = NEW_STATE if isinstance(command, Start) else started(definition)
    assert refused(definition, state, command).code == "no_flow"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type", "answer", "reason"),
    [
        ("multi_choice", ["a", "b"], "a, b"),
        ("date", date(2026, 5, 4), "2026-05-04"),
        ("number", 7, "7"),
        ("text", "", None),
    ],
)
def test_any_answer_can_be_the_reason(type: str, answer: object, reason: str | None) -> None:
    choices = '<k:choice key="a"/><k:choice key="b"/>' if type == "multi_choice" else ""
    question = f'<k:question key="why" type="{type}">{choices}</k:question>'
    ending = end("end", "lost", 'k:reasonFrom="why"')
    xml = bpmn(start(), task("a", "ok", question), ending, flow("start", "a"), flow("a", "end"))
    definition = compile_bpmn(xml)
    assert go(definition, started(definition), CompleteTask(1, "ok", {"why": answer})).state.reason == reason


def test_a_definition_made_wrong_by_hand_is_refused_not_looped() -> None:
    definition = watched(interrupting=True)
    wrong = replace(definition, elements={**definition.elements, "start": StartEvent("start", "", (Way("f", "late"),))})
    assert refused(wrong, NEW_STATE, Start()).code == "no_flow"


def test_a_replay_rebuilds_the_state_and_names_a_command_that_does_not_fit() -> None:
    definition = sale()
    history = [(Start(), NOW), (CompleteTask(1, "no", {"sum": 0, "why": "other"}), NOW)]
    assert replay(definition, history).reason == "other"
    with pytest.raises(ValueError, match="command 1 is rejected"):
        replay(definition, [(Start(), NOW), (Start(), NOW)])


def test_a_moment_without_offset_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="offset"):
        advance(sale(), NEW_STATE, Start(), now=datetime(2026, 1, 1))  # noqa: DTZ001


def test_results_are_values() -> None:
    step = go(sale(), NEW_STATE, Start())
    assert isinstance(step, Step)
    with pytest.raises(FrozenInstanceError):
        step.state.seq = 9  # type: ignore[misc]


def test_an_answer_may_become_the_deals_field_and_decide_at_once() -> None:
    question = '<k:question key="sum" type="money" field="deal.amount"/>'
    definition = compile_bpmn(
        bpmn(
            start(), task("ask", "ok", question), gateway("size", default="small"),
            end("won", "won"), end("lost", "lost"),
            flow("start", "ask"), flow("ask", "size"), flow("size", "lost", id="small"),
            flow("size", "won", {"field": "deal.amount", "op": "gt", "value": 100}),
        )
    )  # fmt: skip
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, CompleteTask(1, "ok", {"sum": "500"}, {"deal.amount": Decimal(5)}))
    assert step.effects[0] == SetField("deal.amount", Decimal(500))
    assert step.state.result == "won"
    assert refused(definition, state, CompleteTask(1, "ok", {"sum": -1})).code == "bad_answer"
    assert str(go(definition, state, CompleteTask(1, "ok", {"sum": "5E+2"})).state.data["sum"]) == "500"


def test_the_values_conditions_see_are_a_mapping() -> None:
    values = Values({"deal.amount": 5}, {"q": 1})
    assert list(values) == ["answer.q", "deal.amount", "outcome"]
    assert len(values) == 3
    assert dict(values) == {"answer.q": 1, "deal.amount": 5, "outcome": None}
    values.change("deal.amount", 7)
    assert values["deal.amount"] == 7
    assert values.looked_at == {"deal.amount": 5}
