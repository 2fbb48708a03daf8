"""What is told of the elements of a diagram: shades, numbers on their corners, lines of a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kniga.engine import Definition
from kniga.processes.diagrams.instance_queries import Standing
from kniga.web.formatting import age, money_short
from kniga.web.formatting import number as number_text

SHADES: Final = ("count", "age", "overdue")
LEVELS: Final = 4
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Badge:
    """A number on a corner of an element (top-left and so on); `tone` is bad, warn, path, here or "".
    `pair` colours what belongs together on two diagrams."""

    text: str
    corner: str = "top-right"
    tone: str = ""
    pair: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What is told of an element: the lines of its card (the first is its name), the depth of its shade (0 to
    LEVELS), its numbers, and what it is (gone, new, same, passed, here or "")."""

    card: tuple[str, ...]
    level: int = 0
    badges: tuple[Badge, ...] = ()
    state: str = ""


def live_marks(standing: Mapping[str, Standing], definition: Definition, shade: str, now: datetime) -> dict[str, Mark]:
    """The marks of a live diagram; `shade` is what the shades speak of: one of SHADES."""
    most = max((_measure(one, shade, now) for one in standing.values()), default=0.0)
    found = {}
    for id, one in standing.items():
        element = definition.elements.get(id)
        badges: tuple[Badge, ...] = (Badge(number_text(one.instances)),)
        if one.overdue:
            badges = (*badges, Badge(number_text(one.overdue), "bottom-right", "bad"))
        if one.deviations:
            badges = (*badges, Badge(number_text(one.deviations), "bottom-left", "warn"))
        name = getattr(element, "name", "") or id
        found[id] = Mark((name, *_told(one, now)), _level(_measure(one, shade, now), most), badges)
    return found


def heat_key(standing: Mapping[str, Standing], shade: str, now: datetime) -> list[tuple[int, str]]:
    """What each depth of shade stands for: level and words; empty when nothing is shaded."""
    measured = {_measure(one, shade, now) for one in standing.values()}
    most = max(measured, default=0.0)
    found = []
    for level in range(1, LEVELS + 1):
        within = sorted(value for value in measured if value and _level(value, most) == level)
        if within:
            found.append((level, _span(within[0], within[-1], shade)))
    return found


def _told(one: Standing, now: datetime) -> list[str]:
    lines = [ngettext("%(num)s deal", "%(num)s deals", one.instances) % {"num": number_text(one.instances)}]
    lines[0] += f" · {money_short(one.amount)}"
    if one.overdue:
        lines.append(_("Overdue: %(num)s") % {"num": number_text(one.overdue)})
    if one.deviations:
        lines.append(_("Deviations: %(num)s") % {"num": number_text(one.deviations)})
    if one.median and one.oldest:
        span = {"median": age(now - one.median), "oldest": age(now - one.oldest)}
        lines.append(_("Half of them longer than %(median)s, the longest %(oldest)s") % span)
    return lines


def _measure(one: Standing, shade: str, now: datetime) -> float:
    if shade == "overdue":
        return float(one.overdue)
    if shade == "age":
        return max((now - one.median).total_seconds() / _DAY, 0.0) if one.median else 0.0
    return float(one.instances)


def _level(value: float, most: float) -> int:
    """Even steps up to the most; nothing has no shade."""
    return 0 if value <= 0 else max(1, -int(-value * LEVELS // most))


def _span(first: float, last: float, shade: str) -> str:
    low, high = number_text(round(first)), number_text(round(last))
    text = low if low == high else f"{low}–{high}"
    if shade == "age":
        return ngettext("%(span)s day", "%(span)s days", round(last)) % {"span": text}
    return text
