"""Stored keys by which text is sorted, compared and searched.

Code-point order puts «ё» after «я», and people type «е» for it; so every text that is sorted or searched has
a folded twin: lower case, ё→е, white space collapsed.
"""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_NOT_KEY = re.compile(r"[^0-9a-zа-я]+")


def fold(text: str) -> str:
    """Lower case, ё→е, NFKC, runs of white space as one blank, NUL and edges stripped."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "")
    return _SPACE.sub(" ", plain.casefold().replace("ё", "е")).strip()


def match_key(text: str) -> str:
    """`fold` without punctuation and blanks: «GTX Pro» and «GTXPro» have one key."""
    return _NOT_KEY.sub("", fold(text))


def digits(text: str) -> str:
    """Only the ASCII digits of `text`."""
    return "".join(character for character in text if character in "0123456789")
