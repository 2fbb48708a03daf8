"""The reference page says of every element of BPMN what the compiler says, and what executes runs to an end."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kniga.engine import (
    NEW_STATE,
    AwaitMessage,
    AwaitSignal,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    CreateTask,
    Definition,
    Effect,
    FireTimer,
    Reconsider,
    ScheduleTimer,
    Start,
    StartWork,
    State,
    Step,
    UserTask,
    advance,
    compile_bpmn,
)
from tests.engine.conformance import BEGIN, EXECUTES, PAGE, Case, cases, verdict, written

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIELDS = {"deal.amount": 0}
RUNNING = [case for case in cases() if verdict(case)[0] == EXECUTES]
MAX_STEPS = 30


def test_the_table_on_the_reference_page_is_what_the_compiler_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python -m tests.engine.conformance"


def test_a_page_without_markers_is_not_written() -> None:
    with pytest.raises(ValueError, match="no markers"):
        written(f"{BEGIN} only")


@pytest.mark.parametrize("case", RUNNING, ids=[f"{case.clause} {case.name}" for case in RUNNING])
def test_what_executes_runs_to_an_end(case: Case) -> None:
    definition = compile_bpmn(case.file)
    state = _accepted(definition, NEW_STATE, Start(element=definition.start, fields=FIELDS))
    for _ in range(MAX_STEPS):
        if state[0].status != "running":
            break
        state = _accepted(definition, state[0], next(_answers(definition, *state)), state[1])
    assert state[0].status == "ended"


Stand = tuple[State, tuple[Effect, ...]]


def _accepted(definition: Definition, state: State, command: Command, open: tuple[Effect, ...] = ()) -> Stand:
    """The state after a command, and what has been set up and is still there."""
    step = advance(definition, state, command, now=NOW)
    assert isinstance(step, Step), step
    tokens = {token.id for token in step.state.tokens} | {0}
    return step.state, tuple(effect for effect in (*step.effects, *open) if getattr(effect, "token", None) in tokens)


def _answers(definition: Definition, state: State, open: tuple[Effect, ...]) -> Iterator[Command]:
    """What may come next: what was waited for, then tasks."""
    for effect in open:
        if isinstance(effect, StartWork):
            yield CompleteWork(effect.token, fields=FIELDS, outcome="won" if effect.action == "call" else None)
    for effect in open:
        if isinstance(effect, CreateTask):
            task = definition.elements[effect.element]
            assert isinstance(task, UserTask)
            yield CompleteTask(effect.token, task.outcomes[0].key, fields=FIELDS)
    for effect in open:
        if isinstance(effect, AwaitMessage):
            yield CorrelateMessage(effect.token, effect.element, fields=FIELDS)
        elif isinstance(effect, AwaitSignal):
            yield CatchSignal(effect.token, effect.element, fields=FIELDS)
        elif isinstance(effect, ScheduleTimer):
            yield FireTimer(effect.token, effect.timer, fields=FIELDS)
    yield Reconsider(fields={"deal.amount": 5})
