"""The text of an HTML letter: lines where people see lines, links with their addresses, quotations with ">"."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from lxml import etree
from lxml import html as lxml_html

_HIDDEN: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_LINES: Final = frozenset(
    {"p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr",
     "section", "article", "header", "footer"}
)  # fmt: skip
_APART: Final = frozenset({"p", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"})
DEEPEST: Final = 20
"""Quotations within quotations that are marked as such."""
LONGEST_TEXT: Final = 400_000
"""Characters that are made of an HTML text at most; the rest is left out."""


def text_of_html(source: str) -> str:
    """What a person reads of an HTML text. Nothing in it is fetched, run or kept as markup."""
    # The parser takes the bytes' own word for their charset unless told otherwise.
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, huge_tree=False)
    try:
        root = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return ""
    writer = _Writer()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            writer.begin(name, element)
        else:
            writer.end(name, element)
        if writer.length > LONGEST_TEXT:
            break
    return writer.text()


class _Writer:
    """Gathers the text; `depth` is how many quotations one is in, `hidden` how many elements nobody sees, `length` how
    many characters there are."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = self.hidden = self.length = 0

    def begin(self, name: str, element: etree._Element) -> None:
        if name in _HIDDEN:
            self.hidden += 1
        if name in _LINES or name == "br":
            self._break()
        if name in _APART:
            self._blank()
        if name == "blockquote":
            self.depth += 1
        if name == "li":
            self.line.append("- ")
        self._add(element.text)

    def end(self, name: str, element: etree._Element) -> None:
        if name == "a":
            self._address(element)
        if name in _LINES:
            self._break()
        if name in ("td", "th"):
            self.line.append(" ")
        if name in _APART:
            self._blank()
        if name == "blockquote":
            self.depth = max(0, self.depth - 1)
        if name in _HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        self._add(element.tail)

    def text(self) -> str:
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip()

    def _add(self, text: str | None) -> None:
        if text and not self.hidden:
            self.line.append(re.sub(r"\s+", " ", text))
            self.length += len(text)

    def _address(self, element: etree._Element) -> None:
        address = str(element.get("href") or "").strip()
        shown = "".join(map(str, islice(element.itertext(), 50))).strip()
        if address.startswith(("http://", "https://")) and address.rstrip("/") != shown.rstrip("/") and not self.hidden:
            self.line.append(f" ({address[:500]})")

    def _break(self) -> None:
        shown = re.sub(r" +", " ", "".join(self.line)).strip()
        self.line = []
        if shown:
            self.lines.append("> " * min(self.depth, DEEPEST) + shown)
            self.length += 2 * min(self.depth, DEEPEST) + 1

    def _blank(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
