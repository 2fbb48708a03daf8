"""Random processes under random commands: what must hold whatever is drawn."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CancelTimers,
    CloseTask,
    Command,
    CompleteTask,
    CreateTask,
    Definition,
    EndInstance,
    FireTimer,
    Rejection,
    ScheduleTimer,
    Start,
    State,
    Step,
    advance,
    check,
    compile_bpmn,
    dump_state,
    load_state,
    replay,
)
from tests.engine.drawing import NOW, bpmn, end, flow, gateway, on, start, task, timer

OUTCOMES = ("x", "y", "z")


@st.composite
def processes(draw: st.DrawFn) -> Definition:
    """Up to six steps; every outcome leads to a step, to another gateway's step or to an end, and steps
    may have timers of both kinds."""
    count = draw(st.integers(1, 6))
    steps = [f"s{number}" for number in range(count)]
    targets = [*steps, "won", "lost", "side"]
    parts = [start(), end("won", "won"), end("lost", "lost"), end("side", "other"), flow("start", "s0")]
    for step in steps:
        outcomes = OUTCOMES[: draw(st.integers(1, 3))]
        stage = draw(st.sampled_from(["", 'k:stage="one"', 'k:stage="two"']))
        question = draw(st.sampled_from(["", '<k:question key="q" type="number" requiredFor="x"/>']))
        parts.append(task(step, " ".join(outcomes), question, stage))
        if len(outcomes) == 1:
            parts.append(flow(step, draw(st.sampled_from(targets))))
        else:
            parts += [gateway(f"g_{step}"), flow(step, f"g_{step}")]
            for outcome in outcomes:
                target = draw(st.sampled_from(targets))
                parts.append(flow(f"g_{step}", target, on(outcome), f"f_{step}_{outcome}"))
        for number in range(draw(st.integers(0, 2))):
            id = f"t_{step}_{number}"
            parts.append(timer(id, step, interrupting=draw(st.booleans())))
            parts.append(flow(id, draw(st.sampled_from(targets))))
    return compile_bpmn(bpmn(*parts))


def commands(definition: Definition) -> st.SearchStrategy[Command]:
    """Commands that may or may not fit."""
    tokens = st.integers(0, 8)
    timers = [id for id in definition.elements if id.startswith("t_")] or ["t_none"]
    answers = st.sampled_from([{}, {"q": "5"}, {"q": "five"}, {"other": 1}])
    complete: st.SearchStrategy[Command] = st.builds(
        CompleteTask, tokens, st.sampled_from(("x", "y", "z", "none")), answers
    )
    fire: st.SearchStrategy[Command] = st.builds(FireTimer, tokens, st.sampled_from(timers))
    rare = st.sampled_from([Cancel("stop"), Start(), Start("s0")])
    return st.one_of(complete, complete, complete, fire, rare)


def fitting(definition: Definition, state: State) -> list[Command]:
    """Every completion and timer that fits a running state."""
    found: list[Command] = []
    for token in state.tokens:
        step = definition.user_task(token.element)
        assert step is not None
        asked = {"q": 1} if step.questions else {}
        found += [CompleteTask(token.id, outcome.key, asked) for outcome in step.outcomes]
        found += [FireTimer(token.id, id) for id in step.timers if id not in token.fired]
    return found


def assert_nothing_lost_or_doubled(definition: Definition, before: State, step: Step) -> None:
    open_before = {token.id for token in before.tokens}
    created = [effect.token for effect in step.effects if isinstance(effect, CreateTask)]
    closed = [effect.token for effect in step.effects if isinstance(effect, CloseTask)]
    after = [token.id for token in step.state.tokens]
    assert len(set(created)) == len(created)
    assert len(set(closed)) == len(closed)
    assert set(closed) <= open_before
    assert len(set(after)) == len(after)
    assert set(after) == (open_before | set(created)) - set(closed)
    assert all(before.seq < token <= step.state.seq for token in created)
    elements = {token.id: token.element for token in (*before.tokens, *step.state.tokens)}
    dropped = {effect.token for effect in step.effects if isinstance(effect, CancelTimers)}
    watched = {token for token in closed if definition.elements[elements[token]].timers}  # type: ignore[union-attr]
    assert dropped == watched
    scheduled = {effect.token for effect in step.effects if isinstance(effect, ScheduleTimer)}
    assert scheduled <= set(created)


def assert_status_fits(step: Step) -> None:
    ends = [effect for effect in step.effects if isinstance(effect, EndInstance)]
    assert len(ends) == (step.state.status == "ended")
    assert bool(step.state.tokens) == (step.state.status == "running")
    assert all(event.kind.startswith("processes.") and event.payload() for event in step.events)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_random_commands_never_lose_or_double_a_task(data: Any) -> None:
    definition = data.draw(processes())
    state, history = NEW_STATE, []
    drawn: list[Command] = [Start(), *data.draw(st.lists(commands(definition), max_size=12))]
    for number, maybe in enumerate(drawn):
        command = maybe
        if number % 2 and state.tokens:  # every other command is made to fit
            command = data.draw(st.sampled_from(fitting(definition, state)))
        before = dump_state(state)
        result = advance(definition, state, command, now=NOW)
        assert dump_state(state) == before
        assert advance(definition, state, command, now=NOW) == result
        if isinstance(result, Rejection):
            assert result.message
            continue
        assert_nothing_lost_or_doubled(definition, state, result)
        assert_status_fits(result)
        state = result.state
        history.append((command, NOW))
        assert load_state(dump_state(state)) == state
    assert replay(definition, history) == state


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(processes(), st.data())
def test_a_process_without_errors_always_has_a_way_on(definition: Definition, data: Any) -> None:
    """No command that fits is ever rejected when the check has nothing against the process."""
    if any(problem.severity == "error" for problem in check(definition)):
        return
    result = advance(definition, NEW_STATE, Start(), now=NOW)
    for _ in range(10):
        assert isinstance(result, Step)
        if result.state.status != "running":
            return
        command = data.draw(st.sampled_from(fitting(definition, result.state)))
        result = advance(definition, result.state, command, now=NOW)
    assert isinstance(result, Step)
