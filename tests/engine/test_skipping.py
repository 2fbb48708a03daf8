"""A person lets a timer or a condition pass that the process can do nothing with."""

from datetime import UTC, datetime

import pytest

from kniga.engine import (
    NEW_STATE,
    CatchEvent,
    Command,
    Cycle,
    Definition,
    Due,
    EventGateway,
    FireTimer,
    Reconsider,
    Start,
    State,
    replay_events,
)
from kniga.engine.runtime.effects import ScheduleTimer
from kniga.rules import Comparison
from tests.engine.building import at, build, by_outcome, end, kinds, on_boundary, start, sub, user_task, way
from tests.engine.drawing import NOW, go, refused

HOUR = Due("duration", 3600, False)
BIG = Comparison("deal.amount", "money", "gt", 100)
RICH, POOR = {"deal.amount": 500}, {"deal.amount": 5}


def guarded(trigger: str, interrupting: bool = True, **more: object) -> Definition:
    """A task with one boundary event that leads back to it."""
    return build(
        start("work"),
        user_task("work", "end", boundary=("event",)),
        on_boundary("event", "work", "work", trigger, interrupting, **more),
        end(),
        needs=("deal.amount",),
    )


def replayed(definition: Definition, *commands: Command) -> State:
    """The state after these; what was told of them must bring it about again."""
    state, told = NEW_STATE, []
    for command in commands:
        step = go(definition, state, command)
        state = step.state
        told += [(event.kind, event.payload(), NOW) for event in step.events]
    assert replay_events(definition, told) == state
    return state


def test_a_timer_that_is_let_pass_leaves_its_task_as_it_is() -> None:
    definition = guarded("timer", due=HOUR)
    state = replayed(definition, Start(), FireTimer(1, "event", skipped=True))
    assert (at(state), state.seq) == (["work"], 1)
    step = go(definition, go(definition, NEW_STATE, Start()).state, FireTimer(1, "event", skipped=True))
    assert (kinds(step), step.effects) == (["timer.skipped"], ())


def test_a_timer_that_comes_again_loses_one_turn() -> None:
    definition = guarded("timer", False, cycle=Cycle(HOUR, 2))
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, FireTimer(1, "event", skipped=True))
    assert step.effects == (ScheduleTimer(1, "event", HOUR),)
    assert at(step.state) == ["work"]
    last = go(definition, step.state, FireTimer(1, "event"))
    assert refused(definition, last.state, FireTimer(1, "event", skipped=True)).code == "timer_not_set"


def test_a_condition_that_is_let_pass_comes_again_on_its_next_rise() -> None:
    definition = guarded("conditional", condition=BIG)
    state = go(definition, NEW_STATE, Start(fields=POOR)).state
    rejection = refused(definition, state, Reconsider(RICH))
    assert (rejection.code, rejection.condition) == ("endless_loop", (1, "event"))
    passed = replayed(definition, Start(fields=POOR), Reconsider(RICH, (1, "event")))
    assert at(passed) == ["work"]
    assert go(definition, passed, Reconsider(RICH)).events == ()
    fallen = go(definition, passed, Reconsider(POOR)).state
    assert refused(definition, fallen, Reconsider(RICH)).code == "endless_loop"
    assert kinds(go(definition, state, Reconsider(POOR, (1, "event")))) == ["condition.skipped", "condition.ceased"]


def test_the_process_itself_may_have_heard_the_condition() -> None:
    definition = build(
        start("work"),
        user_task("work", "end"),
        sub("handler", None),
        start("which", "handler_start", "handler", trigger="conditional", interrupting=False, condition=BIG),
        by_outcome("which", {"never": "done"}, scope="handler"),
        end("done", scope="handler"),
        end(),
        needs=("deal.amount",),
    )
    state = go(definition, NEW_STATE, Start(fields=POOR)).state
    rejection = refused(definition, state, Reconsider(RICH))
    assert (rejection.code, rejection.condition) == ("no_flow", (0, "handler_start"))
    assert at(replayed(definition, Start(fields=POOR), Reconsider(RICH, (0, "handler_start")))) == ["work"]


def test_what_nobody_waits_for_cannot_be_let_pass() -> None:
    definition = guarded("conditional", condition=BIG)
    state = go(definition, NEW_STATE, Start(fields=POOR)).state
    assert refused(definition, state, Reconsider(POOR, (9, "event"))).code == "condition_not_awaited"
    assert refused(definition, state, FireTimer(1, "event", skipped=True)).code == "timer_not_set"


@pytest.mark.parametrize(
    ("event", "command"),
    [
        (CatchEvent("wait", "", "timer", (way("end"),), due=HOUR), FireTimer(1, "wait", skipped=True)),
        (CatchEvent("wait", "", "conditional", (way("end"),), condition=BIG), Reconsider(POOR, (1, "wait"))),
    ],
)
def test_where_nothing_else_is_waited_for_it_cannot_be_let_pass(event: CatchEvent, command: Command) -> None:
    alone = build(start("wait"), event, end(), needs=("deal.amount",))
    assert refused(alone, go(alone, NEW_STATE, Start(fields=POOR)).state, command).code == "nothing_else"
    beside = build(
        start("race"),
        EventGateway("race", "", (way("wait"), way("late"))),
        event,
        CatchEvent(
            "late", "", "timer", (way("end"),), due=Due("moment", 0, False, at=datetime(2026, 5, 1, tzinfo=UTC))
        ),
        end(),
        needs=("deal.amount",),
    )
    state = replayed(beside, Start(fields=POOR), command)
    assert at(state) == ["race"]
    assert go(beside, state, FireTimer(1, "late")).state.status == "ended"
