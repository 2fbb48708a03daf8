"""What a check of a version said, kept with it: verdict, problems, how long it took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kniga.engine import Definition, Problem, prove
from kniga.processes.models import ProcessVersion
from kniga.processes.versions.definitions import runnable_version


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check said. `verdict` is sound, unsound or not_proved; `is_kept`: it was stored with the version,
    else it was made just now."""

    verdict: str
    problems: tuple[Problem, ...]
    seconds: float
    is_kept: bool = False

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid publishing."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def check_definition(definition: Definition) -> Checked:
    """Prove a compiled process sound, or find what speaks against it."""
    began = time.perf_counter()
    verdict = prove(definition)
    return Checked(verdict.kind, verdict.problems, time.perf_counter() - began)


def check_of(version: ProcessVersion) -> Checked:
    """What the last check of a version said; one made now for a version that was never checked."""
    if not version.verdict:
        return check_definition(runnable_version(version.pk).definition)
    problems = tuple(load_problem(problem) for problem in version.problems)
    return Checked(version.verdict, problems, version.check_seconds or 0.0, is_kept=True)


def dump_problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as they are stored."""
    return [
        {
            "code": problem.code, "element": problem.element, "line": problem.line, "params": dict(problem.params),
            "severity": problem.severity, "path": list(problem.path),
        }
        for problem in problems
    ]  # fmt: skip


def load_problem(stored: Mapping[str, Any]) -> Problem:
    """A stored problem."""
    return Problem(
        stored["code"], stored["element"], stored["line"], stored["params"], stored["severity"], tuple(stored["path"])
    )
