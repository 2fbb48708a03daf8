"""Which encoding a text file is in, found by its bytes.

Marks and UTF-8 are facts; among the one-byte encodings the one is taken in which the text looks most like
words: frequent Russian letters, no capitals after small letters, no Cyrillic inside a Latin word, no symbols
among letters. The caller shows a sample, so that a person can object.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from kniga.imports.tabular.container import not_binary
from kniga.imports.tabular.errors import TabularError

ONE_BYTE: Final = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "cp1252")
OFFERED: Final = ("utf-8", "utf-16", *ONE_BYTE)
# Not every codec Python knows makes text of bytes, or does so bounded: only these are taken by name.
_TAKEN: Final = frozenset({*OFFERED, "utf-8-sig", "utf-16-le", "utf-16-be", "utf-32", "iso8859-1", "iso8859-15"})
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How often each letter comes in a thousand letters of Russian prose.
_FREQUENCY: Final = {
    "о": 110, "е": 85, "а": 80, "и": 74, "н": 67, "т": 63, "с": 55, "р": 47, "в": 45, "л": 44, "к": 35, "м": 32,
    "д": 30, "п": 28, "у": 26, "я": 20, "ы": 19, "ь": 17, "г": 17, "з": 16, "б": 16, "ч": 14, "й": 12, "х": 10,
    "ж": 9, "ш": 7, "ю": 6, "ц": 5, "щ": 4, "э": 3, "ф": 3, "ъ": 1, "ё": 1,
}  # fmt: skip
_LETTERS: Final = {letter: 1.0 + 2.0 * share / 110 for letter, share in _FREQUENCY.items()}
_FINE: Final = frozenset("«»„“”’‘–—…№§°©®€₽\u00a0·•±×")
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class FoundEncoding:
    """The encoding's Python name, how sure it is (0…1), and a piece of text to judge it by."""

    name: str
    confidence: float
    sample: str


def find_encoding(path: Path) -> FoundEncoding:
    """Find the encoding of a text file; raises TabularError for bytes that are no text, or torn UTF-8."""
    head = _head(path)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return FoundEncoding(name, 1.0, sample_of(path, name))
    wide = _unmarked_utf16(head)
    if wide:
        return FoundEncoding(wide, 0.9, sample_of(path, wide))
    not_binary(head)
    if _is_utf8(path):
        return FoundEncoding("utf-8", 1.0, sample_of(path, "utf-8"))
    telling = _telling_bytes(path)
    _refuse_torn_utf8(path, telling)
    scores = sorted(((_score(telling, name), name) for name in ONE_BYTE), reverse=True)
    (best, name), (second, _other) = scores[0], scores[1]
    confidence = max(0.1, min(0.99, 0.5 + (best - second) / 4))
    return FoundEncoding(name, round(confidence, 2), sample_of(path, name))


def sample_of(path: Path, encoding: str, length: int = 200) -> str:
    """A line of the text as it reads in `encoding`, from the first place that tells encodings apart."""
    if encoding.startswith(("utf-16", "utf-32")):
        return _head(path).decode(encoding, "replace").strip()[:length]
    piece = _telling_bytes(path, 1) or _head(path)
    position = next((index for index, byte in enumerate(piece) if byte > 127), 0)
    start = piece.rfind(b"\n", 0, position) + 1
    return piece[start : start + length * 4].decode(encoding, "replace").splitlines()[0][:length].strip("\ufeff")


def name_encoding(name: str) -> str:
    """The Python name of an encoding a person wrote; raises TabularError for an unknown one."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if found not in _TAKEN:
        raise TabularError(
            "unknown_encoding",
            place=_("The encoding"),
            message=_("“%(name)s” is not known.") % {"name": name[:40]},
            cure=_("Choose one of: %(names)s.") % {"names": ", ".join(OFFERED)},
        )
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _unmarked_utf16(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0 : pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if odd * 10 > pairs * 3 and even * 20 < pairs:
        return "utf-16-le"
    if even * 10 > pairs * 3 and odd * 20 < pairs:
        return "utf-16-be"
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _telling_bytes(path: Path, chunks: int = 4) -> bytes:
    """The first chunks with bytes beyond ASCII, cut to whole lines."""
    pieces: list[bytes] = []
    with path.open("rb") as file:
        while len(pieces) < chunks and (chunk := file.read(_CHUNK)):
            if not chunk.isascii():
                pieces.append(b"\n".join(line for line in chunk.split(b"\n") if not line.isascii()))
    return b"\n".join(pieces)


def _refuse_torn_utf8(path: Path, telling: bytes) -> None:
    text = telling.decode("utf-8", "surrogateescape")
    torn = sum("\udc80" <= character <= "\udcff" for character in text)
    whole = sum(character > "\x7f" for character in text) - torn
    if whole < 4 or torn * 10 > whole:
        return
    raise undecodable(path, "utf-8")


def undecodable(path: Path, encoding: str) -> TabularError:
    """The error for bytes that are not in `encoding`, naming the line."""
    line = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.readline(_CHUNK):
                decoder.decode(chunk)
                line += chunk.endswith(b"\n")
        except UnicodeDecodeError:
            pass
    return TabularError(
        "undecodable",
        place=_("Line %(line)d") % {"line": line},
        message=_("it holds bytes that are not %(encoding)s text.") % {"encoding": encoding.removesuffix("-sig")},
        cure=_("Let the encoding be found by itself, choose another one, or save the table again as UTF-8."),
    )


def _score(data: bytes, encoding: str) -> float:
    text = data[: 3 * _CHUNK].decode(encoding, "replace")
    total, count, before = 0.0, 0, " "
    for character in text:
        if character > "\x7f":
            total += _worth(before, character)
            count += 1
        elif before > "\x7f" and character.isalpha() and before.isalpha() and "\u0400" <= before <= "\u04ff":
            total -= 2.0
        before = character
    return total / count if count else 0.0


def _worth(before: str, character: str) -> float:
    """How much `character` after `before` looks like a part of honest text (3 is the best)."""
    worth = _LETTERS.get(character)
    if worth is not None:
        return worth - 2.0 if before.isascii() and before.isalpha() else worth
    small = _LETTERS.get(character.lower())
    if small is not None:
        return -3.0 if before.islower() else small * 0.8
    if character in _FINE:
        return 0.5
    if "\u0400" <= character <= "\u04ff":
        return -0.5 if character in "іїєґўІЇЄҐЎ" else -3.0
    if character.isalpha() and "\u00c0" <= character <= "\u00ff":
        return 2.0 if before.isascii() and before.isalpha() else -1.5
    return -4.0
