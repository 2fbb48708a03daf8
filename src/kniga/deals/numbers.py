"""The number of a deal, as people read and write it."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

_SIGN: Final = re.compile(r"^(?:[#№\s]+|no\.?\s*(?=\d))+", re.IGNORECASE)
_MOST_DIGITS: Final = 18


def deal_number(number: int) -> str:
    """«No. 17», in Russian «№ 17»; a line never breaks within it."""
    return (_("No. %(number)s") % {"number": number}).replace(" ", "\xa0")


def number_in(text: str) -> int | None:
    """The number of «17», «#17», «No. 17» or «№ 17», as far as a deal can have it; None for any other text."""
    found = _SIGN.sub("", text.strip())
    return int(found) if found.isascii() and found.isdigit() and len(found) <= _MOST_DIGITS else None
