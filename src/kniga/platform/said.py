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
    given: Any
    source: str

    def __mod__(self, given: Any, /) -> Said:
        return _made(str.__mod__(self, given), self.source, given)


def said(source: str) -> Said:
    """`source` in the present language; use it in place of gettext where the text is kept for later readers."""
    return _made(translate(source), source, {})


def kept(text: str) -> dict[str, Any]:
    """What JSON must hold of a text: `say` and `with` (values by name, or in their order); nothing for a text that was
    not said by `said`. All of it can be stored, whatever the values are."""
    if not isinstance(text, Said):
        return {}
    found: dict[str, Any] = {"say": text.source}
    if isinstance(text.given, Mapping):
        if text.given:
            found["with"] = {name: _kept_value(value) for name, value in text.given.items()}
    else:
        found["with"] = [_kept_value(value) for value in _in_order(text.given)]
    return found


def storable(text: str) -> str:
    """The text without what no database takes: characters of no meaning, and halves of characters."""
    return str(text).replace("\0", "").encode(errors="replace").decode()


def told_again(stored: Mapping[str, Any], otherwise: str) -> str:
    """The text of what `kept` gave, in the present language; `otherwise` for what holds no source string."""
    if "say" not in stored:
        return otherwise
    with_ = stored.get("with", {})
    given: Any
    if isinstance(with_, Mapping):
        given = {name: _value_again(value) for name, value in with_.items()}
    else:
        given = tuple(_value_again(value) for value in with_)
    source: str = stored["say"]
    text = translate(source)
    try:
        return text % given if given else text
    except (KeyError, TypeError, ValueError):
        return otherwise


def _in_order(given: Any) -> tuple[Any, ...]:
    return given if isinstance(given, tuple) else (given,)


def _made(text: str, source: str, given: Any) -> Said:
    made = Said(text)
    made.source, made.given = source, given
    return made


def _kept_value(value: Any) -> Any:
    if isinstance(value, Said):
        return kept(value) | {"text": storable(value)}
    if isinstance(value, Promise):
        with override(None):
            return {"say": str(value), "text": str(value)}
    return value if isinstance(value, int | float) else storable(value)


def _value_again(value: Any) -> Any:
    return told_again(value, value.get("text", "")) if isinstance(value, Mapping) else value
