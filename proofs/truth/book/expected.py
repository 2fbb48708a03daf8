"""What a chapter of the sales book must hold, read from the BPMN file of its process and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

_BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DI: Final = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_KNIGA: Final = "{urn:kniga:bpmn:1}"


@dataclass(frozen=True)
class Step:
    """A step: its heading ("2.1  Name"), its script in pieces between what is filled in, what it asks, how it may end,
    its control points, and the figures of its deadline."""

    heading: str
    name: str
    script: tuple[str, ...]
    questions: tuple[str, ...]
    outcomes: tuple[str, ...]
    controls: tuple[str, ...]
    deadline: str


@dataclass(frozen=True)
class Chapter:
    """A process: its stages' headings with their steps, and the names that its diagram shows."""

    name: str
    parts: tuple[tuple[str, tuple[Step, ...]], ...]
    drawn: tuple[str, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order of the book."""
        return tuple(step for _heading, steps in self.parts for step in steps)


def letters(text: str) -> str:
    """Letters and digits only: spaces, quotes and hyphens are the typesetter's business."""
    return re.sub(r"[\W_]+", "", text)


def chapter_of(root: etree._Element) -> Chapter:
    """The stages in their order with their steps in the order of the file; steps beside the funnel come last, under a
    heading whose words are the book's own."""
    process = next(root.iter(f"{_BPMN}process"))
    stages = {one.get("key", ""): one.get("name", "") for one in process.iter(f"{_KNIGA}stage")}
    by_stage: dict[str, list[etree._Element]] = {key: [] for key in [*stages, ""]}
    for task in process.iter(f"{_BPMN}userTask"):
        by_stage[task.get(f"{_KNIGA}stage") or ""].append(task)
    shown = [(stages.get(key, ""), tasks) for key, tasks in by_stage.items() if tasks]
    parts = tuple(
        (f"{number}. {name}", tuple(_step(f"{number}.{place}", task) for place, task in enumerate(tasks, 1)))
        for number, (name, tasks) in enumerate(shown, 1)
    )
    placed = {shape.get("bpmnElement") for shape in root.iter(f"{_DI}BPMNShape", f"{_DI}BPMNEdge")}
    named = (one for one in process.iter() if one.get("id") in placed and one.get("name"))
    return Chapter(process.get("name", ""), parts, tuple(one.get("name", "") for one in named))


def _step(number: str, task: etree._Element) -> Step:
    name = task.get("name", "")
    deadline = next(task.iter(f"{_KNIGA}deadline"), None)
    return Step(
        f"{number} {name}",
        name,
        tuple(piece for script in task.iter(f"{_KNIGA}script") for piece in _pieces(script.text or "")),
        tuple(one.get("label", "") for one in task.iter(f"{_KNIGA}question")),
        tuple(one.get("label", "") for one in task.iter(f"{_KNIGA}outcome")),
        tuple(one.get("name", "") for one in task.iter(f"{_KNIGA}control")),
        "" if deadline is None else "".join(re.findall(r"\d+", deadline.get("duration", ""))),
    )


def _pieces(script: str) -> list[str]:
    """The lines of a script without the marks of Markdown, cut where data of the client is filled in."""
    lines = (re.sub(r"^\s*(?:\d+\.|[-*>#]+)\s+", "", line) for line in script.splitlines())
    return [piece for line in lines for piece in map(letters, re.split(r"\{\{.*?\}\}", line)) if piece]
