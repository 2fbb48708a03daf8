"""The text of a PDF as its fonts say it, read without the program that made it.

For files whose objects stand in the open (PDF 1.7 without object streams): pages with their fonts, each font with its
table of characters (ToUnicode). Running heads and feet are marked as artifacts and left out.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

_OBJECT: Final = re.compile(rb"(?:^|\n)(\d+) 0 obj\s(.*?)\nendobj", re.DOTALL)
_STREAM: Final = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_LENGTH: Final = re.compile(rb"/Length (\d+)(?! \d+ R)")
_REFERENCE: Final = rb"/%s\s+(\d+) 0 R"
_FONTS: Final = re.compile(rb"/Font<<(.*?)>>", re.DOTALL)
_FONT: Final = re.compile(rb"/(\w+) (\d+) 0 R")
_CHARACTER: Final = re.compile(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>")


def _string(deep: int) -> bytes:
    """The pattern of a string, in which parentheses may stand unescaped where they are balanced (7.3.4.2)."""
    inner = rb"|" + _string(deep - 1) if deep else b""
    return rb"\((?:\\.|[^\\()]" + inner + rb")*\)"


_ANY: Final = _string(4)
_STRING: Final = re.compile(_ANY, re.DOTALL)
_SHOWN: Final = re.compile(
    rb"/Artifact\s*(?:<<(?:[^<>]|<<[^<>]*>>)*>>\s*BDC|BMC)(?P<artifact>.*?)EMC|/(?P<font>\w+) [\d.]+ Tf"
    rb"|\[(?P<many>(?:" + _ANY + rb"|[^\]()])*)\]\s*TJ|(?P<one>" + _ANY + rb")\s*Tj",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_PLAIN: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of_pdf(content: bytes) -> str:
    """All that is written on the pages, in the order of the file; spaces as the fonts have them."""
    return "\n".join(pages_of_pdf(content))


def pages_of_pdf(content: bytes) -> list[str]:
    """The same page by page."""
    objects = {int(number): body for number, body in _OBJECT.findall(content)}
    tables: dict[int, Mapping[int, str]] = {}
    return [
        "".join(_page(objects, body, tables)) for body in objects.values() if re.search(rb"/Type/Page\b(?!s)", body)
    ]


def count_pages(content: bytes) -> int:
    """How many pages the file has."""
    return len(re.findall(rb"/Type/Page\b(?!s)", content))


def _page(objects: Mapping[int, bytes], page: bytes, tables: dict[int, Mapping[int, str]]) -> Iterator[str]:
    resources = _follow(objects, page, b"Resources")
    found = _FONTS.search(resources)
    fonts = {name: int(number) for name, number in _FONT.findall(found[1])} if found else {}
    now: Mapping[int, str] = {}
    for shown in _SHOWN.finditer(_unpacked(_follow(objects, page, b"Contents"))):
        if shown["font"]:
            font = fonts[shown["font"]]
            if font not in tables:
                tables[font] = _table(_unpacked(_follow(objects, objects[font], b"ToUnicode")))
            now = tables[font]
        for string in [shown["one"]] if shown["one"] else _STRING.findall(shown["many"] or b""):
            codes = _ESCAPED.sub(_plain, string[1:-1])
            yield "".join(now.get(int.from_bytes(codes[at : at + 2]), "") for at in range(0, len(codes) - 1, 2))


def _follow(objects: Mapping[int, bytes], body: bytes, name: bytes) -> bytes:
    found = re.search(_REFERENCE % name, body)
    return objects[int(found[1])] if found else body


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None:
        return b""
    # The stream is as long as it says: its last byte may look like the end of a line.
    length = _LENGTH.search(body[: found.start()])
    content = body[found.start(1) :][: int(length[1])] if length else found[1]
    return zlib.decompress(content) if b"/FlateDecode" in body[: found.start()] else content


def _table(cmap: bytes) -> dict[int, str]:
    return {
        int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in _CHARACTER.findall(cmap)
        if len(code) == 4
    }  # fmt: skip


def _plain(match: re.Match[bytes]) -> bytes:
    said = match[1]
    if said[:1].isdigit():
        return bytes([int(said, 8)])
    return b"" if said.strip() == b"" and said != b" " else _PLAIN.get(said, said)
