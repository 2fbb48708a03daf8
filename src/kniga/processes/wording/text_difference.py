"""What differs between two texts, word by word, for people to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, Literal

How = Literal["same", "added", "removed", "gap"]

_WORDS: Final = re.compile(r"\s+|[^\s\w]|\w+")
_MOST_WORDS: Final = 2_000
"""Passages longer than this are shown as a whole, old and new: word by word would take too long."""
_MOST_PAIRS: Final = 20_000
"""Of more pairs of equal parts (lines that come again and again) the search would take seconds: what lies between the
common beginning and the common end is then taken as changed."""
_LIKE: Final = 0.35
"""Passages less alike than this have nothing to do with each other: marking single words would only confuse."""
_AROUND: Final = 1
"""How many unchanged lines stand beside a changed one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is in both, only in the new or only in the old one; a gap stands for unchanged lines."""

    how: How
    text: str


def text_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces in reading order, unchanged lines away from every change left out; nothing when both are the same."""
    old, new = before.strip().splitlines(keepends=True), after.strip().splitlines(keepends=True)
    if old == new:
        return ()
    blocks = _blocks(old, new)
    found: list[Piece] = []
    for place, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag == "equal":
            found += _context(old[i1:i2], is_first=place == 0, is_last=place == len(blocks) - 1)
        else:
            found += _by_words("".join(old[i1:i2]), "".join(new[j1:j2]))
    return _joined(found)


def _blocks(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    counted = Counter(new)
    if sum(counted[part] for part in old) <= _MOST_PAIRS:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    most = min(len(old), len(new))
    head = next((place for place in range(most) if old[place] != new[place]), most)
    tail = next((place for place in range(most - head) if old[-1 - place] != new[-1 - place]), most - head)
    ends, other_ends = len(old) - tail, len(new) - tail
    blocks = (
        ("equal", 0, head, 0, head),
        ("replace", head, ends, head, other_ends),
        ("equal", ends, len(old), other_ends, len(new)),
    )
    return [block for block in blocks if block[1] < block[2] or block[3] < block[4]]


def _context(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Piece]:
    head, tail = (0 if is_first else _AROUND), (0 if is_last else _AROUND)
    if len(lines) <= head + tail + 1:
        yield Piece("same", "".join(lines))
        return
    if head:
        yield Piece("same", "".join(lines[:head]))
    yield Piece("gap", "")
    if tail:
        yield Piece("same", "".join(lines[-tail:]))


def _by_words(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if len(old) + len(new) > _MOST_WORDS or matcher.quick_ratio() < _LIKE or matcher.ratio() < _LIKE:
        yield Piece("removed", before)
        yield Piece("added", after)
        return
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[i1:i2]))
        else:
            yield Piece("removed", "".join(old[i1:i2]))
            yield Piece("added", "".join(new[j1:j2]))


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Without empty pieces, neighbours of one kind joined."""
    kept = [piece for piece in pieces if piece.text or piece.how == "gap"]
    return tuple(
        Piece(how, "".join(piece.text for piece in run)) for how, run in groupby(kept, key=lambda piece: piece.how)
    )
