"""Markdown as a tree of plain data, for the press: text never becomes markup of the typesetter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_PARSER: Final = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_DEEPEST: Final = 8
"""Deeper nested lists and quotes are set as plain text: nobody reads them, and the press must not choke on them."""

_NESTING: Final = frozenset({"bullet_list", "ordered_list", "blockquote"})

PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
Node = dict[str, Any]


def tree_of(text: str, words: Mapping[str, str]) -> list[Node]:
    """The blocks of a text; placeholders become nodes of their own with their words."""
    return _children(SyntaxTreeNode(_PARSER.parse(text)), words, 0)


def _children(node: SyntaxTreeNode, words: Mapping[str, str], depth: int) -> list[Node]:
    return [found for child in node.children for found in _nodes(child, words, depth)]


def _nodes(node: SyntaxTreeNode, words: Mapping[str, str], depth: int) -> list[Node]:
    if node.type == "inline":
        return _children(node, words, depth)
    if node.type in ("text", "html_inline", "html_block"):
        return _runs(node.content, words)
    if node.type in ("code_inline", "code_block", "fence"):
        return [{"t": "code" if node.type == "code_inline" else "pre", "text": node.content.rstrip("\n")}]
    if node.type == "softbreak":
        return [{"t": "hardbreak"}]
    if node.type == "image":
        return _runs(node.content, words)
    if depth > _DEEPEST and node.type in _NESTING:
        return [{"t": "paragraph", "c": [found for leaf in node.walk() for found in _leaf(leaf, words)]}]
    made: Node = {"t": node.type, "c": _children(node, words, depth + 1)}
    if node.type == "heading":
        made["level"] = int(node.tag[1:])
    elif node.type == "ordered_list":
        made["start"] = min(int(node.attrs.get("start", 1)), 9_999)
    elif node.type in ("th", "td"):
        made["align"] = "right" if "right" in str(node.attrs.get("style", "")) else "left"
    elif node.type == "link":
        href = str(node.attrs.get("href", ""))
        made["href"] = href if href.casefold().startswith(_SCHEMES) else ""
    return [made]


def _leaf(node: SyntaxTreeNode, words: Mapping[str, str]) -> list[Node]:
    return [*_runs(node.content, words), {"t": "text", "text": " "}] if node.type == "text" else []


def _runs(text: str, words: Mapping[str, str]) -> list[Node]:
    found: list[Node] = []
    at = 0
    for match in PLACEHOLDER.finditer(text):
        found.append({"t": "text", "text": text[at : match.start()]})
        found.append({"t": "fill", "text": words.get(match[1], match[1])})
        at = match.end()
    found.append({"t": "text", "text": text[at:]})
    return [node for node in found if node["text"]]
