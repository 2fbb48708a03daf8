"""Sub-processes, event sub-processes, errors and escalations."""

from typing import Any

import pytest

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CatchEvent,
    CatchSignal,
    CompleteTask,
    CorrelateMessage,
    Definition,
    Due,
    Element,
    FailWork,
    FireTimer,
    MessageRef,
    MultiInstance,
    ParallelGateway,
    Reconsider,
    ServiceTask,
    Start,
    ThrowEvent,
    Token,
    Way,
)
from kniga.engine.runtime.effects import AwaitMessage, CancelWaits, EndInstance, ScheduleTimer
from kniga.rules import Comparison
from tests.engine.building import at, build, by_outcome, end, kinds, on_boundary, start, sub, user_task, way
from tests.engine.drawing import go, refused

HOUR = Due("duration", 3600, False)
BIG = Comparison("deal.amount", "money", "gt", 100)


def nested(*more: Element, boundary: tuple[str, ...] = (), **of_end: Any) -> Definition:
    """A sub-process with two tasks at once, then a task."""
    return build(
        start("sub"),
        sub("sub", "after", boundary),
        start("fork", "sub_start", "sub"),
        ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "b")), "sub"),
        user_task("a", "a_end", scope="sub"),
        user_task("b", "b_end", scope="sub"),
        end("a_end", scope="sub", **of_end),
        end("b_end", scope="sub"),
        user_task("after", "end"),
        user_task("rescue", "end"),
        end(),
        *more,
    )


def test_a_sub_process_is_over_when_nothing_is_left_in_it() -> None:
    definition = nested()
    started = go(definition, NEW_STATE, Start())
    assert started.state.tokens == (Token(1, "sub"), Token(2, "a", parent=1), Token(3, "b", parent=1))
    assert kinds(started) == ["instance.started", "scope.entered", "task.created", "task.created"]
    state = go(definition, started.state, CompleteTask(2, "ok")).state
    assert at(state) == ["sub", "b"]
    step = go(definition, state, CompleteTask(3, "ok"))
    assert at(step.state) == ["after"]
    assert step.events[1].payload() == {"token": 1, "element": "sub", "how": "completed"}


def test_terminate_ends_its_scope_at_once() -> None:
    definition = nested(trigger="terminate")
    step = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(2, "ok"))
    assert at(step.state) == ["after"]
    assert kinds(step) == ["task.completed", "task.cancelled", "scope.left", "task.created"]


def test_terminate_in_the_process_itself_ends_the_instance() -> None:
    definition = build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "end"))),
        user_task("a", "end"),
        end(trigger="terminate"),
    )
    step = go(definition, NEW_STATE, Start())
    assert (step.state.status, step.state.result, step.state.tokens) == ("ended", "other", ())


def test_a_won_end_inside_a_sub_process_ends_the_instance() -> None:
    definition = build(
        start("sub"), sub("sub", "end"), start("win", "sub_start", "sub"), end("win", "won", "sub"), end()
    )
    step = go(definition, NEW_STATE, Start())
    assert (step.state.status, step.state.result) == ("ended", "won")
    assert kinds(step) == ["instance.started", "scope.entered", "scope.left", "instance.ended"]


def test_an_event_on_a_sub_process_cancels_all_that_is_in_it() -> None:
    definition = nested(on_boundary("late", "sub", "rescue", "timer", due=HOUR), boundary=("late",))
    started = go(definition, NEW_STATE, Start())
    assert ScheduleTimer(1, "late", HOUR) in started.effects
    step = go(definition, started.state, FireTimer(1, "late"))
    assert at(step.state) == ["rescue"]
    assert kinds(step) == ["timer.fired", "task.cancelled", "task.cancelled", "scope.left", "task.created"]
    assert CancelWaits(1) in step.effects


