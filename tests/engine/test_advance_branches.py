"""Moving an instance whose branches meet at joins: none waits for ever, and no branch runs into another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from kniga.engine import (
    NEW_STATE,
    CompleteTask,
    Definition,
    Due,
    Element,
    GoTo,
    InclusiveGateway,
    Migrate,
    MultiInstance,
    ParallelGateway,
    Start,
    State,
    Way,
    replay_events,
)
from tests.engine.building import at, build, by_outcome, end, merge, on_boundary, start, sub, user_task, way
from tests.engine.drawing import NOW, go, refused

HOUR = Due("duration", 3600, False)


def fork(id: str, *targets: str, scope: str | None = None) -> ParallelGateway:
    """A split into these branches."""
    return ParallelGateway(id, "", (), tuple(Way(f"{id}_{one}", one) for one in targets), scope)


def join(id: str, then: str, scope: str | None = None) -> ParallelGateway:
    """Where branches meet again."""
    return ParallelGateway(id, "", (), (Way(f"{id}_on", then),), scope)


def parallel(*branches: str, inclusive: bool = False) -> Definition:
    """A fork into these steps, a join of them and a step behind it."""
    met: Element = InclusiveGateway("join", "", (), way("c"), (), {}) if inclusive else join("join", "c")
    return build(start("fork"), fork("fork", *branches), *(user_task(one, "join") for one in branches),
                 met, user_task("c", "end"), end())  # fmt: skip


def sequence(*steps: str) -> Definition:
    """One step after the other."""
    following = (*steps[1:], "end")
    return build(start(steps[0]), *(user_task(one, then) for one, then in zip(steps, following, strict=True)), end())


def begun(definition: Definition, *tokens: int) -> State:
    """The process with these tasks done."""
    state = go(definition, NEW_STATE, Start()).state
    for token in tokens:
        state = go(definition, state, CompleteTask(token, "ok")).state
    return state


def why(old: Definition, new: Definition, state: State, **mapping: str) -> tuple[str, str]:
    """Why a move is refused: the code and what it is about."""
    rejection = refused(new, state, Migrate(old, mapping))
    assert rejection.message
    return rejection.code, rejection.params.get("join") or rejection.params["detail"]


def comes_to_its_end(old: Definition, new: Definition, state: State, **mapping: str) -> list[str]:
    """Move, then do every task; the steps that were done after the move, in their order."""
    state = go(new, state, Migrate(old, mapping)).state
    done = []
    while state.status == "running":
        tasks = [one for one in state.tokens if one.flow is None and new.user_task(one.element) and one.loop is None]
        done.append(tasks[0].element)
        state = go(new, state, CompleteTask(tasks[0].id, "ok")).state
    return done


STRANDED = ("move_strands", "join")
SAME_STEPS = ("cannot_migrate", "another branch would do the same steps")


@pytest.mark.parametrize(
    ("old", "new", "tokens"),
    [
        (parallel("a", "b"), parallel("a", "b", "x"), ()),
        (parallel("a", "b"), parallel("a", "b", "x"), (1,)),
        (sequence("a", "c"), parallel("a", "b"), ()),
    ],
)
def test_a_move_that_leaves_a_join_waiting_for_ever_is_refused(
    old: Definition, new: Definition, tokens: Sequence[int]
) -> None:
    assert why(old, new, begun(old, *tokens)) == STRANDED


def test_behind_the_join_or_with_the_branches_of_before_nothing_speaks_against_a_move() -> None:
    old, new = parallel("a", "b"), parallel("a", "b", "x")
    assert comes_to_its_end(old, new, begun(old, 1, 2)) == ["c"]
    assert comes_to_its_end(old, parallel("a", "b"), begun(old, 1)) == ["b", "c"]


def test_an_inclusive_join_of_the_new_version_waits_for_those_that_come_only() -> None:
    old = sequence("a", "c")
    assert comes_to_its_end(old, parallel("a", "b", inclusive=True), begun(old)) == ["a", "c"]


def test_branches_that_would_follow_one_another_are_refused() -> None:
    assert why(parallel("a", "b"), sequence("a", "b", "c"), begun(parallel("a", "b"))) == SAME_STEPS
    assert why(parallel("a", "b"), sequence("b", "a", "c"), begun(parallel("a", "b"))) == SAME_STEPS
    line = build(
        start("fork"), fork("fork", "a", "x"), user_task("a", "b"), user_task("b", "end"), user_task("x", "end"), end()
    )
    assert why(parallel("a", "b"), line, begun(parallel("a", "b"))) == SAME_STEPS


def test_branches_that_the_new_version_lets_run_beside_each_other_are_not() -> None:
    """Both go through the same step at their end, once each: so it is drawn."""

    def side_by_side(then: str) -> Definition:
        both = (user_task("a", then), user_task("b", then))
        return build(start("fork"), fork("fork", "a", "b"), *both, user_task("c", "end"), end())

    old, new = side_by_side("end"), side_by_side("c")
    state = begun(old)
    assert comes_to_its_end(old, new, state, b="c") == ["a", "c", "c"]
    assert comes_to_its_end(old, new, state, a="c") == ["c", "b", "c"]
    again = go(new, state, Migrate(old, {"a": "c"})).state
    assert comes_to_its_end(new, sequence("b", "c"), again) == ["c", "b", "c"], "so it was before"


def test_a_reminder_runs_beside_what_it_reminds_of_and_all_that_comes_after() -> None:
    old = build(start("fork"), fork("fork", "c", "r"), user_task("c", "end"), user_task("r", "end"), end())
    for interrupting in (False, True):
        new = build(
            start("a"), user_task("a", "c", boundary=("late",)), user_task("c", "end"),
            on_boundary("late", "a", "r", "timer", interrupting, due=HOUR), user_task("r", "c"), end(),
        )  # fmt: skip
        if interrupting:
            assert why(old, new, begun(old)) == SAME_STEPS
        else:
            assert comes_to_its_end(old, new, begun(old)) == ["c", "r", "c"]


def nested(*inner: str, outer: str = "e", prefix: str = "") -> Definition:
    """Two branches, the first of which has branches of its own; everything may be done once more."""
    return build(
        start("again"),
        merge("again", way("outer")),
        fork("outer", "inner", outer),
        fork("inner", *inner),
        *(user_task(one, Way(f"{prefix}{one}_met", "met")) for one in inner),
        join("met", "d"),
        user_task("d", Way(f"{prefix}d_all", "all")),
        user_task(outer, Way(f"{prefix}e_all", "all")),
        join("all", "more"),
        user_task("more", "which", outcomes=("ok", "again")),
        by_outcome("which", {"again": "again"}, "end"),
        end(),
    )


def test_joins_behind_joins_are_fed_by_what_meets_before_them() -> None:
    old, drawn_anew = nested("a", "b"), nested("a", "b", prefix="new_")
    state = begun(old)
    assert comes_to_its_end(old, drawn_anew, state) == ["e", "a", "b", "d", "more"]
    assert why(old, nested("a", "b", "x"), state) == ("move_strands", "met")
    flat = build(start("fork"), fork("fork", "e", "a", "b"), *(user_task(one, "all") for one in "eab"),
                 join("all", "c"), user_task("c", "end"), end())  # fmt: skip
    assert comes_to_its_end(flat, old, begun(flat)) == ["e", "a", "b", "d", "more"]
    once = go(old, begun(old, 1, 2, 3), CompleteTask(begun(old, 1, 2, 3).seq, "ok")).state
    assert at(once) == ["more"]
    assert comes_to_its_end(old, drawn_anew, once) == ["more"]


def test_a_step_before_a_choice_of_ways_is_no_second_branch() -> None:
    """Behind the choice one way leads straight to the join, the other by branches of its own."""
    definition = build(
        start("outer"),
        fork("outer", "p", "e"),
        user_task("p", "how", outcomes=("ok", "long")),
        by_outcome("how", {"long": "inner"}, "short"),
        user_task("short", "over"),
        fork("inner", "a", "b"),
        user_task("a", "met"),
        user_task("b", "met"),
        join("met", "over"),
        merge("over", way("all")),
        user_task("e", "all"),
        join("all", "c"),
        user_task("c", "end"),
        end(),
    )
    state = begun(definition)
    token = next(one.id for one in state.tokens if one.element == "p")
    state = go(definition, state, CompleteTask(token, "ok")).state
    sent = next(one.id for one in state.tokens if one.element == "short")
    assert at(go(definition, state, GoTo("p", "again", (sent,))).state) == ["e", "p"]


def test_an_inclusive_join_around_waits_for_what_meets_inside() -> None:
    """Everything may be done once more: the join inside is not fed by what comes round by the join around it."""

    def drawn(prefix: str) -> Definition:
        return build(
            start("again"),
            merge("again", way("outer")),
            fork("outer", "inner", "e"),
            fork("inner", "a", "b"),
            *(user_task(one, Way(f"{prefix}{one}_met", "met")) for one in "ab"),
            join("met", "m"),
            fork("m", "m1", "m2"),
            *(user_task(one, Way(f"{prefix}{one}_deep", "deep")) for one in ("m1", "m2")),
            join("deep", "d"),
            user_task("d", Way(f"{prefix}d_all", "all")),
            user_task("e", Way(f"{prefix}e_all", "all")),
            InclusiveGateway("all", "", (), way("more"), (), {}),
            user_task("more", "which", outcomes=("ok", "again")),
            by_outcome("which", {"again": "again"}, "end"),
            end(),
        )

    state = begun(drawn(""))
    assert comes_to_its_end(drawn(""), drawn("new_"), state) == ["e", "a", "b", "m1", "m2", "d", "more"]


def around(inner: Definition, loop: MultiInstance | None = None) -> Definition:
    """A process inside a sub-process."""
    parts = [
        replace(one, id="in_start" if one.id == "start" else one.id, scope="sub") for one in inner.elements.values()
    ]
    renamed = [replace(one, id="in_end") if one.id == "end" else one for one in parts]
    ways = {"end": "in_end"}
    inside = [
        replace(one, ways=tuple(Way(flow, ways.get(target, target)) for flow, target in one.ways))
        if getattr(one, "ways", None) else one
        for one in renamed
    ]  # fmt: skip
    return build(start("sub"), replace(sub("sub", "end"), start="in_start", loop=loop), end(), *inside)


@pytest.mark.parametrize("loop", [None, MultiInstance(False, None, 2)])
def test_the_joins_of_a_sub_process_are_looked_at_as_well(loop: MultiInstance | None) -> None:
    old, new = around(parallel("a", "b"), loop), around(parallel("a", "b", "x"), loop)
    assert why(old, new, begun(old)) == STRANDED
    line = around(sequence("a", "b", "c"), loop)
    assert why(old, line, begun(old)) == SAME_STEPS
    times = 1 if loop is None else 2
    assert sorted(comes_to_its_end(old, old, begun(old))) == sorted(["a", "b", "c"] * times)


def test_what_waits_for_ever_already_is_not_blamed_on_the_move() -> None:
    old = parallel("a", "b")
    state = go(old, NEW_STATE, Start("a", checked=False)).state
    assert at(go(old, state, Migrate(old)).state) == ["a"]
    assert why(old, parallel("a", "b", "x"), state) == STRANDED
    assert comes_to_its_end(old, sequence("a", "c"), state) == ["a", "c"]


def test_an_old_history_with_a_move_that_stranded_replays_as_it_happened() -> None:
    old, new = parallel("a", "b"), parallel("a", "b", "x")
    first = go(old, NEW_STATE, Start())
    second = go(new, first.state, Migrate(old, checked=False))
    told = list[tuple[str, dict[str, object], datetime, int]]()
    for version, step in ((1, first), (2, second)):
        told += [(event.kind, dict(event.payload()), NOW, version) for event in step.events]
    assert replay_events({1: old, 2: new}, told) == second.state
