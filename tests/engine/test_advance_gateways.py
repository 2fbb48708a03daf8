"""Splits and joins."""

from dataclasses import replace
from decimal import Decimal

import pytest

from kniga.engine import (
    NEW_STATE,
    Branch,
    CatchEvent,
    CatchSignal,
    CompleteTask,
    CorrelateMessage,
    Definition,
    Due,
    EventGateway,
    ExclusiveGateway,
    FireTimer,
    InclusiveGateway,
    MessageRef,
    ParallelGateway,
    ReceiveTask,
    Start,
    Token,
    Way,
)
from kniga.engine.runtime.effects import AwaitMessage, CancelWaits, ScheduleTimer
from kniga.rules import Comparison
from tests.engine.building import at, build, by_outcome, end, kinds, start, user_task, way
from tests.engine.drawing import go, refused
from tests.engine.random_processes import q_over

HOUR = Due("duration", 3600, False)


def forked() -> Definition:
    """a and b at once, then c."""
    return build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "b"))),
        user_task("a", "join"),
        user_task("b", "join"),
        ParallelGateway("join", "", (), (way("c"),)),
        user_task("c", "end"),
        end(),
    )


def test_a_parallel_gateway_sends_a_token_along_every_way() -> None:
    assert at(go(forked(), NEW_STATE, Start()).state) == ["a", "b"]


def test_a_parallel_join_waits_for_every_flow() -> None:
    state = go(forked(), NEW_STATE, Start()).state
    waiting = go(forked(), state, CompleteTask(1, "ok")).state
    assert waiting.tokens == (Token(2, "b"), Token(3, "join", flow="a_join"))
    assert at(go(forked(), waiting, CompleteTask(2, "ok")).state) == ["c"]


def test_a_parallel_join_takes_one_token_of_each_flow() -> None:
    state = go(forked(), NEW_STATE, Start()).state
    twice = replace(state, tokens=(Token(1, "a"), Token(2, "a"), Token(3, "b")), seq=3)
    twice = go(forked(), go(forked(), twice, CompleteTask(1, "ok")).state, CompleteTask(2, "ok")).state
    assert at(twice) == ["b", "join", "join"]
    assert at(go(forked(), twice, CompleteTask(3, "ok")).state) == ["join", "c"]


def test_several_ways_out_of_a_task_are_a_parallel_split() -> None:
    task = replace(user_task("ask", "a"), ways=(Way("one", "a"), Way("two", "b")))
    definition = build(start("ask"), task, user_task("a", "end"), user_task("b", "end"), end())
    state = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(1, "ok")).state
    assert at(state) == ["a", "b"]


def test_the_last_of_several_paths_ends_the_instance() -> None:
    definition = build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("fa", "a"), Way("fb", "b"))),
        user_task("a", "end"),
        user_task("b", "end"),
        end(reason_from="q"),
    )
    state = go(definition, go(definition, NEW_STATE, Start(data={"q": 1})).state, CompleteTask(2, "ok")).state
    ended = go(definition, state, CompleteTask(1, "ok"))
    assert (state.status, ended.state.status) == ("running", "ended")
    assert (ended.state.result, ended.state.reason) == ("other", "1")


def inclusive(default: str | None = "c") -> Definition:
    """a if q > 3, b if q > 5, c by default; then d."""
    return build(
        start("ifork"),
        InclusiveGateway(
            "ifork", "", (Branch("fa", q_over(3), "a"), Branch("fb", q_over(5), "b")),
            None if default is None else Way("fc", default), (), {},
        ),
        user_task("a", "ijoin"),
        user_task("b", "ijoin"),
        user_task("c", "ijoin"),
        InclusiveGateway("ijoin", "", (), way("d"), (), {}),
        user_task("d", "end"),
        end(),
        question_types={"q": "number"},
    )  # fmt: skip


@pytest.mark.parametrize(("q", "reached"), [(1, ["c"]), (4, ["a"]), (6, ["a", "b"])])
def test_an_inclusive_gateway_takes_every_branch_that_is_true_else_the_default(q: int, reached: list[str]) -> None:
    definition = inclusive()
    state = go(definition, NEW_STATE, Start(data={"q": q})).state
    assert at(state) == reached
    for token in state.tokens:
        assert at(state)[-1] != "d"
        state = go(definition, state, CompleteTask(token.id, "ok")).state
    assert at(state) == ["d"]


def test_an_inclusive_gateway_without_a_way_is_refused() -> None:
    assert refused(inclusive(None), NEW_STATE, Start(data={"q": 1})).code == "no_flow"


def test_an_inclusive_join_waits_for_a_token_in_a_loop_before_it() -> None:
    """13.4.3: a token that can reach an empty flow is waited for, however often it goes round first."""
    definition = build(
        start("ifork"),
        InclusiveGateway("ifork", "", (Branch("fa", q_over(0), "a"), Branch("fb", q_over(0), "b")), None, (), {}),
        user_task("a", "ijoin"),
        user_task("b", "again", outcomes=("on", "back")),
        by_outcome("again", {"on": "ijoin", "back": "b"}),
        InclusiveGateway("ijoin", "", (), way("d"), (), {}),
        user_task("d", "end"),
        end(),
    )
    state = go(definition, NEW_STATE, Start(data={"q": 1})).state
    state = go(definition, state, CompleteTask(1, "ok")).state
    state = go(definition, state, CompleteTask(2, "back")).state
    assert at(state) == ["ijoin", "b"]
    assert at(go(definition, state, CompleteTask(4, "on")).state) == ["d"]


