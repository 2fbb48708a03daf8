"""The pages of the sales book against what the processes say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from proofs.harness import Report, note
from proofs.truth.book.expected import Chapter, Step, letters

_HEADINGS: Final = {
    "ru": (
        "Содержание",
        "Нормативы",
        "Процесс на одной схеме",
        "Технологическая карта",
        "Вне воронки",
        "Процесс по этапам",
    ),
    "en": (
        "Contents",
        "Norms",
        "The process at a glance",
        "Technology map",
        "Beside the funnel",
        "The process by stages",
    ),
}
_LONGEST_FILLED: Final = 90
"""Letters that may stand between two pieces of a script: the words for what is filled in, the number of a line."""
_BESIDE: Final = 120
"""Letters between a step's name and the figure of its deadline in the table of norms."""


class Pages:
    """The book's pages as letters, and where in the whole each begins; the title page has no number."""

    def __init__(self, pages: Sequence[str], language: str) -> None:
        self.raw = list(pages)
        self.letters = [letters(page) for page in pages]
        contents, self.norms, self.diagram, self.map, self.beside, self.details = _HEADINGS[language]
        self.contents_on = next(number for number, page in enumerate(pages) if page.startswith(contents))
        self.contents_end = self.contents_on + 1

    def listed(self, headings: Sequence[str]) -> list[int]:
        """The page that the contents name for each heading; -1 where it is not listed in this order."""
        text = " ".join(" ".join(self.raw[self.contents_on : self.contents_end]).split())
        found, at = [], 0
        for place, heading in enumerate(headings):
            following = re.escape(_spaced(headings[place + 1])) if place + 1 < len(headings) else r"\D|$"
            pattern = rf"{re.escape(_spaced(heading))} ?(\d+?)(?= ?(?:{following}|{re.escape(self.details)}))"
            match = re.compile(pattern).search(text, at)
            found.append(int(match[1]) if match else -1)
            at = match.end() if match else at
        return found


def prove_pages(report: Report, language: str, texts: Sequence[str], chapters: Sequence[Chapter]) -> None:
    """Order, contents, diagrams, norms, control points, scripts, questions, outcomes."""
    pages = Pages(texts, language)
    ordered = sorted(chapters, key=lambda chapter: pages.letters[1].find(letters(chapter.name)))
    headings = [heading for number, chapter in enumerate(ordered, 1) for heading in _headings(number, chapter, pages)]
    headings.append(pages.map)
    listed = pages.listed(headings)
    wrong = [
        heading for heading, page in zip(headings, listed, strict=True)
        if page < 0 or letters(heading) not in pages.letters[page]
    ]  # fmt: skip
    _tell(report, language, "headings", len(headings), wrong, "that do not stand in order where the contents say")
    backwards = [heading for heading, one, next in zip(headings, listed, listed[1:], strict=False) if next < one]
    _tell(
        report, language, "headings", len(headings), backwards, "whose page comes before the one of the heading before"
    )
    undrawn = [name for chapter in ordered for name in _undrawn(pages, chapter)]
    _tell(report, language, "diagrams", len(ordered), undrawn, "in which something drawn is missing")
    for kind, count, missing in _missing(pages, ordered, listed, headings):
        _tell(report, language, kind, count, missing, "that do not stand where they belong")


def _headings(number: int, chapter: Chapter, pages: Pages) -> Iterator[str]:
    yield f"{number} {chapter.name}"
    yield pages.norms
    yield pages.diagram
    for heading, steps in chapter.parts:
        yield heading if heading.strip(". 0123456789") else f"{heading}{pages.beside}"
        yield from (step.heading for step in steps)


def _undrawn(pages: Pages, chapter: Chapter) -> list[str]:
    """What the diagram of this process lacks; everything when there is no such page."""
    sheets = [page for page in pages.letters if letters(pages.diagram) in page[:80]]
    lacking = [[name for name in chapter.drawn if letters(name) not in sheet] for sheet in sheets]
    return min(lacking, key=len, default=list(chapter.drawn))


def _missing(
    pages: Pages, chapters: Sequence[Chapter], listed: Sequence[int], headings: Sequence[str]
) -> Iterator[tuple[str, int, list[str]]]:
    steps = [step for chapter in chapters for step in chapter.steps]
    diagrams = [page for heading, page in zip(headings, listed, strict=True) if heading == pages.diagram]
    sections = dict(_sections(pages, chapters, diagrams))
    yield "scripts", sum(bool(step.script) for step in steps), [s.name for s in steps if not _is_said(s, sections[s])]
    for kind in ("questions", "outcomes", "controls"):
        said = [(step, text) for step in steps for text in getattr(step, kind)]
        yield kind, len(said), [text for step, text in said if letters(text) not in sections[step]]
    tables = [
        "".join(pages.letters[listed[place] : listed[place + 1] + 1])
        for place, heading in enumerate(headings) if heading == pages.norms
    ]  # fmt: skip
    norms = [(chapter, table) for chapter, table in zip(chapters, tables, strict=True)]
    due = [(step, table) for chapter, table in norms for step in chapter.steps if step.deadline]
    yield "norms", len(due), [step.name for step, table in due if not _is_due(step, table)]
    points = [(name, table) for chapter, table in norms for step in chapter.steps for name in step.controls]
    yield "control points among the norms", len(points), [n for n, table in points if letters(n) not in table]


def _sections(pages: Pages, chapters: Sequence[Chapter], diagrams: Sequence[int]) -> Iterator[tuple[Step, str]]:
    """Each step with the letters from its heading to the next step's; a chapter's steps stand behind its diagram."""
    whole = "".join(pages.letters)
    starts: list[tuple[Step, int]] = []
    for chapter, page in zip(chapters, diagrams, strict=True):
        at = sum(map(len, pages.letters[: page + 1]))
        for step in chapter.steps:
            found = whole.find(letters(step.heading), at)
            starts.append((step, found if found >= 0 else at))
            at = max(found, at) + 1
    for place, (step, start) in enumerate(starts):
        yield step, whole[start : starts[place + 1][1] if place + 1 < len(starts) else None]


def _is_said(step: Step, section: str) -> bool:
    """Whether the script stands in the section, piece after piece, with nothing but filled in words between."""
    at = None
    for piece in step.script:
        found = section.find(piece, at or 0)
        if found < 0 or (at is not None and found - at > _LONGEST_FILLED):
            return False
        at = found + len(piece)
    return True


def _is_due(step: Step, table: str) -> bool:
    at = table.find(letters(step.heading))
    return at >= 0 and step.deadline in table[at + len(letters(step.heading)) :][:_BESIDE]


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _tell(report: Report, language: str, kind: str, count: int, missing: list[str], what: str) -> None:
    for text in missing[:20]:
        note(f"{kind} {what}: {text}")
    report.line(
        f"sales book, {language}: {kind} of {count} {what}", len(missing), kind, goal="0",
        holds=not missing and count > 0,
    )  # fmt: skip
