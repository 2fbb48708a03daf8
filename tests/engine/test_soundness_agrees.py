"""The proof of soundness agrees with an exhaustive walk by the real engine, and stays small where it can."""

from collections.abc import Mapping, Sequence

import pytest

from kniga.engine import Definition, compile_bpmn, prove
from tests.engine.drawing import bpmn, end, flow, node, on, start, task
from tests.engine.random_models import ANSWERS, FIELDS, random_model
from tests.engine.random_processes import sound_process
from tests.engine.walking_all import walk_all

MODELS = 150
HARMLESS = {"dead_element", "unreachable"}
"""Random processes built sound may hold a handler that nothing sets off, or an end nothing leads to."""


@pytest.mark.parametrize("first", range(0, MODELS, 50))
def test_random_processes_are_judged_as_the_engine_runs_them(first: int) -> None:
    kinds = set()
    for seed in range(first, first + 50):
        _, definition = random_model(seed)
        walked = walk_all(definition, data=answers_of(definition), fields=fields_of(definition))
        assert walked.whole
        verdict = prove(definition)
        assert verdict.kind == ("unsound" if walked.fault else "sound"), (seed, walked.fault, verdict.problems)
        kinds.add(verdict.kind)
    assert kinds == {"sound", "unsound"}


def test_what_is_built_sound_comes_to_its_end() -> None:
    for seed in range(40):
        verdict = prove(sound_process(seed), limit=2_000)
        assert {one.code for one in verdict.problems if one.severity == "error"} <= HARMLESS, seed


@pytest.mark.parametrize("tag", ["parallelGateway", "inclusiveGateway"])
def test_ten_branches_of_three_steps_take_a_few_hundred_states(tag: str) -> None:
    verdict = prove(branches(tag, 10, 3))
    assert verdict.kind == "sound"
    assert verdict.states < 300


def test_the_same_process_always_gets_the_same_verdict() -> None:
    _, definition = random_model(7)
    assert prove(definition) == prove(definition)


def branches(tag: str, count: int, steps: int) -> Definition:
    """A split, branches of several steps, and a join."""
    parts = [start(), task("first", "a b"), node(tag, "s", "", 'default="d0"' if tag[0] == "i" else "")]
    drawn = [node(tag, "j"), end("e"), flow("start", "first"), flow("first", "s"), flow("j", "e")]
    for branch in range(count):
        for step in range(steps):
            parts.append(task(f"t{branch}_{step}", "x y"))
            if step:
                drawn.append(flow(f"t{branch}_{step - 1}", f"t{branch}_{step}"))
        amount = {"field": "deal.amount", "op": "gt", "value": str(branch)}
        condition = (on("a") if branch % 2 else amount) if branch and tag[0] == "i" else None
        drawn.append(flow("s", f"t{branch}_0", condition, id=f"d{branch}"))
        drawn.append(flow(f"t{branch}_{steps - 1}", "j", id=f"j{branch}"))
    return compile_bpmn(bpmn(*parts, *drawn))


def answers_of(definition: Definition) -> Mapping[str, tuple[str, ...]]:
    return ANSWERS if "q" in definition.question_types else {}


def fields_of(definition: Definition) -> Sequence[Mapping[str, object]]:
    return FIELDS if "deal.amount" in definition.needs else ({},)
