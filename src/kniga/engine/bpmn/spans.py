"""Where each element of an XML text stands, to the character. Only for text that has been parsed already: it is
well-formed and has no document type."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<close>/?)(?P<name>[^\s/>]+)"
    r"(?P<attributes>(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\s+([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class AttributeSpan:
    """An attribute as written: from the white space before it to the quote behind it; the value between its quotes."""

    name: str
    start: int
    end: int
    value_start: int
    value_end: int
    value: str


@dataclass(slots=True)
class Span:
    """An element as written. ``start`` is its first character, ``open_end`` behind its start tag, ``close_start`` that
    of its end tag (both equal ``end`` for an empty-element tag), ``end`` behind it."""

    name: str
    start: int
    open_end: int
    empty: bool
    attributes: dict[str, AttributeSpan]
    namespaces: Mapping[str, str]
    close_start: int = 0
    end: int = 0
    children: list["Span"] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """The prefix of the tag, empty without one."""
        return self.name.rpartition(":")[0]

    @property
    def local(self) -> str:
        """The tag without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def namespace(self) -> str:
        """The namespace of the tag, empty without one."""
        return self.namespaces.get(self.prefix, "")

    def get(self, name: str) -> str | None:
        """The value of an attribute as written (entities resolved), or None."""
        found = self.attributes.get(name)
        return None if found is None else found.value

    def walk(self) -> Iterator["Span"]:
        """The element and everything inside, in the order of the text."""
        pending = [self]
        while pending:
            span = pending.pop()
            yield span
            pending.extend(reversed(span.children))


def read_spans(text: str) -> Span:
    """The root element with all inside."""
    open_: list[Span] = []
    root: Span | None = None
    for token in _TOKEN.finditer(text):
        name = token.group("name")
        if name is None:
            continue
        if token.group("close"):
            span = open_.pop()
            span.close_start, span.end = token.start(), token.end()
            continue
        span = _opened(token, open_[-1].namespaces if open_ else {})
        if open_:
            open_[-1].children.append(span)
        root = root or span
        if not span.empty:
            open_.append(span)
    assert root is not None, "text without an element was parsed"
    return root


def _opened(token: re.Match[str], outer: Mapping[str, str]) -> Span:
    base = token.start("attributes")
    attributes = {}
    for found in _ATTRIBUTE.finditer(token.group("attributes")):
        group = 2 if found.group(2) is not None else 3
        attributes[found.group(1)] = AttributeSpan(
            found.group(1),
            base + found.start(),
            base + found.end(),
            base + found.start(group),
            base + found.end(group),
            unescape(found.group(group)),
        )
    own = {
        name.partition(":")[2]: attribute.value
        for name, attribute in attributes.items()
        if name == "xmlns" or name.startswith("xmlns:")
    }
    namespaces = {**outer, **own} if own else outer
    span = Span(token.group("name"), token.start(), token.end(), bool(token.group("empty")), attributes, namespaces)
    span.close_start = span.end = token.end()
    return span