def handled(trigger: str, interrupting: bool, **more: Any) -> Definition:
    """A sub-process with a handler, both with a task, a message beside that goes on for ever."""
    return nested(
        sub("handler", None, scope="sub"),
        start("react", "handler_start", "handler", trigger=trigger, interrupting=interrupting, **more),
        user_task("react", "react_end", scope="handler"),
        end("react_end", scope="handler"),
        sub("other", None, scope="sub"),
        start("other_end", "other_start", "other", trigger="message", message=MessageRef("n"), interrupting=False),
        end("other_end", scope="other"),
    )


HANDLERS = [
    ("timer", {"due": HOUR}, FireTimer(1, "handler_start")),
    ("message", {"message": MessageRef("m")}, CorrelateMessage(1, "handler_start")),
    ("signal", {"signal": "s"}, CatchSignal(1, "handler_start")),
    ("conditional", {"condition": BIG}, Reconsider({"deal.amount": 500})),
]


@pytest.mark.parametrize(("trigger", "more", "command"), HANDLERS)
def test_an_interrupting_handler_stands_for_its_scope(trigger: str, more: dict[str, Any], command: Any) -> None:
    definition = handled(trigger, True, **more)
    state = go(definition, NEW_STATE, Start()).state
    assert at(go(definition, state, CorrelateMessage(1, "other_start")).state) == ["sub", "a", "b"]
    step = go(definition, state, command)
    assert at(step.state) == ["sub", "handler", "react"]
    assert CancelWaits(1, "other_start") in step.effects
    assert (CancelWaits(1, "handler_start") in step.effects) is (trigger != "conditional")
    assert refused(definition, step.state, CorrelateMessage(1, "other_start")).code == "message_not_awaited"
    assert go(definition, step.state, Reconsider({"deal.amount": 900})).events == ()
    last = go(definition, step.state, CompleteTask(step.state.seq, "ok"))
    assert at(last.state) == ["after"]
    assert kinds(last) == ["task.completed", "scope.left", "scope.left", "task.created"]


@pytest.mark.parametrize(("trigger", "more", "command"), HANDLERS)
def test_another_handler_runs_beside_its_scope(trigger: str, more: dict[str, Any], command: Any) -> None:
    definition = handled(trigger, False, **more)
    state = go(definition, go(definition, NEW_STATE, Start()).state, command).state
    assert at(state) == ["sub", "a", "b", "handler", "react"]
    assert (state.tokens[0].fired == ("handler_start",)) is (trigger in ("timer", "conditional"))
    for token in (2, 3):
        state = go(definition, state, CompleteTask(token, "ok", fields={"deal.amount": 500})).state
    assert at(state) == ["sub", "handler", "react"]
    assert at(go(definition, state, CompleteTask(state.seq, "ok", fields={"deal.amount": 500})).state) == ["after"]


def at_the_root(interrupting: bool) -> Definition:
    """A handler of the process itself."""
    return build(
        start("work"),
        user_task("work", "end"),
        end(),
        sub("handler", None),
        start("react", "handler_start", "handler", trigger="timer", due=HOUR, interrupting=interrupting),
        user_task("react", "react_end", scope="handler"),
        end("react_end", scope="handler"),
    )


def test_a_handler_of_the_process_itself_is_armed_under_zero() -> None:
    definition = at_the_root(False)
    started = go(definition, NEW_STATE, Start())
    assert ScheduleTimer(0, "handler_start", HOUR) in started.effects
    step = go(definition, started.state, FireTimer(0, "handler_start"))
    assert step.state.fired == ("handler_start",)
    assert step.events[0].payload()["element"] == "handler"
    assert at(step.state) == ["work", "handler", "react"]
    assert refused(definition, step.state, FireTimer(0, "handler_start")).code == "timer_not_set"
    assert refused(definition, step.state, FireTimer(9, "handler_start")).code == "task_not_open"
    state = go(definition, step.state, CompleteTask(1, "ok")).state
    ended = go(definition, state, CompleteTask(3, "ok"))
    assert (ended.state.status, ended.effects[-1]) == ("ended", EndInstance("other", None))
    assert CancelWaits(0) in ended.effects
    assert CancelWaits(0) in go(definition, state, Cancel("enough")).effects


