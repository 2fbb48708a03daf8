"""Rebuilding an instance from its events."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kniga.engine import (
    EVENT_KINDS,
    NEW_STATE,
    Branch,
    Cancel,
    Command,
    CompleteTask,
    Definition,
    ExclusiveGateway,
    FailWork,
    GoTo,
    Migrate,
    Question,
    Reconsider,
    ReplayDiverged,
    ServiceTask,
    Start,
    State,
    Step,
    advance,
    dump_state,
    replay_events,
)
from kniga.rules import Comparison, Period
from tests.engine.building import build, end, on_boundary, start, sub, user_task, way
from tests.engine.drawing import NOW, go

Told = list[tuple[Any, ...]]
BIG = Comparison("deal.amount", "money", "gt", 100)
ASKED = (Question("sum", "Sum", "money"), Question("day", "Day", "date"), Question("at", "At", "datetime"))


def process(name: str = "ask") -> Definition:
    """A task with questions and a conditional event, then work, then a task in a sub-process."""
    return build(
        start(name),
        user_task(name, "work", questions=ASKED, boundary=("big",)),
        on_boundary("big", name, "end", "conditional", False, condition=BIG),
        ServiceTask("work", "", "rescore", (), 0, 0, ("broken",), (way("sub"),)),
        on_boundary("broken", "work", name, "error"),
        sub("sub", "end"),
        start("inner", "sub_start", "sub"),
        user_task("inner", "sub_end", scope="sub"),
        end("sub_end", scope="sub"),
        end(),
        question_types={"sum": "money", "day": "date", "at": "datetime"},
    )


ANSWERS = {"sum": "1E+3", "day": "2026-05-04", "at": datetime(2026, 5, 4, 9, tzinfo=UTC)}


def told(definition: Definition, *commands: Command, version: int | None = None) -> tuple[State, Told]:
    """A state and the events of these commands."""
    return go_on(definition, NEW_STATE, *commands, version=version)


def go_on(definition: Definition, state: State, *commands: Command, version: int | None = None) -> tuple[State, Told]:
    """The state and the events of these commands from a state on."""
    history: Told = []
    for command in commands:
        step = go(definition, state, command)
        state = step.state
        at = () if version is None else (version,)
        history += [(event.kind, event.payload(), NOW, *at) for event in step.events]
    return state, history


def test_events_rebuild_the_state_bit_for_bit() -> None:
    state, history = told(
        process(),
        Start(data={"sum": Decimal("5.0"), "at": None}),
        Reconsider({"deal.amount": 500}),
        Reconsider({"deal.amount": 5}),
        CompleteTask(1, "ok", ANSWERS),
        FailWork(2, "broken"),
        GoTo("ask", "again"),
        CompleteTask(4, "ok", {"sum": ""}),
    )
    again = replay_events(process(), history)
    assert dump_state(again) == dump_state(state)
    assert str(again.data["day"]) == "2026-05-04"
    assert {kind for kind, *_ in history} <= EVENT_KINDS


def test_data_of_no_declared_type_is_told_with_its_type() -> None:
    data = {"sum": "5", "more": Decimal("5.0"), "day": date(2026, 1, 2), "text": "x", "list": ("a", "b"), "sunday": "x"}
    state, history = told(process(), Start(data=data))  # type: ignore[arg-type]
    exact = {"sum": "5", "more": {"decimal": "5.0"}, "list": ["a", "b"]}
    assert history[0][1]["exact"] == exact
    assert dump_state(replay_events(process(), history)) == dump_state(state)
    state, history = told(process(), Start(data={"day": "never"}))
    assert dump_state(replay_events(process(), history)) == dump_state(state)


def test_a_condition_that_moves_with_the_clock_is_asked_in_the_zone_it_was_asked_in() -> None:
    """At nine in the evening UTC the next day has begun in the east: that decided, and decides again."""
    tomorrow = Comparison("deal.expected_date", "date", "within", Period("this", "day"))
    definition = build(
        start("ask"),
        user_task("ask", "which"),
        ExclusiveGateway("which", "", (Branch("f1", tomorrow, "east"),), way("west"), None),
        user_task("east", "end"),
        user_task("west", "end"),
        end(),
    )
    east = datetime(2026, 5, 4, 21, tzinfo=UTC).astimezone(ZoneInfo("Asia/Vladivostok"))
    history: Told = []
    state = NEW_STATE
    for command in (Start(), CompleteTask(1, "ok", fields={"deal.expected_date": date(2026, 5, 5)})):
        step = advance(definition, state, command, now=east)
        assert isinstance(step, Step)
        state = step.state
        history += [(event.kind, event.payload(), east.astimezone(UTC)) for event in step.events]
    assert [token.element for token in state.tokens] == ["east"]
    assert dump_state(replay_events(definition, history, zone_of=ZoneInfo)) == dump_state(state)
    with pytest.raises(ReplayDiverged):
        replay_events(definition, history)


@pytest.mark.parametrize("reached", [(), (CompleteTask(1, "ok"), CompleteTask(2, "ok"))])
def test_a_cancelled_instance_tells_its_cause_last(reached: tuple[Command, ...]) -> None:
    first = (Start(), *reached[:1])
    state, history = told(process(), *first, Cancel("enough"))
    assert dump_state(replay_events(process(), history)) == dump_state(state)


def test_a_sub_process_or_nothing_at_all_may_be_cancelled() -> None:
    only = build(
        start("sub"),
        sub("sub", "end"),
        start("a", "sub_start", "sub"),
        user_task("a", "e", scope="sub"),
        end("e", scope="sub"),
        end(),
    )
    state, history = told(only, Start(), Cancel("enough"))
    assert dump_state(replay_events(only, history)) == dump_state(state)


def test_events_of_several_versions_are_replayed_under_each_ones_own() -> None:
    old, new = process(), process("demand")
    state, first = told(old, Start(fields={"deal.amount": 500}), version=1)
    state, second = go_on(new, state, Migrate(old, {"ask": "demand"}), CompleteTask(1, "ok"), version=2)
    versions = {1: old, 2: new}
    assert dump_state(replay_events(versions, first + second)) == dump_state(state)
    told_once = [*first, second[0], *(event[:3] for event in second[1:])]
    assert dump_state(replay_events(versions, told_once)) == dump_state(state)
    with pytest.raises(ReplayDiverged, match="version 2 is not known"):
        replay_events({1: old}, first + second)
    with pytest.raises(ReplayDiverged, match="tells no version"):
        replay_events(versions, [event[:3] for event in first])


def changed(history: Told, number: int, **payload: object) -> Told:
    kind, recorded, *rest = history[number]
    return [*history[:number], (kind, {**recorded, **payload}, *rest), *history[number + 1 :]]


WRONG: list[tuple[Callable[[Told], Told], int, str]] = [
    (lambda h: changed(h, 1, element="other"), 1, "comes about instead"),
    (lambda h: changed(h, 2, token=7), 2, "not open"),
    (lambda h: changed(h, 2, answers={"sum": "many"}), 2, "not accepted"),
    (lambda h: h[:-1], 3, "not recorded"),
    (lambda h: h[1:], 0, "no step begins with it"),
    (lambda h: [*h, h[0]], 4, "started already"),
    (lambda h: [*h, ("processes.task.cancelled", {}, NOW)], 4, "no step begins with it"),
    (lambda h: [*h, ("processes.condition.met", {}, NOW)], 4, "nothing comes of it"),
    (lambda h: [*h, ("processes.timer.fired", {}, NOW)], 4, "damaged"),
    (lambda h: [h[0], ("processes.stage.entered", h[1][1], NOW), *h[2:]], 1, "comes about instead"),
]


@pytest.mark.parametrize(("change", "number", "why"), WRONG)
def test_a_history_that_cannot_have_been_is_found(change: Callable[[Told], Told], number: int, why: str) -> None:
    _, history = told(process(), Start(), CompleteTask(1, "ok", ANSWERS))
    with pytest.raises(ReplayDiverged, match=why) as caught:
        replay_events(process(), change(history))
    assert caught.value.number == number
    assert caught.value.kind in EVENT_KINDS


def test_a_definition_that_has_changed_since_is_found() -> None:
    _, history = told(process(), Start(), CompleteTask(1, "ok"))
    other = process()
    other = replace(other, elements={**other.elements, "work": user_task("work", "end")})
    with pytest.raises(ReplayDiverged):
        replay_events(other, history)
