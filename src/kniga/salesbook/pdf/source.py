"""The book as plain data for the press, with every word that stands on its pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.dates import format_date
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from kniga.platform.press.tree import tree_of
from kniga.platform.working_time import organisation_calendar
from kniga.salesbook.content import Book, Chapter, Step
from kniga.salesbook.pdf.strips import scale_of, sheet_of, strips_of
from kniga.salesbook.technology import MapRow, result_in_words, technology_map


def source_of(book: Book) -> dict[str, Any]:
    """Everything the template `book.typ` sets, in the language spoken now; JSON can hold it."""
    return {
        "language": (get_language() or "ru")[:2],
        "organisation": book.organisation,
        "edition": _("Edition %(number)s") % {"number": book.edition},
        "date": _day(book.made_at),
        "words": _words(),
        "chapters": [_chapter(chapter) for chapter in book.chapters],
        "map": [_map_row(row) for row in technology_map(book)],
    }


def _words() -> dict[str, str]:
    return {
        "title": _("Sales book"),
        "contents": _("Contents"),
        "use": _("How to use this book"),
        "use_text": _(
            "Each chapter is a process, each part of it a stage of the sale. A step says who does it, by when, what to "
            "say, what to find out, and how it may end; every ending leads to the next step. Words in ‹angle "
            "brackets› stand for the data of the client at hand: on the task's page they are filled in."
        ),
        "diagram": _("The process at a glance"),
        "fold_out": _("A sheet to unfold; the next pages show the same by stages."),
        "details": _("The process by stages"),
        "stages": _("Stages"),
        "stage": _("Stage"),
        "script": _("Script"),
        "asked": _("What has to be found out"),
        "results": _("How it may end"),
        "events": _("While the step is open"),
        "controls": _("Control points"),
        "materials": _("Documents and letters"),
        "norms": _("Norms"),
        "annex": _("Technology map"),
        "step": _("Step"),
        "action": _("Action"),
        "who": _("Who is responsible"),
        "deadline": _("Deadline"),
        "result": _("Result"),
        "documents": _("Documents"),
        "price": _("Price of the action"),
        "page": pgettext("of a book", "p."),
        "beside": _("Beside the funnel"),
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    told = [chapter.kind_name, _("version %(number)s") % {"number": chapter.version}]
    if chapter.published_at is not None:
        told.append(_("published on %(day)s") % {"day": _day(chapter.published_at)})
    norms = [
        {"number": step.number, "name": step.name, "deadline": step.deadline, "controls": "\n".join(step.controls),
         "price": step.price}
        for step in chapter.steps
        if step.deadline or step.controls or step.price
    ]  # fmt: skip
    return {
        "number": str(chapter.number),
        "name": chapter.name,
        "told": " · ".join(told),
        "note": chapter.note,
        "diagram": _diagram(chapter),
        "parts": [
            {"number": str(part.number), "name": part.name, "steps": [_step(step, chapter) for step in part.steps]}
            for part in chapter.parts
        ],
        "points": [
            {"name": _("Points: %(name)s") % {"name": one.name}, "lines": list(one.lines)} for one in chapter.points
        ],
        "norms": norms,
        "norm-columns": [name for name in ("deadline", "controls", "price") if any(row[name] for row in norms)],
    }


def _diagram(chapter: Chapter) -> dict[str, Any] | None:
    """The whole process on one sheet; where that is larger than a page, the same again piece by piece."""
    if chapter.drawing is None:
        return None
    sheet = sheet_of(chapter.drawing)
    stages = {step.element: part.name for part in chapter.parts for step in part.steps}
    strips = () if sheet.is_page else strips_of(chapter.drawing, stages)
    scale = scale_of(strips) if strips else 1
    return {
        "svg": sheet.svg,
        "width": sheet.width,
        "height": sheet.height,
        "details": [
            {"svg": strip.svg, "stages": " · ".join(strip.stages), "width": round(strip.width * scale, 1)}
            for strip in strips
        ],
    }


def _step(step: Step, chapter: Chapter) -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "kind": step.kind_name,
        "who": step.who,
        "skill": step.skill,
        "deadline": step.deadline,
        "price": step.price,
        "script": tree_of(step.script, chapter.words),
        "asked": [
            {"label": one.label, "demand": one.demand, "choices": ", ".join(one.choices), "help": one.help}
            for one in step.asked
        ],
        "results": [
            {"label": result.label, "tone": result.tone, "leads": [lead.text for lead in result.leads]}
            for result in step.results
        ],
        "events": list(step.events),
        "controls": list(step.controls),
        "materials": list(step.materials),
    }


def _map_row(row: MapRow) -> dict[str, Any]:
    return {
        "process": row.process, "stage": row.stage, "number": row.number, "action": row.action, "who": row.who,
        "deadline": row.deadline, "results": [result_in_words(result) for result in row.results],
        "documents": list(row.documents), "price": row.price,
    }  # fmt: skip


def _day(moment: datetime) -> str:
    return format_date(
        moment.astimezone(organisation_calendar().zone).date(), "d MMMM y", locale=(get_language() or "ru")[:2]
    )
