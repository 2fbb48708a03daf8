"""Texts that remember how they were said, so that they can be told again in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext as translate

from kniga.platform.shown_moment import shown_moment
from kniga.platform.shown_money import shown_money
from kniga.platform.storable import storable


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


class SaidMoney(str):
    """An amount of money in a text: told again as the language of the reader writes it."""

    __slots__ = ("amount", "currency")
    amount: Decimal
    currency: str


class SaidMoment(str):
    """A moment in a text: told again as the language of the reader writes it."""

    __slots__ = ("at",)
    at: datetime


def said_money(amount: Decimal, currency: str) -> SaidMoney:
    """An amount as a value of a text made by `said`."""
    made = SaidMoney(shown_money(amount, currency, _language()))
    made.amount, made.currency = amount, currency
    return made


def said_moment(at: datetime) -> SaidMoment:
    """A moment as a value of a text made by `said`."""
    made = SaidMoment(shown_moment(at, _language()))
    made.at = at
    return made


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
    if isinstance(value, SaidMoney):
        return {"money": str(value.amount), "currency": value.currency}
    if isinstance(value, SaidMoment):
        return {"moment": value.at.isoformat()}
    return value if isinstance(value, int | float) else storable(value)


def _value_again(value: Any) -> Any:
    if isinstance(value, Mapping) and "money" in value:
        return shown_money(Decimal(value["money"]), value["currency"], _language())
    if isinstance(value, Mapping) and "moment" in value:
        return shown_moment(datetime.fromisoformat(value["moment"]), _language())
    return told_again(value, value.get("text", "")) if isinstance(value, Mapping) else value


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
