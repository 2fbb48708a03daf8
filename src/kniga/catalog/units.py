"""The units of measure every installation starts with.

A unit's name in the database is a reader's fallback; pages show `unit_name`, translated by its code.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import npgettext, pgettext_lazy

# code, decimal places of a quantity
SEEDED: Final[tuple[tuple[str, int], ...]] = (
    ("piece", 0), ("set", 0), ("pack", 0), ("pallet", 0), ("kg", 3), ("ton", 3), ("m", 3), ("m2", 3),
    ("m3", 3), ("l", 3), ("hour", 2), ("day", 2), ("month", 0), ("service", 0),
)  # fmt: skip

NAMES: Final[dict[str, str | Promise]] = {
    "piece": pgettext_lazy("unit", "pc"),
    "set": pgettext_lazy("unit", "set"),
    "pack": pgettext_lazy("unit", "pack"),
    "pallet": pgettext_lazy("unit", "pallet"),
    "kg": pgettext_lazy("unit", "kg"),
    "ton": pgettext_lazy("unit", "t"),
    "m": pgettext_lazy("unit", "m"),
    "m2": pgettext_lazy("unit", "m²"),
    "m3": pgettext_lazy("unit", "m³"),
    "l": pgettext_lazy("unit", "l"),
    "hour": pgettext_lazy("unit", "h"),
    "day": pgettext_lazy("unit", "day"),
    "month": pgettext_lazy("unit", "month"),
    "service": pgettext_lazy("unit", "service"),
}

_COUNTED: Final[dict[str, tuple[str, str]]] = {
    "set": ("set", "sets"),
    "pack": ("pack", "packs"),
    "pallet": ("pallet", "pallets"),
    "day": ("day", "days"),
    "month": ("month", "months"),
    "service": ("service", "services"),
}


def unit_name(code: str, stored: str = "") -> str:
    """What people read for a unit, in the language of the page; a unit of one's own keeps its stored name."""
    return str(NAMES.get(code, stored or code))


def counted_unit(code: str, quantity: Decimal, stored: str = "") -> str:
    """A unit behind a quantity: 1 set, 10 sets, 2.5 days. Units written short (kg, m², pc) stay as they are."""
    words = _COUNTED.get(code)
    if words is None:
        return unit_name(code, stored)
    # A part of one is counted as a few are: 2.5 days, in Russian 2,5 паллеты.
    return npgettext("counted", *words, int(quantity) if quantity == int(quantity) else 2)
