"""Soundness: verdicts on 1,000 random processes agree with an exhaustive walk by the real engine; verdict, time and
counter-example for every open real model, as a process if it compiles and as a drawing; large models judged in time.

`python -m proofs.truth.soundness [MODELS]`, with KNIGA_SHARED_DATA naming the folder that holds the sets of
`proofs.truth.bpmn_files`. Half of the random processes have two blocks to seven, half up to fourteen.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from tests.engine.random_models import ANSWERS, FIELDS, random_model
from tests.engine.random_processes import sound_process
from tests.engine.test_soundness_agrees import branches
from tests.engine.walking_all import walk_all

from kniga.engine import BpmnRefused, Definition, Problem, Verdict, compile_bpmn, prove
from proofs.foreign.freed import FIELDS as FIELDS_OF_DRAWINGS
from proofs.foreign.freed import freed
from proofs.harness import ROOT, Report, note, run
from proofs.truth.bpmn_files import SETS, data_folder, files_of

MODELS = 1_000
MOST_STATES = 20_000
"""How many states the exhaustive walk may take for one model."""
MOST_SECONDS = 1.0
MOST_TRIES = 2
"""How many processes may be made for each that is to be walked whole."""
LARGE = 100
"""Up to how many elements a model has to be judged within MOST_SECONDS."""


def main(report: Report) -> None:
    """Agreement, real models, large models."""
    agreement(report, int(sys.argv[1]) if len(sys.argv) > 1 else MODELS)
    for name in SETS:
        real_models(report, name)
        freed_models(report, name)
    books(report)
    large_models(report)


def agreement(report: Report, models: int) -> None:
    """Judge random processes twice: by proof, and by every command in every state. One that is too large to walk whole
    is judged beside them, and another one takes its place."""
    verdicts: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    states = walked_states = 0
    seconds = walked_seconds = 0.0
    compared = 0
    # A proof that could walk hardly any whole fails: it does not go on for ever.
    for seed in range(MOST_TRIES * models):
        if compared == models:
            break
        _, definition = random_model(seed, size=7 if seed % 2 else 14)
        verdict, took = timed(prove, definition)
        began = time.process_time()
        walked = walk_all(
            definition,
            limit=MOST_STATES,
            data=ANSWERS if "q" in definition.question_types else {},
            fields=FIELDS if "deal.amount" in definition.needs else ({},),
        )
        walked_seconds += time.process_time() - began
        seconds += took
        slowest = max(slowest, took)
        states += verdict.states
        walked_states += walked.states
        truth = ("unsound" if walked.fault else "sound") if walked.fault or walked.whole else "too large to walk"
        verdicts[verdict.kind, truth] += 1
        compared += truth != "too large to walk"
        if truth not in (verdict.kind, "too large to walk"):
            note(f"seed {seed}: proved {verdict.kind}, walked {truth}: {walked.fault} {verdict.problems}")
    for (proved, truth), number in sorted(verdicts.items()):
        report.line(f"random processes proved {proved}, walked {truth}", number, "processes")
    agreed = sum(number for (proved, truth), number in verdicts.items() if proved == truth)
    report.line(
        "verdicts that agree with the walk", agreed, "processes", ratio=agreed / models, against="all walked whole",
        goal="all", holds=agreed == models,
    )  # fmt: skip
    report.line("states of the proof", states, "states", ratio=states / walked_states, against="the exhaustive walk")
    report.line("time of all proofs", seconds, "s", ratio=seconds / walked_seconds, against="the exhaustive walk")
    report.line(
        "slowest proof of a random process", slowest, "s", goal=f"< {MOST_SECONDS}", holds=slowest < MOST_SECONDS
    )


def real_models(report: Report, name: str) -> None:
    """The models of one set that compile: verdict, time, states and the run that shows the first fault."""
    verdicts: Counter[str] = Counter()
    slowest = 0.0
    for path in files_of(name):
        try:
            definition = compile_bpmn(path.read_bytes())
        except BpmnRefused:
            verdicts["refused"] += 1
            continue
        verdict, took = timed(prove, definition)
        slowest = max(slowest, took)
        verdicts[verdict.kind] += 1
        told(report, str(path.relative_to(data_folder())), definition, verdict, took)
    for kind, count in sorted(verdicts.items()):
        report.line(f"{name}: {kind}", count, "models")
    report.line(f"{name}: slowest verdict", slowest, "s", goal=f"< {MOST_SECONDS}", holds=slowest < MOST_SECONDS)


def freed_models(report: Report, name: str) -> None:
    """The same files as drawings: every branch free, every task a step (see ``proofs.foreign.freed``)."""
    verdicts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    slowest = 0.0
    for path in files_of(name):
        try:
            drawings = list(freed(path.read_bytes()))
        except etree.XMLSyntaxError:
            verdicts["unreadable"] += 1
            continue
        for id, xml in drawings:
            try:
                definition = compile_bpmn(xml, fields=FIELDS_OF_DRAWINGS)
            except BpmnRefused:
                verdicts["refused"] += 1
                continue
            verdict, took = timed(prove, definition)
            slowest = max(slowest, took)
            verdicts[verdict.kind] += 1
            faults.update({problem.code for problem in verdict.problems if problem.severity == "error"})
            if verdict.kind != "sound":
                told(report, f"{path.relative_to(data_folder())}#{id}, as a drawing", definition, verdict, took)
    for kind, count in sorted(verdicts.items()):
        report.line(f"{name}, as drawings: {kind}", count, "processes")
    report.line(f"{name}, as drawings: faults", dict(sorted(faults.items())), "processes by fault")
    report.line(f"{name}, as drawings: slowest", slowest, "s", goal=f"< {MOST_SECONDS}", holds=slowest < MOST_SECONDS)


def books(report: Report) -> None:
    """The sales books that come with Kniga are sound."""
    for path in sorted((ROOT / "src/kniga/processes/books").glob("*.bpmn")):
        definition = compile_bpmn(path.read_bytes())
        verdict, took = timed(prove, definition)
        told(report, path.name, definition, verdict, took, holds=verdict.kind == "sound")


def large_models(report: Report) -> None:
    """Parallel and inclusive branches, and processes built of every kind of block."""
    for tag in ("parallelGateway", "inclusiveGateway"):
        for count, steps in ((10, 3), (20, 4)):
            definition = branches(tag, count, steps)
            verdict, took = timed(prove, definition)
            name = f"{tag}, {count} branches of {steps} steps"
            told(report, name, definition, verdict, took, holds=verdict.kind == "sound" and took < MOST_SECONDS)
    verdicts: Counter[str] = Counter()
    times: list[float] = []
    for seed in range(200):
        definition = sound_process(seed, size=8 + seed % 17)
        if len(definition.elements) <= LARGE:
            verdict, took = timed(prove, definition)
            times.append(took)
            verdicts[verdict.kind] += 1
    for kind, amount in sorted(verdicts.items()):
        report.line(f"processes of every kind of block, up to {LARGE} elements: {kind}", amount, "processes")
    within = sum(took < MOST_SECONDS for took in times)
    report.line(
        f"of these judged within {MOST_SECONDS} s of CPU",
        within,
        "processes",
        ratio=within / len(times),
        against="all",
        goal="all",
        holds=within == len(times),
    )
    report.line("of these the slowest", max(times), "s")


def told(
    report: Report, name: str, definition: Definition, verdict: Verdict, took: float, *, holds: bool = True
) -> None:
    """One line for one model."""
    value: Mapping[str, Any] = {
        "verdict": verdict.kind,
        "elements": len(definition.elements),
        "states": verdict.states,
        "seconds": round(took, 4),
        "problems": dict(Counter(problem.code for problem in verdict.problems if problem.severity == "error")),
        "example": _example(verdict.problems),
        "reason": verdict.reason,
    }
    report.line(f"model {name}", value, "verdict", holds=holds)


def _example(problems: tuple[Problem, ...]) -> list[str]:
    """The run that shows the first error that has one."""
    return next((list(problem.path) for problem in problems if problem.severity == "error" and problem.path), [])


def timed(judge: Callable[[Definition], Verdict], definition: Definition) -> tuple[Verdict, float]:
    """A verdict and the seconds it took."""
    began = time.process_time()
    return judge(definition), time.process_time() - began


if __name__ == "__main__":
    sys.exit(run(main))
