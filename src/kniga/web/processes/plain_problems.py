"""What is wrong with a draft, in the words of the designer: what is missing is named as its panel calls it, not as the
file spells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.engine import Problem

_PARTS: Final = {
    "a kniga:action": "action",
    "a kniga:points": "points",
    "a kniga:letter": "letter",
    "the attribute messageRef": "message",
    "a timeDuration": "time",
}


def plainly(problem: Problem) -> tuple[str, str]:
    """Message and cure in the language of the page, as the designer says it."""
    words = _words().get(_kind(problem))
    if words is None:
        return problem.said(_, get_language())
    message, cure = (text.format_map(problem.params) for text in words)
    return message, cure


def _kind(problem: Problem) -> str:
    if problem.code != "missing_part":
        return problem.code
    part = str(problem.params.get("part", ""))
    return "decision" if part.startswith("the attribute kniga:decision") else _PARTS.get(part, "")


def _words() -> Mapping[str, tuple[str, str]]:
    message = _("Nobody has said yet which message is meant here."), _("Name it in the panel.")
    return {
        "action": (_("Nobody has said yet what the system does here."), _("Choose an action in the panel.")),
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
