"""Sending an instance to a step, and moving it to another version."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kniga.engine import (
    NEW_STATE,
    CallActivity,
    CatchEvent,
    CompleteTask,
    Definition,
    Due,
    Element,
    EventGateway,
    FireTimer,
    GoTo,
    InclusiveGateway,
    MessageRef,
    Migrate,
    MultiInstance,
    ParallelGateway,
    Param,
    ServiceTask,
    Start,
    State,
    Step,
    Token,
    Way,
    entry_steps,
    replay_events,
)
from kniga.engine.runtime.effects import AwaitMessage, CancelWaits, EnterStage, MoveTask, ScheduleTimer, StartWork
from tests.engine.building import at, build, end, kinds, on_boundary, start, sub, user_task, way
from tests.engine.drawing import NOW, go, refused

HOUR, DAY = Due("duration", 3600, False), Due("duration", 86400, False)
START, END = start("fork"), end()


def forked() -> Definition:
    """A task, and a sub-process with two tasks beside it."""
    return build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("f1", "first"), Way("f2", "sub"))),
        user_task("first", "end"),
        sub("sub", "end"),
        start("inner", "sub_start", "sub"),
        ParallelGateway("inner", "", (), (Way("fa", "a"), Way("fb", "b")), "sub"),
        user_task("a", "sub_end", scope="sub"),
        user_task("b", "sub_end", scope="sub"),
        end("sub_end", scope="sub"),
        end(),
    )


def test_an_instance_can_be_sent_to_a_step() -> None:
    definition = forked()
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, GoTo("first", "forgotten"))
    assert step.state.tokens == (Token(5, "first"),)
    assert step.events[0].payload() == {"tokens": None, "from": ["first", "sub"], "to": "first", "reason": "forgotten"}
    assert kinds(step)[1:] == ["task.cancelled", "task.cancelled", "task.cancelled", "scope.left", "task.created"]


def test_a_token_inside_a_sub_process_leaves_it_with_all_of_it() -> None:
    definition = forked()
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, GoTo("first", "again", (4, 3)))
    assert at(step.state) == ["first", "first"]
    assert step.events[0].payload()["tokens"] == [4, 3]
    assert step.events[0].payload()["from"] == ["sub"]


def joined() -> Definition:
    """Two branches of two steps each that meet again, with a step before and one behind them."""
    return build(
        start("before"),
        user_task("before", "fork"),
        ParallelGateway("fork", "", (), (Way("f1", "a1"), Way("f2", "b1"))),
        user_task("a1", "a2"),
        user_task("a2", way("join", "ja")),
        user_task("b1", "b2", boundary=("late",)),
        on_boundary("late", "b1", "b2", "timer", due=HOUR),
        user_task("b2", way("join", "jb")),
        ParallelGateway("join", "Both done", (), (Way("j", "behind"),)),
        user_task("behind", "end"),
        end(),
    )


def half_arrived() -> tuple[Definition, State]:
    """One branch has come to the join, the other stands at its first step (token 4)."""
    definition = joined()
    state = go(definition, NEW_STATE, Start()).state
    for element in ("before", "a1", "a2"):
        token = next(token.id for token in state.tokens if token.element == element)
        state = go(definition, state, CompleteTask(token, "ok", {})).state
    assert at(state) == ["b1", "join"]
    return definition, state


def test_what_would_wait_at_a_join_for_ever_is_refused_by_name() -> None:
    definition, state = half_arrived()
    token = next(token.id for token in state.tokens if token.element == "b1")
    for element in ("before", "a1", "behind"):
        refusal = refused(definition, state, GoTo(element, "x", (token,)))
        assert refusal.code == "stranded" and refusal.params == {"element": element, "join": "Both done"}
        assert "Both done" in refusal.message
    assert refused(definition, state, GoTo("a1", "all of it into one branch")).code == "stranded"


def test_within_its_branch_and_all_at_once_an_instance_is_sent_and_comes_to_its_end() -> None:
    definition, state = half_arrived()
    token = next(token.id for token in state.tokens if token.element == "b1")
    for command in (GoTo("b2", "on", (token,)), GoTo("before", "again"), GoTo("behind", "enough")):
        moved = go(definition, state, command).state
        while moved.status == "running":
            moved = go(definition, moved, CompleteTask(_open(moved), "ok", {})).state
        assert moved.status == "ended"
    behind = go(definition, state, GoTo("behind", "enough")).state
    assert at(go(definition, behind, GoTo("before", "once more", (behind.tokens[0].id,))).state) == ["before"]


def test_an_instance_does_not_begin_in_one_of_several_branches() -> None:
    definition = joined()
    for element in ("a1", "a2", "b1", "b2"):
        refusal = refused(definition, NEW_STATE, Start(element))
        assert refusal.code == "stranded" and refusal.params == {"element": element, "join": "Both done"}
    assert [task.id for task in entry_steps(definition)] == ["before", "behind"]
    for element in ("before", "behind"):
        state = go(definition, NEW_STATE, Start(element)).state
        while state.status == "running":
            state = go(definition, state, CompleteTask(_open(state), "ok", {})).state
        assert state.status == "ended"


def test_an_old_history_that_began_in_a_branch_replays_as_it_happened() -> None:
    definition = joined()
    step = go(definition, NEW_STATE, Start("a1", checked=False))
    told = [(event.kind, dict(event.payload()), NOW) for event in step.events]
    assert replay_events(definition, told) == step.state


def test_an_old_history_that_left_an_arrival_behind_replays_as_it_happened() -> None:
    definition = joined()
    state, told = NEW_STATE, list[tuple[str, dict[str, object], datetime]]()
    for command in (
        Start(), CompleteTask(1, "ok", {}), CompleteTask(2, "ok", {}), CompleteTask(4, "ok", {}),
        GoTo("before", "x", (3,), checked=False),
    ):  # fmt: skip
        step = go(definition, state, command)
        state = step.state
        told += [(event.kind, dict(event.payload()), NOW) for event in step.events]
    assert at(state) == ["join", "before"]
    assert replay_events(definition, told) == state


def test_an_inclusive_join_is_not_fed_twice_by_one_flow() -> None:
    definition = build(
        start("before"),
        user_task("before", "fork"),
        ParallelGateway("fork", "", (), (Way("f1", "a"), Way("f2", "b"))),
        user_task("a", way("join", "ja")),
        user_task("b", way("join", "jb")),
        InclusiveGateway("join", "", (), Way("j", "behind"), (), {}),
        user_task("behind", "end"),
        end(),
    )
    state = go(definition, NEW_STATE, Start()).state
    state = go(definition, state, CompleteTask(_open(state), "ok", {})).state
    token = next(token.id for token in state.tokens if token.element == "b")
    assert refused(definition, state, GoTo("before", "x", (token,))).params["join"] == "join"
    assert at(go(definition, state, GoTo("behind", "x", (token,))).state) == ["a", "behind"]


def _open(state: State) -> int:
    return next(token.id for token in state.tokens if token.flow is None)


def test_where_nobody_can_be_sent_is_refused() -> None:
    definition = forked()
    state = go(definition, NEW_STATE, Start()).state
    for element in ("a", "sub", "nowhere"):
        assert refused(definition, state, GoTo(element, "x")).code == "unknown_element"
    assert refused(definition, state, GoTo("first", "x", (99,))).code == "task_not_open"


def test_leaving_an_interrupting_handler_arms_the_handlers_again() -> None:
    definition = build(
        start("work"),
        user_task("work", "end"),
        end(),
        sub("handler", None),
        start("react", "handler_start", "handler", trigger="timer", due=HOUR),
        user_task("react", "react_end", scope="handler"),
        end("react_end", scope="handler"),
    )
    state = go(definition, go(definition, NEW_STATE, Start()).state, FireTimer(0, "handler_start")).state
    step = go(definition, state, GoTo("work", "all is well"))
    assert at(step.state) == ["work"]
    assert ScheduleTimer(0, "handler_start", HOUR) in step.effects


def test_a_handler_that_has_come_for_good_is_not_armed_again() -> None:
    definition = build(
        start("work"),
        user_task("work", "end"),
        end(),
        sub("remind", None),
        start("call", "remind_start", "remind", trigger="timer", due=HOUR, interrupting=False),
        user_task("call", "call_end", scope="remind"),
        end("call_end", scope="remind"),
        sub("handler", None),
        start("react", "handler_start", "handler", trigger="timer", due=DAY),
        user_task("react", "react_end", scope="handler"),
        end("react_end", scope="handler"),
    )
    state = go(definition, NEW_STATE, Start()).state
    for timer in ("remind_start", "handler_start"):
        state = go(definition, state, FireTimer(0, timer)).state
    step = go(definition, state, GoTo("work", "all is well"))
    assert [effect for effect in step.effects if isinstance(effect, ScheduleTimer)] == [
        ScheduleTimer(0, "handler_start", DAY)
    ]


def moved(old: Definition, new: Definition, state: State, **mapping: str) -> Step:
    """One accepted move."""
    return go(new, state, Migrate(old, mapping))


def detail(old: Definition, new: Definition, state: State, **mapping: str) -> str:
    """Why a move is refused."""
    rejection = refused(new, state, Migrate(old, mapping))
    assert rejection.code == "cannot_migrate"
    return rejection.params["detail"]


def one(task: Element, *more: Element, then: str = "end") -> Definition:
    """A process of one activity."""
    return build(start(task.id), task, *more, user_task("side", "end"), end())


def test_an_open_task_goes_on_under_its_new_name() -> None:
    old, new = one(user_task("a", "end")), one(user_task("b", "end", stage="late"))
    state = go(old, NEW_STATE, Start()).state
    step = moved(old, new, state, a="b")
    assert step.state.tokens == (Token(1, "b"),)
    assert step.effects == (MoveTask(1, "b", "late"), EnterStage("late"))
    assert step.events[0].payload() == {"mapping": {"a": "b"}}
    assert go(new, step.state, CompleteTask(1, "ok")).state.status == "ended"


def test_what_has_not_changed_is_left_alone() -> None:
    old = one(user_task("a", "end", boundary=("late",)), on_boundary("late", "a", "side", "timer", due=HOUR))
    step = moved(old, old, go(old, NEW_STATE, Start()).state)
    assert (step.effects, kinds(step)) == ((), ["instance.migrated"])


def test_timers_that_changed_are_set_anew() -> None:
    late = on_boundary("late", "a", "side", "timer", due=HOUR)
    old = one(user_task("a", "end", boundary=("late",)), late)
    state = go(old, NEW_STATE, Start()).state
    changed = one(user_task("a", "end", boundary=("late",)), replace(late, due=DAY))
    assert moved(old, changed, state).effects == (CancelWaits(1, "late"), ScheduleTimer(1, "late", DAY))
    gone = one(user_task("a", "end"))
    assert moved(old, gone, state).effects == (CancelWaits(1, "late"),)
    renamed = one(user_task("a", "end", boundary=("later",)), replace(late, id="later"))
    assert moved(old, renamed, state, late="later").effects == (
        CancelWaits(1, "late"), ScheduleTimer(1, "later", HOUR),
    )  # fmt: skip


def test_a_timer_that_has_fired_for_good_stays_so() -> None:
    late = on_boundary("late", "a", "side", "timer", False, due=HOUR)
    old = one(user_task("a", "end", boundary=("late",)), late)
    state = go(old, go(old, NEW_STATE, Start()).state, FireTimer(1, "late")).state
    new = one(user_task("a", "end", boundary=("later",)), replace(late, id="later"))
    step = moved(old, new, state, late="later")
    assert step.state.tokens[0].fired == ("later",)
    assert not any(isinstance(effect, ScheduleTimer) for effect in step.effects)
    gone = one(user_task("a", "end"))
    assert moved(old, gone, state).state.tokens[0].fired == ()


def test_work_is_asked_for_anew_only_if_it_is_other_work() -> None:
    task = ServiceTask("a", "", "create_document", (Param("template", "x"),), 1, 1, (), (way("end"),))
    old = one(task)
    state = go(old, NEW_STATE, Start()).state
    assert moved(old, one(replace(task, id="b")), state, a="b").effects == ()
    again = moved(old, one(replace(task, params=(Param("template", "y"),))), state)
    assert again.effects == (CancelWaits(1, "a"), StartWork(1, "a", "create_document", {"template": "y"}))


def test_a_call_is_made_anew_only_if_it_is_another_process() -> None:
    call = CallActivity("a", "", "p", 1, (), (way("end"),))
    old = one(call)
    state = go(old, NEW_STATE, Start()).state
    assert moved(old, one(replace(call, version=2)), state).effects == ()
    again = moved(old, one(replace(call, process="q")), state)
    assert again.effects == (CancelWaits(1, "a"), StartWork(1, "a", "call", {"process": "q", "version": 1}))


def test_what_is_waited_for_behind_an_event_gateway_may_change() -> None:
    def race(*events: CatchEvent) -> Definition:
        return build(start("race"), EventGateway("race", "", tuple(way(e.id) for e in events)), *events, end())

    reply = CatchEvent("reply", "", "message", (Way("f1", "end"),), message=MessageRef("m"))
    late = CatchEvent("late", "", "timer", (Way("f2", "end"),), due=HOUR)
    state = go(race(reply, late), NEW_STATE, Start()).state
    step = moved(race(reply, late), race(reply, replace(late, id="later")), state)
    assert step.effects == (CancelWaits(1, "late"), ScheduleTimer(1, "later", HOUR))


def test_a_catch_event_is_waited_for_under_its_new_name() -> None:
    wait = CatchEvent("a", "", "message", (way("end"),), message=MessageRef("m"))
    old, new = one(wait), one(replace(wait, id="b"))
    step = moved(old, new, go(old, NEW_STATE, Start()).state, a="b")
    assert step.effects == (CancelWaits(1, "a"), AwaitMessage(1, "b", "m", "deal"))


def test_the_arrivals_at_a_join_move_with_their_flows() -> None:
    def joined(flow: str, inclusive: bool = False) -> Definition:
        join: Element = (
            InclusiveGateway("join", "", (), way("end"), (), {})
            if inclusive
            else ParallelGateway("join", "", (), (way("end"),))
        )
        return build(
            start("fork"),
            ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "b"))),
            user_task("a", Way(flow, "join")),
            user_task("b", "join"),
            join,
            end(),
        )

    old = joined("was")
    state = go(old, go(old, NEW_STATE, Start()).state, CompleteTask(1, "ok")).state
    step = moved(old, joined("new"), state, was="new")
    assert step.state.tokens[1] == Token(3, "join", flow="new")
    assert go(joined("new"), step.state, CompleteTask(2, "ok")).state.status == "ended"
    assert "flow was" in detail(old, joined("new"), state)
    assert "kind" in detail(old, joined("was", inclusive=True), state)


def parallel(*branches: str, then: str = "end") -> Definition:
    """A fork into these steps, and the join behind them."""
    return build(
        start("fork"),
        ParallelGateway("fork", "", (), tuple(Way(f"f{one}", one) for one in branches)),
        *(user_task(one, Way(f"j{one}", "join")) for one in branches),
        ParallelGateway("join", "", (), (way("last"),)),
        user_task("last", then),
        end(),
    )


def arrived(definition: Definition, *tokens: int) -> State:
    """The process with these steps done."""
    state = go(definition, NEW_STATE, Start()).state
    for token in tokens:
        state = go(definition, state, CompleteTask(token, "ok")).state
    return state


def test_a_join_that_lacks_nothing_in_the_new_version_goes_on() -> None:
    old, new = parallel("a", "b"), parallel("a")
    step = moved(old, new, replace(arrived(old, 1), tokens=(Token(3, "join", flow="ja"),)))
    assert at(step.state) == ["last"]
    assert go(new, step.state, CompleteTask(step.state.seq, "ok")).state.status == "ended"


def test_a_join_with_all_its_arrivals_goes_on_though_a_branch_stands_behind_it() -> None:
    old, new = parallel("a", "b", "c"), parallel("a", "b")
    step = moved(old, new, arrived(old, 1, 2), c="last")
    assert at(step.state) == ["last", "last"]
    ended = go(new, step.state, CompleteTask(3, "ok"))
    assert go(new, ended.state, CompleteTask(ended.state.seq, "ok")).state.status == "ended"


def test_two_branches_do_not_come_to_stand_at_one_place() -> None:
    old, new = parallel("a", "b", "c"), parallel("a", "b")
    assert "another branch" in detail(old, new, arrived(old), c="b")
    assert "another branch" in detail(old, new, arrived(old, 2, 3), jc="jb")


def test_the_handlers_of_the_process_and_of_scopes_are_set_up_anew() -> None:
    def with_handlers(due: Due, interrupting: bool = True) -> Definition:
        parts: list[Element] = []
        for scope, id in ((None, "outer"), ("sub", "inner")):
            parts += [
                sub(id, None, scope=scope),
                start(f"{id}_task", f"{id}_start", id, trigger="timer", due=due, interrupting=interrupting),
                user_task(f"{id}_task", f"{id}_end", scope=id),
                end(f"{id}_end", scope=id),
            ]
        return build(
            start("sub"),
            sub("sub", "end"),
            start("a", "sub_start", "sub"),
            user_task("a", "sub_end", scope="sub"),
            end("sub_end", scope="sub"),
            end(),
            *parts,
        )

    old, new = with_handlers(HOUR), with_handlers(DAY)
    state = go(old, NEW_STATE, Start()).state
    assert moved(old, new, state).effects == (
        CancelWaits(0, "outer_start"), ScheduleTimer(0, "outer_start", DAY),
        CancelWaits(1, "inner_start"), ScheduleTimer(1, "inner_start", DAY),
    )  # fmt: skip
    interrupted = go(old, state, FireTimer(1, "inner_start")).state
    assert moved(old, new, interrupted).effects == (
        CancelWaits(0, "outer_start"), ScheduleTimer(0, "outer_start", DAY),
    )  # fmt: skip


REFUSED: list[tuple[Any, Any, str]] = [
    (user_task("a", "end"), user_task("b", "end"), "no such element"),
    (user_task("a", "end"), CatchEvent("a", "", "timer", (way("end"),), due=HOUR), "another kind"),
    (user_task("a", "end"), user_task("a", "end", loop=MultiInstance(True, None, 2)), "repeated"),
    (
        user_task("a", "end", loop=MultiInstance(True, None, 2)),
        user_task("a", "end", loop=MultiInstance(False, None, 2)),
        "repeated",
    ),
]


@pytest.mark.parametrize(("before", "after", "why"), REFUSED)
def test_a_token_without_a_fitting_element_is_not_moved(before: Any, after: Any, why: str) -> None:
    old, new = one(before), one(after)
    assert why in detail(old, new, go(old, NEW_STATE, Start()).state)


def test_a_token_does_not_change_its_sub_process() -> None:
    old = forked()
    new = build(
        *(replace(e, scope=None) if e.id == "a" else e for e in old.elements.values() if e.id != "fork"),  # type: ignore[type-var]
        ParallelGateway("fork", "", (), (Way("f1", "first"), Way("f2", "sub"))),
    )
    assert "another sub-process" in detail(old, new, go(old, NEW_STATE, Start()).state)


def test_the_bodies_of_a_loop_move_with_it() -> None:
    many = MultiInstance(False, None, 2)
    old, new = one(user_task("a", "end", loop=many)), one(user_task("b", "end", loop=many))
    state = go(old, NEW_STATE, Start()).state
    step = moved(old, new, state, a="b")
    assert at(step.state) == ["b", "b", "b"]
    assert step.effects == (MoveTask(2, "b", None), MoveTask(3, "b", None))
    done = go(new, go(new, step.state, CompleteTask(2, "ok")).state, CompleteTask(3, "ok"))
    assert done.state.status == "ended"
