"""A script in the book: as the head wrote it, with words in place of the placeholders."""

from __future__ import annotations

from markupsafe import Markup

from kniga.salesbook.content import Chapter, Step
from kniga.web.desk.script import render_script


def script_of(step: Step, chapter: Chapter) -> Markup:
    """Safe HTML; a placeholder nobody knows stands as it is called."""
    return render_script(step.script, {name: f"‹{word}›" for name, word in chapter.words.items()}, {})
