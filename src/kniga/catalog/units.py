"""The units of measure every installation starts with.

A unit's name in the database is a reader's fallback; pages show `unit_name`, translated by its code.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# code, decimal places of a quantity
SEEDED: Final[tuple[tuple[str, int], ...]] = (
    ("piece", 0), ("set", 0), ("pack", 0), ("pallet", 0), ("kg", 3), ("ton", 3), ("m", 3), ("m2", 3),
    ("m3", 3), ("l", 3), ("hour", 2), ("day", 2), ("month", 0), ("service", 0),
)  # fmt: skip

NAMES: Final[dict[str, str | Promise]] = {
    "piece": _("pc"),
    "set": _("set"),
    "pack": _("pack"),
    "pallet": _("pallet"),
    "kg": _("kg"),
    "ton": _("t"),
    "m": _("m"),
    "m2": _("m²"),
    "m3": _("m³"),
    "l": _("l"),
    "hour": _("h"),
    "day": _("day"),
    "month": _("month"),
    "service": _("service"),
}


def unit_name(code: str, stored: str = "") -> str:
    """What people read for a unit, in the language of the page; a unit of one's own keeps its stored name."""
    return str(NAMES.get(code, stored or code))
