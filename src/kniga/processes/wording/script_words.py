"""What stands in double braces in a script, as a reader of the book is told it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from kniga.engine import Definition
from kniga.platform.said import said as _

PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_MARKS: Final = re.compile(r"^#{1,6} +|\*\*", re.MULTILINE)


def placeholder_words(definition: Definition) -> Mapping[str, str]:
    """How each placeholder is called: "the client's name"; an answer by its question."""
    words: dict[str, str] = {
        "client.name": _("client's name"),
        "client.region": _("client's region"),
        "client.industry": _("client's industry"),
        "client.address": _("client's address"),
        "client.website": _("client's website"),
        "client.inn": _("client's tax number"),
        "client.headcount": _("client's head count"),
        "contact.name": _("contact's name"),
        "contact.position": _("contact's position"),
        "contact.phone": _("contact's phone"),
        "contact.email": _("contact's e-mail"),
        "user.name": _("your name"),
        "user.phone": _("your phone"),
        "user.email": _("your e-mail"),
        "deal.name": _("name of the deal"),
        "deal.number": _("number of the deal"),
        "deal.amount": _("amount of the deal"),
        "deal.currency": _("currency of the deal"),
        "deal.expected_date": _("expected date"),
        "deal.stage": _("stage of the deal"),
        "deal.owner": _("owner of the deal"),
        "deal.product": _("product of the deal"),
        "deal.lines": _("products of the deal"),
        "today": _("today's date"),
    }
    for task in definition.user_tasks():
        for question in task.questions:
            words.setdefault(f"answer.{question.key}", question.label)
    return words


def gaps_in_words(missing: Iterable[str], definition: Definition) -> tuple[tuple[str, str], ...]:
    """Placeholders nobody has filled in, each with its name for people."""
    words = placeholder_words(definition)
    return tuple((name, words.get(name, name)) for name in missing)


def readable_script(script: str, words: Mapping[str, str]) -> str:
    """A script as plain text for readers: words in place of placeholders, no marks of headings and of bold type."""
    text = PLACEHOLDER.sub(lambda match: f"‹{words.get(match[1], match[1])}›", script)
    return _MARKS.sub("", text)
