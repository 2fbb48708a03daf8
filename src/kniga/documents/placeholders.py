"""What a template may speak of: the placeholders in double braces that are filled in from a deal."""

from __future__ import annotations

import re
from typing import Final

DEAL_PLACEHOLDERS: Final = (
    "deal.name", "deal.number", "deal.amount", "deal.currency", "deal.expected_date", "deal.stage", "deal.product",
    "user.name", "user.email", "user.phone", "client.name", "client.region", "client.industry", "client.address",
    "client.website", "client.inn", "contact.name", "contact.position",
)  # fmt: skip
SCRIPT_PLACEHOLDERS: Final = (*DEAL_PLACEHOLDERS, "contact.phone", "contact.email")
"""What a script may speak of, beside `answer.<key of a question>`."""
PLACEHOLDERS: Final = (*SCRIPT_PLACEHOLDERS, "deal.lines", "today")
"""What a document or a letter may speak of, beside the answers: also the deal's lines with their sum, and the day."""
_IN_BRACES: Final = re.compile(r"\{\{([^{}]*)\}\}")
_BRACES_LEFT: Final = re.compile(r"\S*(?:\{\{|\}\}|\{%|%\}).{0,40}")
_ANSWER: Final = re.compile(r"answer\.[\w.-]+")


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """What stands in double braces in the text and nothing will ever fill in, each once."""
    named = dict.fromkeys(name.strip() for name in _IN_BRACES.findall(text))
    return tuple(name for name in named if name not in PLACEHOLDERS and not _ANSWER.fullmatch(name))


def left_in_braces(text: str) -> str:
    """The first place where double braces are not closed, or where another template language is written: people would
    get it as it stands; "" for a text without one."""
    found = _BRACES_LEFT.search(_IN_BRACES.sub("…", text))
    return found.group().strip() if found else ""


def without_placeholders(text: str) -> str:
    """The text as people read it before anything is filled in: “…” for each placeholder."""
    return _IN_BRACES.sub("…", text)
