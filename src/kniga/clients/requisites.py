"""What the numbers of clients are called, and how they are checked, in the country the organisation works in."""

from __future__ import annotations

from typing import Final

from django.utils.functional import lazy
from django.utils.translation import gettext as _

from kniga.platform.errors import Refused
from kniga.platform.organisation import current_organisation
from kniga.platform.requisites import checked_inn, checked_number, checked_ogrn

RUSSIA: Final = "RU"


def is_russian() -> bool:
    """Whether clients have an INN, a KPP and an OGRN; elsewhere they have a tax number and a company number."""
    return current_organisation().calendar_country == RUSSIA


def tax_label() -> str:
    """The label of the field `inn` in the language of the page: INN, or tax number."""
    return _("INN") if is_russian() else _("Tax number (VAT)")


def tax_word() -> str:
    """The same within a sentence."""
    return _("INN") if is_russian() else _("tax number")


def registration_label() -> str:
    """The label of the field `ogrn` in the language of the page: OGRN, or company number."""
    return _("OGRN") if is_russian() else _("Company number")


def checked_tax_number(text: str, *, field: str = "inn") -> str:
    """The field `inn` as it is kept. Raises Refused `inn_invalid` in Russia, `number_of_state_invalid` elsewhere."""
    return checked_inn(text, field=field) if is_russian() else checked_number(text, longest=20, field=field)


def checked_registration(text: str, *, field: str = "ogrn") -> str:
    """The field `ogrn` as it is kept. Raises Refused `ogrn_invalid` in Russia, `number_of_state_invalid` elsewhere."""
    return checked_ogrn(text, field=field) if is_russian() else checked_number(text, longest=30, field=field)


def whole_tax_number(text: str) -> str:
    """A tax number that is typed to its end and may be looked for; "" for the beginning of one."""
    try:
        return checked_tax_number(text)
    except Refused:
        return ""


LAZY_TAX_LABEL: Final = lazy(tax_label, str)()
"""`tax_label` for tables of labels made before a page is asked for; so is the next."""
LAZY_REGISTRATION_LABEL: Final = lazy(registration_label, str)()
