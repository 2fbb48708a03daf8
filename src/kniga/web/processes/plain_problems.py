"""What is wrong with a draft, in the words of the designer: what is missing is named as its panel calls it, not as the
file spells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.engine import Problem
from kniga.web.processes.plain_words import Words, plain_cures, plain_words

_QUOTED: Final = re.compile("“([^”]*)”")
"""Names that the engine quotes come with the marks of English."""
_PARTS: Final = {
    "a kniga:condition": "line",
    "a row": "row",
    "an output": "row",
    "at least one choice": "choices",
    "at least two flows out": "ways",
    "the attribute whom": "whom",
    "the attribute kniga:key": "correlation",
    "outputValues, the most important first": "importance",
    "an event definition": "event",
    "a kniga:action": "action",
    "a kniga:points": "points",
    "a kniga:letter": "letter",
    "the attribute messageRef": "message",
    "a timeDuration": "time",
}


def plainly(problem: Problem) -> tuple[str, str]:
    """Message and cure in the language of the page, as the designer says it."""
    language = get_language()
    message, cure = _told(problem, language)
    if language == "ru":
        return _QUOTED.sub(r"«\1»", message), _QUOTED.sub(r"«\1»", cure)
    return message, cure


def _told(problem: Problem, language: str | None) -> tuple[str, str]:
    plain, cures = _in_language(language)
    words = plain.get(_kind(problem))
    if words is None:
        return problem.said(_, language)
    gaps = problem.gaps(_, language)
    gaps["cure"] = cures.get(gaps.get("tag", ""), cures[""])
    message, cure = (text.format_map(gaps) for text in words)
    return message, cure


@cache
def _in_language(language: str | None) -> tuple[Words, Mapping[str, str]]:
    """Words and cures of every problem in the language of the page, which is this one."""
    return {**plain_words(), **_missing()}, plain_cures()


def _kind(problem: Problem) -> str:
    if problem.code != "missing_part":
        return problem.code
    part = str(problem.params.get("part", ""))
    return "decision" if part.startswith("the attribute kniga:decision") else _PARTS.get(part, problem.code)


def _missing() -> Words:
    message = _("Nobody has said yet which message is meant here."), _("Name it in the panel.")
    return {
        "action": (_("Nobody has said yet what the system does here."), _("Choose an action in the panel.")),
        "line": (_("A line of points has no condition."), _("Set it in the panel.")),
        "row": (_("The decision table is empty."), _("Make it anew in the panel.")),
        "choices": (_("A question has no answers to choose from."), _("Write at least one in the panel.")),
        "ways": (_("Only one way leads on from here."), _("Draw at least two.")),
        "whom": (_("A control point tells nobody."), _("Say in the panel whom it tells.")),
        "correlation": (_("Nobody has said yet whose message it is."), _("Choose it in the panel.")),
        "importance": (
            _("Nobody has said yet which answer is the most important."),
            _("Give the answer a list in the panel, the most important first."),
        ),
        "event": (_("Nobody has said yet what happens here."), _("Make it another kind of event.")),
        "points": (_("Nobody has said yet what gives points here."), _("Add a line in the panel.")),
        "letter": (_("The letter says nothing yet."), _("Write it in the panel, or choose a template.")),
        "message": message,
        "message_event_without_message": message,
        "time": (_("Nobody has said yet how long is waited here."), _("Set the time in the panel.")),
        "decision": (
            _("Nobody has said yet which table decides here."),
            _("Choose a decision table in the panel, or make it a step."),
        ),
        "unknown_placeholder": (
            _("The script has the field “{placeholder}”, which nothing fills in."),
            _("Take it away and insert the field with the button under the script."),
        ),
        "condition_language": (_("The condition was written in another tool."), _("Set it anew in the panel.")),
        "flow_without_condition": (
            _("Nobody has said yet when this way is taken."),
            _("Set a condition in the panel, or let it be the way that is taken when no other is."),
        ),
    }
