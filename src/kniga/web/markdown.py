"""Markdown written by people (scripts, letters, notes) into HTML that cannot do harm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_TEXT = {"a", "abbr", "b", "br", "code", "del", "em", "i", "s", "strong"}
_BLOCKS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def render_markdown(text: str | None) -> Markup:
    """Safe HTML of a Markdown text: no raw HTML, no images, links only to the web, mail and telephones."""
    return _clean(_PARSER.render(text or ""))


def render_filled(text: str, fill: Callable[[str], str]) -> Markup:
    """As `render_markdown`, with every run of plain text passed through `fill` after the Markdown is parsed, so
    that nothing `fill` puts in can become markup."""
    tokens = _PARSER.parse(text)
    for token in _leaves(tokens):
        token.content = fill(token.content)
    return _clean(_PARSER.renderer.render(tokens, _PARSER.options, {}))


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
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(clean)
