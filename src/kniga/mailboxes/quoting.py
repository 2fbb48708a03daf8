"""Where a letter ends and what it answers to begins."""

from __future__ import annotations

import re
from typing import Final

_ANNOUNCED: Final = (
    re.compile(r"^[-_=]{2,}\s*(original message|исходное сообщение|пересылаемое сообщение|forwarded message)", re.I),
    re.compile(r"^(on\b.{4,200}\bwrote|.{4,200}\b(пишет|написал|написала|написал\(а\))):?$", re.I),
    re.compile(r"^_{20,}$"),
)
_NAMED: Final = re.compile(r"@\S+:$")
# Outlook: a block of headers without any rule before it.
_FROM: Final = re.compile(r"^\*?(from|от):\*?\s.+@", re.I)
_THEN: Final = re.compile(r"^\*?(sent|date|отправлено|дата|to|кому|subject|тема):\*?\s", re.I)


def split_quoted(text: str) -> tuple[str, str]:
    """What was written, and the text below it that it answers to ("" without one).

    Answers between the quoted lines stay: such a letter is not split. Nothing is ever left out."""
    lines = text.split("\n")
    place = _beginning(lines)
    written = "\n".join(lines[:place]).strip()
    if place is None or not written:
        return text.strip(), ""
    return written, "\n".join(lines[place:]).strip()


def _beginning(lines: list[str]) -> int | None:
    tail = _tail(lines)
    for place, line in enumerate(lines):
        plain = line.strip()
        if _announces(plain) or _announces(f"{plain} {lines[place + 1].strip()}" if place + 1 < len(lines) else ""):
            rest = [one for one in lines[place + 1 :] if one.strip()]
            is_marked = any(one.lstrip().startswith(">") for one in rest)
            return place if not is_marked or place + 2 >= tail else None
        if _FROM.match(plain) and any(_THEN.match(one.strip()) for one in lines[place + 1 : place + 3]):
            return place
        if plain.startswith(">") and place >= tail:
            return _with_its_head(lines, place)
    return None


def _with_its_head(lines: list[str], place: int) -> int:
    """The line above a quotation belongs to it where it names whom it is from: "Mon, 2 March, Roman <r@k.test>:"."""
    above = next((at for at in range(place - 1, -1, -1) if lines[at].strip()), place)
    return above if _NAMED.search(lines[above].strip()[-300:]) else place


def _announces(line: str) -> bool:
    return any(mark.match(line) for mark in _ANNOUNCED)


def _tail(lines: list[str]) -> int:
    """From where on there is nothing but quoted lines and empty ones."""
    place = len(lines)
    while place and (not lines[place - 1].strip() or lines[place - 1].lstrip().startswith(">")):
        place -= 1
    return place
