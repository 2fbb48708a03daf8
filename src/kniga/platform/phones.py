"""Phone numbers: kept as E.164, found in whatever way people type them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers

from kniga.platform.errors import Refused
from kniga.platform.organisation import current_organisation
from kniga.platform.said import said as _
from kniga.platform.textkeys import digits

_PHONE_CHARACTERS: Final = frozenset("0123456789+-() .\u00a0\u2011\u2013")
_TAIL: Final = 6
_MOBILE: Final = re.compile(r"\+7(9[0-9]{2})([0-9]{3})([0-9]{2})([0-9]{2})")


def to_e164(text: str, *, region: str = "", field: str | None = None) -> str:
    """«8 (916) 123-45-67» as `+79161234567`; an extension is kept as `;ext=12` (RFC 3966).

    `region` (the organisation's country by default) decides numbers without a country code.
    Raises Refused `phone_invalid`.
    """
    region = region or current_organisation().calendar_country
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        message = _("“%(text)s” is not a phone number. Write it with its area code, e.g. %(example)s.")
        raise Refused("phone_invalid", message % {"text": text.strip()[:40], "example": _example(region)}, field=field)
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def format_phone(value: str) -> str:
    """A stored number as people read it: `+7 916 123-45-67`; what cannot be read is given back as it is."""
    # Nine of ten numbers are Russian mobile ones, and a list of clients shows fifty of them.
    mobile = _MOBILE.fullmatch(value)
    return "+7 {} {}-{}-{}".format(*mobile.groups()) if mobile else _format_any(value)


@lru_cache(maxsize=2_000)
def _format_any(value: str) -> str:
    plain, _sep, extension = value.partition(";ext=")
    try:
        number = phonenumbers.parse(plain, None)
    except phonenumbers.NumberParseException:
        return value
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"{shown} ({extension})" if extension else shown


def looks_like_number(text: str) -> bool:
    """Whether a search text is a phone number, INN or another number: at least four digits, no letters."""
    return len(digits(text)) >= 4 and all(character in _PHONE_CHARACTERS for character in text)


def search_digits(text: str) -> tuple[str, ...]:
    """The digit strings under which a typed number may be stored: as typed, 8… also as +7…, from six digits on also
    without what is dialled before it at home (0114…), from abroad (0044…), or both (+44 (0)114…)."""
    plain = digits(text)
    found = {plain: None}
    if plain.startswith("8") and not text.strip().startswith("+"):
        found["7" + plain[1:]] = None
    if len(plain) >= _TAIL:
        if "(0)" in text:
            found[digits(text.replace("(0)", "")).removeprefix("00")] = None
        if plain.startswith("0"):
            found[plain.removeprefix("00") if plain.startswith("00") else plain[1:]] = None
        found[_as_dialled_here(text) or plain] = None
    return tuple(one for one in found if len(one) >= 4)


def _as_dialled_here(text: str) -> str:
    """The digits under which a number dialled in the organisation's country is kept; '' if it cannot be one."""
    try:
        number = phonenumbers.parse(text, current_organisation().calendar_country)
    except phonenumbers.NumberParseException:
        return ""
    # A number of a town alone is as typed in what is kept already.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return digits(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=300)
def _example(region: str) -> str:
    number = None if region == "RU" else phonenumbers.example_number(region)
    if number is None:
        return "+7 495 123-45-67"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
