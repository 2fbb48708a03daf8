"""What is wrong with a draft, finished or not: what hinders the compiler, or what speaks against publishing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kniga.engine import BpmnRefused, Definition, Problem, compile_bpmn, prove
from kniga.engine.bpmn.draft import local
from kniga.engine.bpmn.reading import read_xml
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.versions.version_queries import lacking_at_present

INCOMPLETE = "incomplete"
"""The verdict on a draft that does not compile: nothing can be proved of it yet."""


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """What a check of a draft said: sound, unsound, not_proved or incomplete; `names` are those of its elements by
    id."""

    verdict: str
    problems: tuple[Problem, ...]
    names: Mapping[str, str]
    seconds: float

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid publishing."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


class Place(NamedTuple):
    """Something of a file that a problem may speak of: its tag, its name, and the ids of the ends of a flow."""

    tag: str
    name: str
    source: str
    target: str


def places_of(xml: bytes) -> dict[str, Place]:
    """All that has an id in a BPMN file, by id. Raises BpmnRefused for what cannot be read."""
    return {
        id: Place(local(node), node.get("name") or "", node.get("sourceRef") or "", node.get("targetRef") or "")
        for node in read_xml(xml).iter() if (id := node.get("id"))
    }  # fmt: skip


def definition_of_draft(xml: bytes) -> Definition | None:
    """What a draft's file means; None for one that is not complete, or cannot be read."""
    try:
        return compile_bpmn(xml, actions=KNOWN_ACTIONS)
    except BpmnRefused:
        return None


def check_draft(xml: bytes) -> DraftCheck:
    """Check a readable BPMN file as it stands; nothing is kept. Raises BpmnRefused for what cannot be read."""
    began = time.perf_counter()
    names = {id: place.name for id, place in places_of(xml).items()}
    try:
        definition: Definition = compile_bpmn(xml, actions=KNOWN_ACTIONS)
    except BpmnRefused as refused:
        return DraftCheck(INCOMPLETE, refused.problems, names, time.perf_counter() - began)
    verdict = prove(definition)
    problems = (*verdict.problems, *lacking_at_present(definition))
    problems = tuple(sorted(problems, key=lambda one: one.severity == "warning"))
    return DraftCheck(verdict.kind, problems, names, time.perf_counter() - began)
