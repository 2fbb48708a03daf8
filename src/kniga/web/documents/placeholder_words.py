"""Placeholders of documents and letters as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from kniga.web.processes.draft_words import placeholder_names

_IN_BRACES: Final = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: as it stands, or what will be filled in."""

    text: str
    is_gap: bool


def gap_names() -> dict[str, str]:
    """What a document or letter may speak of, in words, by the placeholder."""
    return {**placeholder_names(), "deal.lines": _("Deal: lines with their sum"), "today": _("Today's date")}


def pieces(text: str) -> tuple[Piece, ...]:
    """A text with its placeholders in words; one that nothing fills in stays as it is written."""
    names = gap_names()
    found = []
    for at, part in enumerate(_IN_BRACES.split(text)):
        if at % 2:
            found.append(Piece(_name(part.strip(), names), is_gap=True))
        elif part:
            found.append(Piece(part, is_gap=False))
    return tuple(found)


def in_words(text: str) -> str:
    """A text with its placeholders in words, where there can be nothing but text."""
    return "".join(f"‹{piece.text}›" if piece.is_gap else piece.text for piece in pieces(text))


def _name(placeholder: str, names: dict[str, str]) -> str:
    if placeholder.startswith("answer."):
        return _("answer “%(key)s”") % {"key": placeholder.removeprefix("answer.")}
    return names.get(placeholder, placeholder)
