"""The technology map: process and action, who is responsible, by when, with what result and documents, for what pay."""

from __future__ import annotations

from dataclasses import dataclass

from kniga.salesbook.content import Book, Result, Step


@dataclass(frozen=True, slots=True)
class MapRow:
    """An action. `role` is the rule that says who does it (owner, lead, head, role:…)."""

    process: str
    process_key: str
    version: int
    stage: str
    element: str
    number: str
    action: str
    kind_name: str
    who: str
    role: str
    deadline: str
    results: tuple[Result, ...]
    documents: tuple[str, ...]
    price: str

    @property
    def results_in_words(self) -> str:
        """Each outcome and where it leads, one per line."""
        return "\n".join(result_in_words(result) for result in self.results)


def technology_map(book: Book, *, process: str = "", role: str = "") -> tuple[MapRow, ...]:
    """The actions of all processes, or of one, or of one role, in the order of the book."""
    return tuple(
        _row(chapter.name, chapter.key, chapter.version, part.name, step)
        for chapter in book.chapters
        if process in ("", chapter.key)
        for part in chapter.parts
        for step in part.steps
        if role in ("", step.role)
    )


def result_in_words(result: Result) -> str:
    """An outcome and where it leads: "Agreed → Send the proposal"."""
    return f"{result.label} → {'; '.join(lead.text for lead in result.leads)}" if result.leads else result.label


def roles_of(book: Book) -> tuple[tuple[str, str], ...]:
    """Who does something in the book: the rule and its name."""
    found = {step.role: step.who for chapter in book.chapters for step in chapter.steps}
    return tuple(sorted(found.items(), key=lambda pair: pair[1]))


def _row(process: str, key: str, version: int, stage: str, step: Step) -> MapRow:
    return MapRow(
        process, key, version, stage, step.element, step.number, step.name, step.kind_name, step.who, step.role,
        step.deadline, step.results, step.materials, step.price,
    )  # fmt: skip
