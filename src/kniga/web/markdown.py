"""Markdown written by people (scripts, letters, notes) into HTML that cannot do harm."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TEXT = {"a", "abbr", "b", "br", "code", "del", "em", "i", "s", "strong"}
_BLOCKS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def render_markdown(text: str | None) -> Markup:
    """Safe HTML of a Markdown text: no raw HTML, no images, links only to the web, mail and telephones."""
    html = _PARSER.render(text or "")
    clean = nh3.clean(
        html,
        tags=_TEXT | _BLOCKS | _TABLES,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(clean)
