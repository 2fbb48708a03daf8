"""Texts as a database takes them. Nothing of Django is loaded for it."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without what no database takes: characters of no meaning, and halves of characters."""
    return str(text).replace("\0", "").encode(errors="replace").decode()