def test_an_inclusive_join_does_not_wait_for_a_token_that_can_come_by_a_full_flow() -> None:
    """13.4.3: who can reach the empty flow, but also one that has a token, is not waited for."""
    definition = build(
        start("fork"),
        ParallelGateway("fork", "", (), (Way("f1", "a"), Way("f2", "a"))),
        user_task("a", "choose", outcomes=("left", "right")),
        by_outcome("choose", {"left": "ijoin"}, default="ijoin"),
        InclusiveGateway("ijoin", "", (), way("d"), (), {}),
        user_task("d", "end"),
        end(),
    )
    state = go(definition, NEW_STATE, Start()).state
    assert at(go(definition, state, CompleteTask(1, "left")).state) == ["a", "d"]


def test_conditions_see_the_outcome_of_the_path_even_behind_other_elements() -> None:
    definition = build(
        start("ask"),
        user_task("ask", "pass", outcomes=("yes", "no")),
        ParallelGateway("pass", "", (), (way("wait"),)),
        CatchEvent("wait", "", "timer", (way("choose"),), due=HOUR),
        by_outcome("choose", {"yes": "good"}, default="bad"),
        user_task("good", "end"),
        user_task("bad", "end"),
        end(),
    )
    for outcome, reached in (("yes", "good"), ("no", "bad")):
        state = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(1, outcome)).state
        assert state.tokens == (Token(2, "wait", outcome=outcome),)
        assert at(go(definition, state, FireTimer(2, "wait")).state) == [reached]


def test_a_gateway_takes_the_first_branch_that_is_true_and_remembers_what_it_looked_at() -> None:
    big = Comparison("deal.amount", "money", "gt", 100)
    definition = build(
        start("choose"),
        ExclusiveGateway("choose", "", (Branch("f1", big, "a"), Branch("f2", q_over(0), "b")), None, None),
        user_task("a", "end"),
        user_task("b", "end"),
        end(),
    )
    fields = {"deal.amount": Decimal(500), "client.kind": "new"}
    step = go(definition, NEW_STATE, Start(fields=fields))
    assert at(step.state) == ["a"]
    looked_at = {"deal.amount": {"decimal": "500"}}
    assert step.events[0].payload() == {"element": "start", "data": {}, "looked_at": looked_at}
    assert at(go(definition, NEW_STATE, Start(data={"q": 1}, fields={"deal.amount": 5})).state) == ["b"]
    assert refused(definition, NEW_STATE, Start()).code == "no_flow"
    assert refused(definition, NEW_STATE, Start(fields={"deal.amount": "much"})).code == "bad_field"


def raced() -> Definition:
    """A task, then whichever comes first: a reply, a day, a signal, a letter."""
    return build(
        start("ask"),
        user_task("ask", "race"),
        EventGateway("race", "", tuple(map(way, ("reply", "late", "call", "letter")))),
        CatchEvent("reply", "", "message", (Way("f1", "a"),), message=MessageRef("reply", "key", "answer.q")),
        CatchEvent("late", "", "timer", (Way("f2", "b"),), due=HOUR),
        CatchEvent("call", "", "signal", (Way("f3", "c"),), signal="ring"),
        ReceiveTask("letter", "", MessageRef("letter"), (), (Way("f4", "a"),)),
        user_task("a", "end"),
        user_task("b", "end"),
        user_task("c", "end"),
        end(),
        question_types={"q": "number"},
    )


@pytest.mark.parametrize(
    ("command", "reached", "kind"),
    [
        (CorrelateMessage(2, "reply", {"q": "7"}), "a", "message.caught"),
        (CorrelateMessage(2, "letter"), "a", "message.caught"),
        (FireTimer(2, "late"), "b", "timer.fired"),
        (CatchSignal(2, "call"), "c", "signal.caught"),
    ],
)
def test_the_first_event_behind_an_event_gateway_decides(command: object, reached: str, kind: str) -> None:
    definition = raced()
    asked = go(definition, go(definition, NEW_STATE, Start(data={"q": 3})).state, CompleteTask(1, "ok"))
    assert asked.state.tokens == (Token(2, "race", outcome="ok"),)
    assert AwaitMessage(2, "reply", "reply", "key", 3) in asked.effects
    assert ScheduleTimer(2, "late", HOUR) in asked.effects
    step = go(definition, asked.state, command)  # type: ignore[arg-type]
    assert at(step.state) == [reached]
    assert kinds(step) == [kind, "task.created"]
    assert step.effects[0] == CancelWaits(2)


def test_an_event_that_does_not_stand_behind_the_gateway_is_refused() -> None:
    definition = raced()
    state = go(definition, go(definition, NEW_STATE, Start()).state, CompleteTask(1, "ok")).state
    assert refused(definition, state, FireTimer(2, "reply")).code == "timer_not_set"
    assert refused(definition, state, CorrelateMessage(2, "late")).code == "message_not_awaited"
    assert refused(definition, state, CatchSignal(2, "nowhere")).code == "signal_not_awaited"
    assert refused(definition, state, CatchSignal(9, "call")).code == "task_not_open"
    assert refused(definition, state, CorrelateMessage(2, "reply", {"q": "many"})).code == "bad_payload"


def test_a_circle_that_never_rests_is_refused() -> None:
    definition = build(
        start("a"),
        ExclusiveGateway("a", "", (), way("b"), None),
        ExclusiveGateway("b", "", (), way("a"), None),
        end(),
    )
    assert refused(definition, NEW_STATE, Start()).code == "endless_loop"
