"""Boundary, catch, throw and conditional events."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CatchEvent,
    CatchSignal,
    CompleteTask,
    CorrelateMessage,
    Cycle,
    Definition,
    Due,
    EventGateway,
    FireTimer,
    MessageRef,
    Param,
    ReceiveTask,
    Reconsider,
    Start,
    ThrowEvent,
    Token,
)
from kniga.engine.runtime.effects import (
    AwaitMessage,
    AwaitSignal,
    CancelWaits,
    ScheduleTimer,
    ThrowMessage,
    ThrowSignal,
)
from kniga.rules import Comparison
from tests.engine.building import at, build, end, kinds, on_boundary, start, sub, user_task, way
from tests.engine.drawing import go, refused

HOUR = Due("duration", 3600, False)
MOMENT = datetime(2026, 5, 1, tzinfo=UTC)
BIG = Comparison("deal.amount", "money", "gt", 100)
RICH, POOR = {"deal.amount": 500}, {"deal.amount": 5}


def guarded(trigger: str, interrupting: bool, **more: Any) -> Definition:
    """A task with one boundary event that leads to a second task."""
    return build(
        start("work"),
        user_task("work", "end", boundary=("event",)),
        on_boundary("event", "work", "side", trigger, interrupting, **more),
        user_task("side", "end"),
        end(),
        needs=("deal.amount",),
    )


COMMANDS = [
    ("timer", {"due": HOUR}, FireTimer(1, "event")),
    ("message", {"message": MessageRef("m")}, CorrelateMessage(1, "event")),
    ("signal", {"signal": "s"}, CatchSignal(1, "event")),
    ("conditional", {"condition": BIG}, Reconsider(RICH)),
]


@pytest.mark.parametrize(("trigger", "more", "command"), COMMANDS)
def test_an_interrupting_event_ends_the_task(trigger: str, more: dict[str, Any], command: Any) -> None:
    definition = guarded(trigger, True, **more)
    step = go(definition, go(definition, NEW_STATE, Start()).state, command)
    assert at(step.state) == ["side"]
    assert kinds(step)[1:] == ["task.cancelled", "task.created"]
    assert step.events[0].payload()["interrupting"] is True


@pytest.mark.parametrize(("trigger", "more", "command"), COMMANDS)
def test_an_event_that_does_not_interrupt_adds_a_path(trigger: str, more: dict[str, Any], command: Any) -> None:
    definition = guarded(trigger, False, **more)
    started = go(definition, NEW_STATE, Start())
    step = go(definition, started.state, command)
    assert at(step.state) == ["work", "side"]
    assert kinds(step)[1:] == ["task.created"]
    again = [effect for effect in step.effects if isinstance(effect, (AwaitMessage, AwaitSignal))]
    assert again == [effect for effect in started.effects if isinstance(effect, (AwaitMessage, AwaitSignal))]


def test_a_message_or_signal_that_does_not_interrupt_may_come_again() -> None:
    definition = guarded("message", False, message=MessageRef("m"))
    state = go(definition, NEW_STATE, Start()).state
    for _ in range(3):
        state = go(definition, state, CorrelateMessage(1, "event")).state
    assert at(state) == ["work", "side", "side", "side"]


def test_a_condition_comes_again_only_on_its_next_rise() -> None:
    definition = guarded("conditional", False, condition=BIG)
    state = go(definition, NEW_STATE, Start(fields=POOR)).state
    state = go(definition, state, Reconsider(RICH)).state
    assert state.tokens[0].fired == ("event",)
    same = go(definition, state, Reconsider(RICH))
    assert (same.state, same.events) == (state, ())
    fallen = go(definition, state, Reconsider(POOR))
    assert fallen.state.tokens[0].fired == ()
    assert fallen.events[0].payload() == {
        "token": 1, "element": "work", "event": "event", "looked_at": {"deal.amount": 5},
    }  # fmt: skip
    assert at(go(definition, fallen.state, Reconsider(RICH)).state) == ["work", "side", "side"]


def test_a_condition_that_is_true_already_acts_at_once() -> None:
    definition = guarded("conditional", True, condition=BIG)
    step = go(definition, NEW_STATE, Start(fields=RICH))
    assert at(step.state) == ["side"]
    assert kinds(step) == ["instance.started", "task.created", "condition.met", "task.cancelled", "task.created"]


def test_a_condition_that_makes_itself_true_for_ever_is_refused() -> None:
    definition = build(
        start("work"),
        user_task("work", "end", boundary=("event",)),
        on_boundary("event", "work", "work", "conditional", condition=BIG),
        end(),
    )
    assert refused(definition, NEW_STATE, Start(fields=RICH)).code == "endless_loop"


def test_a_timer_with_a_cycle_comes_as_often_as_it_says() -> None:
    definition = guarded("timer", False, cycle=Cycle(HOUR, 2, MOMENT))
    started = go(definition, NEW_STATE, Start())
    assert ScheduleTimer(1, "event", Due("moment", 0, False, at=MOMENT)) in started.effects
    first = go(definition, started.state, FireTimer(1, "event"))
    assert ScheduleTimer(1, "event", HOUR) in first.effects
    second = go(definition, first.state, FireTimer(1, "event"))
    assert not any(isinstance(effect, ScheduleTimer) for effect in second.effects)
    assert second.state.tokens[0].fired == ("event", "event")
    assert refused(definition, second.state, FireTimer(1, "event")).code == "timer_not_set"


def test_a_timer_with_an_endless_cycle_leaves_no_trace_in_the_state() -> None:
    definition = guarded("timer", False, cycle=Cycle(HOUR, None))
    state = go(definition, NEW_STATE, Start()).state
    for _ in range(3):
        step = go(definition, state, FireTimer(1, "event"))
        assert ScheduleTimer(1, "event", HOUR) in step.effects
        state = step.state
    assert state.tokens[0].fired == ()


def test_a_timer_may_count_from_a_field() -> None:
    due = Due("field", 3600, False, field="deal.expected_date")
    definition = guarded("timer", True, due=due)
    step = go(definition, NEW_STATE, Start(fields={"deal.expected_date": MOMENT.date()}))
    assert ScheduleTimer(1, "event", due, MOMENT.date()) in step.effects


def test_finishing_the_task_forgets_what_was_waited_for() -> None:
    for trigger, more, _ in COMMANDS:
        definition = guarded(trigger, True, **more)
        step = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(1, "ok"))
        assert (CancelWaits(1) in step.effects) is (trigger != "conditional")


def waiting() -> Definition:
    """Catch events one after the other."""
    return build(
        start("moment"),
        CatchEvent("moment", "", "timer", (way("reply"),), due=Due("moment", 0, False, at=MOMENT)),
        CatchEvent("reply", "", "message", (way("ring"),), message=MessageRef("reply")),
        CatchEvent("ring", "", "signal", (way("big"),), signal="ring"),
        CatchEvent("big", "", "conditional", (way("letter"),), condition=BIG),
        ReceiveTask("letter", "", MessageRef("letter", "thread"), (), (way("end"),)),
        end(),
        question_types={"q": "number"},
    )


def test_a_token_rests_at_each_catch_event_until_it_comes() -> None:
    definition = waiting()
    step = go(definition, NEW_STATE, Start())
    assert step.effects == (ScheduleTimer(1, "moment", Due("moment", 0, False, at=MOMENT)),)
    step = go(definition, step.state, FireTimer(1, "moment"))
    assert step.effects == (AwaitMessage(2, "reply", "reply", "deal"),)
    step = go(
        definition, step.state, CorrelateMessage(2, "reply", {"q": "12", "more": ["a"], "ids": [7], "nothing": None})
    )
    assert step.effects == (AwaitSignal(3, "ring", "ring"),)
    assert step.state.data == {"q": 12}
    assert step.events[0].payload()["values"] == {"q": {"decimal": "12"}, "more": ["a"], "ids": [7], "nothing": None}
    step = go(definition, step.state, CatchSignal(3, "ring", POOR))
    assert at(step.state) == ["big"]
    step = go(definition, step.state, Reconsider(RICH))
    assert step.effects == (AwaitMessage(5, "letter", "letter", "thread"),)
    assert go(definition, step.state, CorrelateMessage(5, "letter")).state.status == "ended"


def test_what_no_value_can_be_is_refused_in_a_message() -> None:
    definition = waiting()
    state = go(definition, go(definition, NEW_STATE, Start()).state, FireTimer(1, "moment")).state
    message = CorrelateMessage(2, "reply", {"strange": 1.5})  # type: ignore[dict-item]
    assert refused(definition, state, message).code == "bad_payload"


def test_cancelling_forgets_what_was_waited_for() -> None:
    definition = waiting()
    step = go(definition, go(definition, NEW_STATE, Start()).state, Cancel("enough"))
    assert step.effects == (CancelWaits(1),)
    assert kinds(step) == ["instance.cancelled"]


def test_a_condition_behind_an_event_gateway_is_looked_at() -> None:
    definition = build(
        start("race"),
        EventGateway("race", "", (way("big"), way("late"))),
        CatchEvent("big", "", "conditional", (way("done"),), condition=BIG),
        CatchEvent("late", "", "timer", (way("end"),), due=HOUR),
        user_task("done", "end"),
        end(),
    )
    state = go(definition, NEW_STATE, Start(fields=POOR)).state
    assert at(go(definition, state, Reconsider(RICH)).state) == ["done"]


def test_throw_events_send_and_go_on() -> None:
    params = (Param("q", field="answer.q"), Param("note", "hello"))
    definition = build(
        start("plain"),
        ThrowEvent("plain", "", "none", (way("send"),)),
        ThrowEvent("send", "", "message", (way("ring"),), MessageRef("m", "key", "answer.q"), params=params),
        ThrowEvent("ring", "", "signal", (way("cry"),), signal="s"),
        ThrowEvent("cry", "", "escalation", (way("end"),), code="e"),
        end(trigger="signal", signal="over"),
    )
    step = go(definition, NEW_STATE, Start(data={"q": 3}))
    assert step.effects[:3] == (
        ThrowMessage("send", "m", "key", 3, {"q": 3, "note": "hello"}),
        ThrowSignal("ring", "s"),
        ThrowSignal("end", "over"),
    )
    assert kinds(step)[1:] == [
        "message.thrown", "signal.thrown", "escalation.thrown", "signal.thrown", "instance.ended",
    ]  # fmt: skip


def test_an_end_event_may_send_a_message() -> None:
    definition = build(start("end"), end(result="won", trigger="message", message=MessageRef("m")))
    step = go(definition, NEW_STATE, Start())
    assert step.effects[0] == ThrowMessage("end", "m", "deal")
    assert step.state.result == "won"


def test_a_start_event_of_any_trigger_begins_the_process() -> None:
    definition = build(
        start("a"),
        start("b", "call", trigger="message", message=MessageRef("call")),
        sub("handler", None),
        start("end", "handler_start", "handler", trigger="signal", signal="s"),
        user_task("a", "end"),
        user_task("b", "end"),
        end(),
    )
    assert at(go(definition, NEW_STATE, Start()).state) == ["a"]
    assert at(go(definition, NEW_STATE, Start("call")).state) == ["b"]
    assert refused(definition, NEW_STATE, Start("handler_start")).code == "unknown_element"
    assert refused(definition, NEW_STATE, Start("end")).code == "unknown_element"


def test_a_reply_to_a_receive_task_with_a_boundary_event() -> None:
    definition = build(
        start("letter"),
        ReceiveTask("letter", "", MessageRef("m"), ("late",), (way("end"),)),
        on_boundary("late", "letter", "a", "timer", due=HOUR),
        user_task("a", "end"),
        end(),
    )
    state = go(definition, NEW_STATE, Start()).state
    assert go(definition, state, CorrelateMessage(1, "letter")).effects[0] == CancelWaits(1)
    assert go(definition, state, FireTimer(1, "late")).state.tokens == (Token(2, "a"),)
    assert refused(definition, state, FireTimer(1, "letter")).code == "timer_not_set"
