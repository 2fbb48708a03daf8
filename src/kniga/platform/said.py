"""Texts that remember how they were said, so that they can be told again in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as translate
from django.utils.translation import override


class Said(str):
    """A translated text with its source string and the values filled in; filling in is `%`, as with any text."""

    __slots__ = ("given", "source")
    given: Mapping[str, Any]
    source: str

    def __mod__(self, given: Any, /) -> Said:
        return _made(str.__mod__(self, given), self.source, given)


def said(source: str) -> Said:
    """`source` in the present language; use it in place of gettext where the text is kept for later readers."""
    return _made(translate(source), source, {})


def kept(text: str) -> dict[str, Any]:
    """What JSON must hold of a text: `say` and `with`; nothing for a text that was not said by `said`."""
    if not isinstance(text, Said):
        return {}
    found: dict[str, Any] = {"say": text.source}
    if text.given:
        found["with"] = {name: _kept_value(value) for name, value in text.given.items()}
    return found


def told_again(stored: Mapping[str, Any], otherwise: str) -> str:
    """The text of what `kept` gave, in the present language; `otherwise` for what holds no source string."""
    if "say" not in stored:
        return otherwise
    given = {name: _value_again(value) for name, value in stored.get("with", {}).items()}
    source: str = stored["say"]
    text = translate(source)
    try:
        return text % given if given else text
    except (KeyError, TypeError, ValueError):
        return otherwise


def _made(text: str, source: str, given: Mapping[str, Any]) -> Said:
    made = Said(text)
    made.source, made.given = source, given
    return made


def _kept_value(value: Any) -> Any:
    if isinstance(value, Said):
        return kept(value) | {"text": str(value)}
    if isinstance(value, Promise):
        with override(None):
            return {"say": str(value), "text": str(value)}
    return value if isinstance(value, int | float) else str(value)


def _value_again(value: Any) -> Any:
    return told_again(value, value.get("text", "")) if isinstance(value, Mapping) else value
