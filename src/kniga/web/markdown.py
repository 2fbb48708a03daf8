"""Markdown written by people (scripts, letters, notes) into HTML that cannot do harm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

_TEXT = {"a", "abbr", "b", "br", "code", "del", "em", "i", "s", "strong"}
_BLOCKS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
# A private character: no script has it, and the cleaning of HTML leaves it.
_HOLE = "\ue00f"
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def _classed(state: StateCore) -> None:
    """Columns of figures by a class: pages allow no styles of their own."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "right" in str(token.attrs.pop("style", "")):
            token.attrSet("class", "k-num")


_PARSER.core.ruler.push("classed", _classed)


def render_markdown(text: str | None) -> Markup:
    """Safe HTML of a Markdown text: no raw HTML, no images, links only to the web, mail and telephones."""
    return _clean(_PARSER.render(text or ""))


def render_filled(text: str, fill: Callable[[str], str]) -> Markup:
    """As `render_markdown`, with every run of plain text passed through `fill` after the Markdown is parsed, so
    that nothing `fill` puts in can become markup. Parsed once per text; the runs are filled every time."""
    return Markup("").join(
        Markup(escape(fill(piece), quote=False)) if is_run else piece for is_run, piece in _parts(text)
    )


@lru_cache(maxsize=512)
def _parts(text: str) -> tuple[tuple[bool, str], ...]:
    """The clean HTML of a text in pieces: markup as it is, and runs of plain text (True) as they were written."""
    tokens = _PARSER.parse(text.replace(_HOLE, ""))
    runs = []
    for token in _leaves(tokens):
        runs.append(token.content)
        token.content = f"{_HOLE}{len(runs) - 1}{_HOLE}"
    pieces = _clean(_PARSER.renderer.render(tokens, _PARSER.options, {})).split(_HOLE)
    # Every other piece stands between two marks: the number of a run.
    return tuple((place % 2 == 1, runs[int(piece)] if place % 2 else piece) for place, piece in enumerate(pieces))


def _leaves(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children:
            yield from _leaves(token.children)
        elif token.type in ("text", "code_inline", "code_block", "fence"):
            yield token


def _clean(html: str) -> Markup:
    clean = nh3.clean(
        html,
        tags=_TEXT | _BLOCKS | _TABLES,
        attributes={"a": {"href", "title"}, "td": {"class"}, "th": {"class"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(clean)
