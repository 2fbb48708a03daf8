"""Random sound processes under random commands: what must hold whatever is drawn."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CatchSignal,
    CloseTask,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    CreateTask,
    Definition,
    EndInstance,
    FailWork,
    FireTimer,
    GoTo,
    Migrate,
    Reconsider,
    Rejection,
    Start,
    State,
    Step,
    UserTask,
    advance,
    dump_state,
    entry_steps,
    load_state,
    replay,
    replay_events,
)
from tests.engine.drawing import NOW
from tests.engine.random_processes import sound_process
from tests.engine.walking import FIELDS, SMALL, after_effects, choices, consumed, expected_waits

PROCESSES = st.integers(0, 2**32).map(sound_process)
SECONDS = settings(max_examples=200, deadline=None, derandomize=True, database=None)
MOST_STEPS = 400


def nonsense(definition: Definition) -> st.SearchStrategy[Command]:
    """Commands that may or may not fit."""
    tokens = st.integers(0, 12)
    elements = st.sampled_from(sorted(definition.elements))
    answers = st.sampled_from([{}, {"q": "5"}, {"q": "five"}, {"other": 1}])
    payloads = st.sampled_from([{}, {"q": "7"}, {"q": "seven"}, {"other": ("a", "b")}])
    return st.one_of(
        st.builds(CompleteTask, tokens, st.sampled_from(("x", "y", "none")), answers),
        st.builds(FireTimer, tokens, elements),
        st.builds(CorrelateMessage, tokens, elements, payloads),
        st.builds(CatchSignal, tokens, elements),
        st.builds(CompleteWork, tokens, payloads, st.sampled_from((None, "won", "failed"))),
        st.builds(FailWork, tokens, st.sampled_from(("broken", "other"))),
        st.builds(GoTo, elements, st.just("wrong"), st.sampled_from((None, (1,), (2, 3), (99,)))),
        st.sampled_from([Reconsider({"deal.amount": 1}), Reconsider(FIELDS), Cancel("stop"), Start()]),
    )


def open_tasks(definition: Definition, state: State) -> set[int]:
    """The tokens that stand for a task on a desk."""
    tokens = (token for token in state.tokens if token.loop is None)
    return {token.id for token in tokens if isinstance(definition.elements[token.element], UserTask)}


def assert_tasks_agree(definition: Definition, before: State, step: Step) -> None:
    """Every task is created once and closed once; the open tasks are the tokens at user tasks."""
    created = [effect.token for effect in step.effects if isinstance(effect, CreateTask)]
    closed = [effect.token for effect in step.effects if isinstance(effect, CloseTask)]
    assert len(set(created)) == len(created)
    assert len(set(closed)) == len(closed)
    known = open_tasks(definition, before)
    assert set(closed) <= known | set(created)
    assert open_tasks(definition, step.state) == (known | set(created)) - set(closed)


def assert_tokens_are_whole(step: Step, before: State) -> None:
    """Tokens have one id each, in order, and stand in scopes that exist."""
    ids = [token.id for token in step.state.tokens]
    assert ids == sorted(set(ids))
    assert all(token.parent == 0 or token.parent in ids for token in step.state.tokens)
    assert all(token.id <= step.state.seq for token in step.state.tokens)
    assert step.state.seq >= before.seq
    ends = [effect for effect in step.effects if isinstance(effect, EndInstance)]
    assert len(ends) == (step.state.status == "ended")
    assert bool(ids) == (step.state.status == "running")
    for token in step.state.tokens:
        if token.loop is not None:
            bodies = sum(other.parent == token.id for other in step.state.tokens)
            assert bodies == token.loop.begun - token.loop.done > 0


@SECONDS
@given(PROCESSES, st.data())
def test_random_commands_never_lose_or_double_anything(definition: Definition, data: Any) -> None:
    state, waits = NEW_STATE, expected_waits(definition, NEW_STATE)
    history: list[tuple[Command, Any]] = []
    told: list[tuple[str, dict[str, Any], Any]] = []
    strange = nonsense(definition)
    for number in range(data.draw(st.integers(1, 14))):
        fields = data.draw(st.sampled_from((FIELDS, SMALL, {})))
        fitting = choices(definition, state, fields) if state.status == "running" else [Start(fields=fields)]
        command = data.draw(strange if number % 3 == 2 else st.sampled_from(fitting))
        before = dump_state(state)
        result = advance(definition, state, command, now=NOW)
        assert dump_state(state) == before
        assert advance(definition, state, command, now=NOW) == result
        if isinstance(result, Rejection):
            assert result.message
            continue
        assert_tasks_agree(definition, state, result)
        assert_tokens_are_whole(result, state)
        waits = after_effects(consumed(waits, command), result.effects)
        assert waits == expected_waits(definition, result.state)
        assert load_state(json.loads(json.dumps(dump_state(result.state)))) == result.state
        state = result.state
        history.append((command, NOW))
        told += [(event.kind, json.loads(json.dumps(event.payload())), NOW) for event in result.events]
    assert replay(definition, history) == state
    assert dump_state(replay_events(definition, told)) == dump_state(state)


@SECONDS
@given(PROCESSES, st.data())
def test_every_walk_through_a_sound_process_can_be_brought_to_an_end(definition: Definition, data: Any) -> None:
    """No command that fits is ever refused, and finishing what is open always ends the instance."""
    result = advance(definition, NEW_STATE, Start(fields=FIELDS), now=NOW)
    for number in range(MOST_STEPS):
        assert isinstance(result, Step), result
        if result.state.status != "running":
            return
        fitting = choices(definition, result.state)
        command = data.draw(st.sampled_from(fitting)) if number < 10 else fitting[0]
        result = advance(definition, result.state, command, now=NOW)
    raise AssertionError("the instance does not end")


@SECONDS
@given(PROCESSES, st.data())
def test_an_instance_that_was_sent_to_a_step_can_still_be_brought_to_an_end(definition: Definition, data: Any) -> None:
    """Whatever branches are open: sending is refused, or nothing is left waiting for ever."""
    result = advance(definition, NEW_STATE, Start(fields=FIELDS), now=NOW)
    steps = sorted(task.id for task in definition.user_tasks() if task.scope is None)
    sent_at = data.draw(st.integers(0, 8))
    for number in range(MOST_STEPS):
        assert isinstance(result, Step), result
        state = result.state
        if state.status != "running":
            return
        if number == sent_at and steps:
            ids = [token.id for token in state.tokens if token.flow is None]
            named = data.draw(st.one_of(st.none(), st.sampled_from(ids or [0]).map(lambda id: (id,))))
            sent = advance(definition, state, GoTo(data.draw(st.sampled_from(steps)), "x", named, FIELDS), now=NOW)
            state = sent.state if isinstance(sent, Step) else state
            if state.status != "running":
                return
        fitting = choices(definition, state)
        command = data.draw(st.sampled_from(fitting)) if number < 10 else fitting[0]
        result = advance(definition, state, command, now=NOW)
    raise AssertionError("the instance does not end")


@SECONDS
@given(st.integers(0, 2**32), st.data())
def test_a_random_instance_moves_to_a_version_with_other_names_and_back(seed: int, data: Any) -> None:
    """Whatever it waits for is waited for under the new name; what is the same is left alone."""
    old, new = sound_process(seed), sound_process(seed, prefix="new_")
    mapping = dict(zip(old.elements, new.elements, strict=True))
    mapping |= {one.id: other.id for one, other in zip(old.flows, new.flows, strict=True)}
    result = advance(old, NEW_STATE, Start(fields=SMALL), now=NOW)
    for _ in range(data.draw(st.integers(0, 8))):
        assert isinstance(result, Step)
        if result.state.status != "running":
            return
        fields = data.draw(st.sampled_from((FIELDS, SMALL)))
        result = advance(old, result.state, data.draw(st.sampled_from(choices(old, result.state, fields))), now=NOW)
    assert isinstance(result, Step)
    if result.state.status != "running":
        return
    waits = expected_waits(old, result.state)
    same = advance(old, result.state, Migrate(old, fields=SMALL), now=NOW)
    assert isinstance(same, Step)
    moved = advance(new, result.state, Migrate(old, mapping, SMALL), now=NOW)
    assert isinstance(moved, Step), moved
    renamed = frozenset(
        (token, mapping[id], kind) if kind == "work" else (token, id, kind) for token, id, kind in waits
    )
    assert after_effects(renamed, moved.effects) == expected_waits(new, moved.state)
    back = advance(old, moved.state, Migrate(new, {now: was for was, now in mapping.items()}, SMALL), now=NOW)
    assert isinstance(back, Step)
    assert back.state == same.state
    assert len(moved.events) == len(same.events)


@SECONDS
@given(PROCESSES, PROCESSES, st.data())
def test_an_instance_that_moved_to_any_other_process_can_be_brought_to_an_end(
    old: Definition, new: Definition, data: Any
) -> None:
    """Whatever becomes what: the move is refused, or nothing is left waiting for ever."""
    result = advance(old, NEW_STATE, Start(fields=FIELDS), now=NOW)
    for _number in range(data.draw(st.integers(0, 6))):
        if isinstance(result, Rejection) or result.state.status != "running":
            return
        result = advance(old, result.state, data.draw(st.sampled_from(choices(old, result.state))), now=NOW)
    assert isinstance(result, Step), result
    kinds = {type(old.elements[token.element]) for token in result.state.tokens}
    places = {kind: [one.id for one in new.elements.values() if type(one) is kind] for kind in kinds}
    mapping = {
        token.element: data.draw(st.sampled_from(places[type(old.elements[token.element])] or ["nowhere"]))
        for token in result.state.tokens
    }
    if result.state.status == "running":
        result = advance(new, result.state, Migrate(old, mapping, FIELDS), now=NOW)
    for _number in range(MOST_STEPS):
        if isinstance(result, Rejection) or result.state.status != "running":
            return
        result = advance(new, result.state, choices(new, result.state)[0], now=NOW)
    raise AssertionError("the instance does not end")


@SECONDS
@given(PROCESSES, st.data())
def test_an_instance_that_was_begun_at_a_step_can_be_brought_to_an_end(definition: Definition, data: Any) -> None:
    """Beginning at a step of one of several branches is refused, or nothing is left waiting for ever."""
    steps = sorted(task.id for task in definition.user_tasks() if task.scope is None)
    if not steps:
        return
    step = data.draw(st.sampled_from(steps))
    result = advance(definition, NEW_STATE, Start(step, fields=FIELDS), now=NOW)
    assert isinstance(result, Step) is (step in {task.id for task in entry_steps(definition)})
    if isinstance(result, Rejection):
        assert result.code == "stranded"
        return
    for _number in range(MOST_STEPS):
        if result.state.status != "running":
            return
        result = advance(definition, result.state, choices(definition, result.state)[0], now=NOW)
        assert isinstance(result, Step), result
    raise AssertionError("the instance does not end")
