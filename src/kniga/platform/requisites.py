"""Requisites of Russian companies and entrepreneurs, form and control digits; of other states, the form alone.

INN and KPP: structure by the order of the Federal Tax Service of 29.06.2012 No. MMV-7-6/435@; the control
digits of the INN are the weighted sums modulo 11, modulo 10, that the service publishes. OGRN and OGRNIP:
order of the Ministry of Finance of 30.10.2017 No. 165n: the last digit is the last digit of the rest of the
preceding number divided by 11 (OGRN) or by 13 (OGRNIP).
"""

from __future__ import annotations

import re
from typing import Final

from kniga.platform.errors import Refused
from kniga.platform.said import said as _

_INN_10: Final = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_FIRST: Final = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_SECOND: Final = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_KPP: Final = re.compile(r"^[0-9]{4}[0-9A-Z]{2}[0-9]{3}$")
_DIGITS: Final = re.compile(r"^[0-9]+$")
_SEPARATORS: Final = re.compile(r"[\s\u00a0-]+")
_MARKS: Final = re.compile(r"[\s\u00a0./-]+")
_LETTERS_AND_DIGITS: Final = re.compile(r"^[0-9A-Z]+$")


def checked_inn(text: str, *, field: str = "inn") -> str:
    """The INN without blanks (10 digits of a company, 12 of a person); "" for "". Raises Refused `inn_invalid`."""
    inn = _SEPARATORS.sub("", text)
    if inn and not is_inn(inn):
        if len(inn) not in (10, 12) or not _DIGITS.match(inn):
            message = _("An INN has 10 digits (company) or 12 digits (person).")
        else:
            message = _("This INN has a wrong control digit: check it for a typing error.")
        raise Refused("inn_invalid", message, field=field)
    return inn


def checked_kpp(text: str, *, field: str = "kpp") -> str:
    """The KPP without blanks, "" for "". Raises Refused `kpp_invalid`."""
    kpp = _SEPARATORS.sub("", text).upper()
    if kpp and not _KPP.match(kpp):
        raise Refused("kpp_invalid", _("A KPP has 9 characters, e.g. 770101001."), field=field)
    return kpp


def checked_ogrn(text: str, *, field: str = "ogrn") -> str:
    """The OGRN (13 digits) or OGRNIP (15) without blanks, "" for "". Raises Refused `ogrn_invalid`."""
    ogrn = _SEPARATORS.sub("", text)
    if ogrn and not is_ogrn(ogrn):
        if len(ogrn) not in (13, 15) or not _DIGITS.match(ogrn):
            message = _("An OGRN has 13 digits, an OGRNIP 15.")
        else:
            message = _("This OGRN has a wrong control digit: check it for a typing error.")
        raise Refused("ogrn_invalid", message, field=field)
    return ogrn


def checked_number(text: str, *, longest: int, field: str) -> str:
    """A number of another state's register without blanks, dots and slashes, "" for "": each state writes its own way.

    Raises Refused `number_of_state_invalid`.
    """
    number = _MARKS.sub("", text).upper()
    if number and (len(number) < 4 or len(number) > longest or not _LETTERS_AND_DIGITS.match(number)):
        message = _("This number has 4 to %(longest)d letters and digits.") % {"longest": longest}
        raise Refused("number_of_state_invalid", message, field=field)
    return number


def is_inn(inn: str) -> bool:
    """Whether `inn` has 10 or 12 digits and right control digits."""
    if not _DIGITS.match(inn):
        return False
    if len(inn) == 10:
        return _control(inn, _INN_10) == inn[9]
    return len(inn) == 12 and _control(inn, _INN_12_FIRST) == inn[10] and _control(inn, _INN_12_SECOND) == inn[11]


def is_ogrn(ogrn: str) -> bool:
    """Whether `ogrn` has 13 or 15 digits and a right control digit."""
    if not _DIGITS.match(ogrn) or len(ogrn) not in (13, 15):
        return False
    return str(int(ogrn[:-1]) % (len(ogrn) - 2))[-1] == ogrn[-1]


def _control(inn: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(inn, weights, strict=False)) % 11 % 10)
