"""Addresses of mail and of the web may break after their marks, and nowhere inside a word."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_MARKS: Final = re.compile(r"(?<=[@/?&=_])(?=.)|(?=\.\w)")


def breakable(address: str) -> Markup:
    """The address with places to break: after @ / ? & = _ and before a dot."""
    return Markup("<wbr>").join(escape(part) for part in _MARKS.split(address))
