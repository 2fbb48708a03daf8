"""What the sales book says, ready to be set: chapters, stages, steps, all in the words of one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kniga.engine import Definition
from kniga.people.models import User
from kniga.processes.diagrams.drawing import Drawing, drawing_of
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import version_files
from kniga.processes.wording.outline import Destination, OutlineStage, OutlineStep, outline_of
from kniga.processes.wording.script_words import placeholder_words
from kniga.processes.wording.step_changes import (
    deadline_in_words,
    demand_in_words,
    event_in_words,
    lead_in_words,
    price_in_words,
)
from kniga.processes.wording.words import (
    PointsInWords,
    assignee_in_words,
    control_in_words,
    kind_names,
    materials_in_words,
    points_in_words,
)
from kniga.salesbook.queries import ChapterSource, EditionRow, chapters_of


@dataclass(frozen=True, slots=True)
class Lead:
    """Where an outcome leads, in words; `element` is the step, "" for an end (`result` won, lost or other)."""

    text: str
    element: str
    result: str


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome of a step and where it leads."""

    label: str
    tone: str
    leads: tuple[Lead, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what is asked, when it has to be answered, what may be chosen, and what helps to ask it."""

    label: str
    demand: str
    choices: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the book tells it. `number` counts within the chapter: "2.1"; `script` is Markdown; "" where nothing
    is said."""

    element: str
    number: str
    name: str
    kind: str
    kind_name: str
    who: str
    role: str
    skill: str
    deadline: str
    price: str
    script: str
    asked: tuple[Asked, ...]
    results: tuple[Result, ...]
    events: tuple[str, ...]
    controls: tuple[str, ...]
    materials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A stage with its steps; `name` "" for steps beside the funnel."""

    number: int
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A process; `words` are what the placeholders of its scripts are called."""

    number: int
    key: str
    name: str
    kind_name: str
    version: int
    note: str
    published_at: datetime | None
    drawing: Drawing | None
    parts: tuple[Part, ...]
    words: Mapping[str, str]
    points: tuple[PointsInWords, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order of the book."""
        return tuple(step for part in self.parts for step in part.steps)


@dataclass(frozen=True, slots=True)
class Book:
    """An edition with all it says."""

    organisation: str
    edition: int
    made_at: datetime
    chapters: tuple[Chapter, ...]


def book_of(*, user: User, edition: EditionRow, is_drawn: bool = True) -> Book:
    """The whole text of an edition that came through `get_edition`, in the language spoken now; without the diagrams
    unless `is_drawn`."""
    sources = chapters_of(user=user, edition=edition.number)
    files = version_files(user=user, version_ids=[one.version_id for one in sources]) if is_drawn else {}
    chapters = tuple(_chapter(place, source, files.get(source.version_id)) for place, source in enumerate(sources, 1))
    return Book(edition.organisation, edition.number, edition.made_at, chapters)


def _chapter(number: int, source: ChapterSource, file: bytes | None) -> Chapter:
    definition = runnable_version(source.version_id).definition
    drawing = None if file is None else drawing_of(file, definition)
    outline = [part for part in outline_of(definition) if part.steps]
    parts = tuple(_part(definition, place, part) for place, part in enumerate(outline, 1))
    return Chapter(
        number, source.process, definition.name, kind_names().get(source.kind, source.kind), source.number,
        source.note, source.published_at, drawing, parts, placeholder_words(definition), points_in_words(definition),
    )  # fmt: skip


def _part(definition: Definition, number: int, part: OutlineStage) -> Part:
    steps = tuple(_step(definition, f"{number}.{place}", step) for place, step in enumerate(part.steps, 1))
    return Part(number, part.stage.name if part.stage else "", steps)


def _step(definition: Definition, number: str, step: OutlineStep) -> Step:
    task = step.task
    return Step(
        element=task.id,
        number=number,
        name=task.name or task.id,
        kind=task.kind,
        kind_name=kind_names()[task.kind],
        who=assignee_in_words(task.assignee),
        role=task.assignee,
        skill=task.skill or "",
        deadline=deadline_in_words(task),
        price=price_in_words(task.price),
        script=task.script,
        asked=tuple(
            Asked(one.label, demand_in_words(one, task), tuple(choice.label for choice in one.choices), one.help)
            for one in task.questions
        ),
        results=tuple(
            Result(way.outcome.label, way.outcome.tone, tuple(_lead(definition, lead) for lead in way.destinations))
            for way in step.ways
        ),
        events=tuple(event_in_words(event, definition) for event in step.events),
        controls=tuple(control_in_words(point, definition) for point in task.controls),
        materials=materials_in_words(task.materials),
    )


def _lead(definition: Definition, lead: Destination) -> Lead:
    return Lead(lead_in_words(lead, definition), "" if lead.result else lead.element, lead.result)