def test_an_interrupting_handler_of_the_process_itself() -> None:
    definition = at_the_root(True)
    step = go(definition, go(definition, NEW_STATE, Start()).state, FireTimer(0, "handler_start"))
    assert at(step.state) == ["handler", "react"]
    assert step.state.fired == ()
    assert go(definition, step.state, CompleteTask(3, "ok")).state.status == "ended"


def failing(
    *handlers: Element, inner: tuple[str, ...] = (), outer: tuple[str, ...] = (), code: str = "broken"
) -> Definition:
    """Work inside a sub-process inside a sub-process; beside it an end that fails."""
    return build(
        start("outer"),
        sub("outer", "end", outer),
        start("inner", "outer_start", "outer"),
        sub("inner", "outer_end", inner, "outer"),
        start("fork", "inner_start", "inner"),
        ParallelGateway("fork", "", (), (Way("fa", "work"), Way("fb", "ask")), "inner"),
        ServiceTask(
            "work", "", "rescore", (), 0, 0, ("own",) if _has(handlers, "own") else (), (way("e1"),), scope="inner"
        ),
        user_task("ask", "e2", scope="inner"),
        end("e1", scope="inner"),
        end("e2", scope="inner", trigger="error", code=code),
        end("outer_end", scope="outer"),
        user_task("rescue", "end"),
        user_task("inside", "outer_end", scope="outer"),
        end(),
        *handlers,
    )


def _has(elements: tuple[Element, ...], id: str) -> bool:
    return any(element.id == id for element in elements)


def test_failed_work_goes_to_its_own_boundary_first() -> None:
    definition = failing(
        on_boundary("own", "work", "e1", "error", scope="inner"),
        on_boundary("caught", "outer", "rescue", "error"),
        outer=("caught",),
    )
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, FailWork(3, "any", "it is broken"))
    assert at(step.state) == ["outer", "inner", "ask"]
    assert kinds(step) == ["work.failed", "error.thrown"]
    assert step.events[0].payload()["message"] == "it is broken"
    assert step.events[1].payload() == {"element": "work", "code": "any", "handler": "own"}


def test_an_error_goes_outwards_until_something_takes_it() -> None:
    definition = failing(on_boundary("caught", "outer", "rescue", "error", code="broken"), outer=("caught",))
    state = go(definition, NEW_STATE, Start()).state
    for command in (FailWork(3, "broken"), CompleteTask(4, "ok")):
        assert at(go(definition, state, command).state) == ["rescue"]
    assert refused(definition, state, FailWork(3, "other")).code == "uncaught_error"


def test_of_several_handlers_the_one_that_names_the_code_takes_the_error() -> None:
    definition = failing(
        on_boundary("every", "inner", "outer_end", "error", scope="outer"),
        on_boundary("named", "inner", "inside", "error", code="broken", scope="outer"),
        on_boundary("rung", "inner", "inside", "signal", signal="s", scope="outer"),
        inner=("rung", "every", "named"),
    )
    state = go(definition, NEW_STATE, Start()).state
    assert at(go(definition, state, FailWork(3, "broken")).state) == ["outer", "inside"]
    assert go(definition, state, FailWork(3, "other")).state.status == "ended"


def test_an_error_nobody_takes_fails_the_instance() -> None:
    definition = failing()
    step = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(4, "ok"))
    assert (step.state.status, step.state.result, step.state.reason) == ("ended", "failed", "broken")
    assert step.effects[-1] == EndInstance("failed", "broken")


def test_a_handler_of_the_scope_takes_the_error_before_the_boundary() -> None:
    definition = failing(
        sub("fix", None, scope="inner"),
        start("fixing", "fix_start", "fix", trigger="error", code="broken"),
        user_task("fixing", "fixed", scope="fix"),
        end("fixed", scope="fix", trigger="error", code="broken"),
        on_boundary("caught", "inner", "inside", "error", scope="outer"),
        inner=("caught",),
    )
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, CompleteTask(4, "ok"))
    assert at(step.state) == ["outer", "inner", "fix", "fixing"]
    # an error in the handler itself is not its own: it goes outwards
    assert at(go(definition, step.state, CompleteTask(6, "ok")).state) == ["outer", "inside"]


def test_an_error_in_the_body_of_a_loop_goes_to_the_loops_boundary() -> None:
    work = ServiceTask("work", "", "rescore", (), 0, 0, ("own",), (way("end"),), loop=MultiInstance(False, None, 2))
    definition = build(
        start("work"), work, on_boundary("own", "work", "rescue", "error"), user_task("rescue", "end"), end()
    )
    state = go(definition, NEW_STATE, Start()).state
    step = go(definition, state, FailWork(3, "broken"))
    assert at(step.state) == ["rescue"]
    assert kinds(step) == ["work.failed", "error.thrown", "loop.ended", "task.created"]


def escalating(interrupting: bool, code: str | None, boundary: bool) -> Definition:
    """A sub-process that throws an escalation and goes on; the handler stands on it or in it."""
    handler: tuple[Element, ...] = (
        (on_boundary("told", "sub", "head", "escalation", interrupting, code=code), user_task("head", "end"))
        if boundary
        else (
            sub("told", None, scope="sub"),
            start("head", "told_start", "told", trigger="escalation", interrupting=interrupting, code=code),
            user_task("head", "told_end", scope="told"),
            end("told_end", scope="told"),
        )
    )
    return build(
        start("sub"),
        sub("sub", "end", ("told",) if boundary else ()),
        start("cry", "sub_start", "sub"),
        ThrowEvent("cry", "", "escalation", (way("work"),), code="e", scope="sub"),
        user_task("work", "sub_end", scope="sub"),
        end("sub_end", scope="sub", trigger="escalation", code="over"),
        end(),
        *handler,
    )


@pytest.mark.parametrize("boundary", [True, False])
def test_an_escalation_may_leave_its_path_alone(boundary: bool) -> None:
    definition = escalating(False, "e", boundary)
    step = go(definition, NEW_STATE, Start())
    assert sorted(set(at(step.state)) - {"sub", "told"}) == ["head", "work"]
    thrown = [event.payload() for event in step.events if event.kind.endswith("escalation.thrown")]
    assert thrown == [{"element": "cry", "code": "e", "handler": "told" if boundary else "told_start"}]


@pytest.mark.parametrize("boundary", [True, False])
def test_an_escalation_may_interrupt_its_path(boundary: bool) -> None:
    definition = escalating(True, None, boundary)
    assert at(go(definition, NEW_STATE, Start()).state) == (["head"] if boundary else ["sub", "told", "head"])


def test_an_escalation_nobody_takes_changes_nothing() -> None:
    definition = escalating(True, "other", True)
    step = go(definition, NEW_STATE, Start())
    assert at(step.state) == ["sub", "work"]
    assert step.events[-2].payload() == {"element": "cry", "code": "e", "handler": None}
    assert go(definition, step.state, CompleteTask(2, "ok")).state.status == "ended"


def test_an_escalation_at_an_end_may_interrupt_its_scope() -> None:
    definition = escalating(True, "over", True)
    state = go(definition, NEW_STATE, Start()).state
    assert at(go(definition, state, CompleteTask(2, "ok")).state) == ["head"]


def test_the_outcome_is_unknown_behind_a_sub_process() -> None:
    definition = build(
        start("sub"),
        sub("sub", "choose"),
        start("ask", "sub_start", "sub"),
        user_task("ask", "sub_end", outcomes=("yes",), scope="sub"),
        end("sub_end", scope="sub"),
        by_outcome("choose", {"yes": "a"}, default="b"),
        user_task("a", "end"),
        user_task("b", "end"),
        end(),
    )
    assert at(go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(2, "yes")).state) == ["b"]


def test_a_scope_within_a_handler_has_handlers_of_its_own() -> None:
    definition = handled("timer", True, due=HOUR)
    deeper = build(
        *definition.elements.values(),
        sub("deep", None, scope="handler"),
        start("deep_end", "deep_start", "deep", trigger="message", message=MessageRef("d"), interrupting=False),
        end("deep_end", scope="deep"),
    )
    step = go(deeper, go(deeper, NEW_STATE, Start()).state, FireTimer(1, "handler_start"))
    assert AwaitMessage(4, "deep_start", "d", "deal") in step.effects
    step = go(deeper, step.state, CorrelateMessage(4, "deep_start"))
    assert at(step.state) == ["sub", "handler", "react"]
    assert CancelWaits(4) in go(deeper, step.state, CompleteTask(5, "ok")).effects


def test_a_join_inside_a_sub_process_belongs_to_that_run_of_it() -> None:
    """Two runs of one sub-process at once do not lend each other their arrivals."""
    definition = build(
        start("each"),
        sub("each", "end", loop=MultiInstance(False, None, 2)),
        start("fork", "each_start", "each"),
        ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "b")), "each"),
        user_task("a", "join", scope="each"),
        user_task("b", "join", scope="each"),
        ParallelGateway("join", "", (), (way("c"),), "each"),
        user_task("c", "each_end", scope="each"),
        end("each_end", scope="each"),
        end(),
    )
    state = go(definition, NEW_STATE, Start()).state
    assert at(state) == ["each", "each", "each", "a", "b", "a", "b"]
    state = go(definition, state, CompleteTask(4, "ok")).state
    state = go(definition, state, CompleteTask(7, "ok")).state
    assert at(state).count("join") == 2
    assert "c" in at(go(definition, state, CompleteTask(5, "ok")).state)


def test_an_event_that_waits_inside_a_cancelled_scope_is_forgotten() -> None:
    definition = build(
        start("sub"),
        sub("sub", "end", ("late",)),
        start("wait", "sub_start", "sub"),
        CatchEvent("wait", "", "message", (way("sub_end"),), message=MessageRef("m"), scope="sub"),
        end("sub_end", scope="sub"),
        on_boundary("late", "sub", "end", "timer", due=HOUR),
        end(),
    )
    step = go(definition, go(definition, NEW_STATE, Start()).state, FireTimer(1, "late"))
    assert [effect for effect in step.effects if isinstance(effect, CancelWaits)] == [CancelWaits(2), CancelWaits(1)]


def test_what_is_about_to_begin_in_a_cancelled_scope_does_not_begin() -> None:
    definition = build(
        start("sub"),
        sub("sub", "end", ("told",)),
        start("fork", "sub_start", "sub"),
        ParallelGateway("fork", "", (), (Way("fa", "cry"), Way("fb", "work")), "sub"),
        ThrowEvent("cry", "", "escalation", (way("sub_end"),), code="e", scope="sub"),
        user_task("work", "sub_end", scope="sub"),
        end("sub_end", scope="sub"),
        on_boundary("told", "sub", "head", "escalation"),
        user_task("head", "end"),
        end(),
    )
    step = go(definition, NEW_STATE, Start())
    assert at(step.state) == ["head"]
    assert kinds(step) == ["instance.started", "scope.entered", "escalation.thrown", "scope.left", "task.created"]


def test_an_end_of_the_instance_takes_away_arrivals_at_joins() -> None:
    definition = build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("fa", "join"), Way("fb", "ask"))),
        user_task("ask", "choose", outcomes=("on", "off")),
        by_outcome("choose", {"on": "join", "off": "lost"}),
        ParallelGateway("join", "", (), (way("end"),)),
        end(),
        end("lost", "lost"),
    )
    state = go(definition, NEW_STATE, Start()).state
    assert at(state) == ["join", "ask"]
    step = go(definition, state, CompleteTask(2, "off"))
    assert (step.state.result, step.state.tokens) == ("lost", ())
    assert kinds(step) == ["task.completed", "instance.ended"]
