"""What each column holds, learned from all of its cells: dates and their order, numbers and their style."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from kniga.imports.tabular.values import (
    DateOrder,
    NumberStyle,
    date_order_of,
    looks_like_number,
    number_style_of,
)
from kniga.imports.tabular.workbook_source import NO_VALUE

Content = Literal["empty", "date", "number", "email", "phone", "text"]
_EMAIL: Final = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]{2,}$")
_PHONE: Final = re.compile(r"[+(]?\d[\d\s()\-.]{8,}(\s*\(?(доб|ext|x)[\s.]*\d+\)?)?$", re.IGNORECASE)
_FULL_LOOK: Final = 1000


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column holds. `date_order`/`number_style` are None where nothing decides: ask the person if
    the column `is_ambiguous`; else, as in a column of whole numbers, there is nothing to ask."""

    content: Content
    filled: int
    samples: tuple[str, ...]
    date_order: DateOrder | None
    number_style: NumberStyle | None
    is_ambiguous: bool
    is_mixed: bool
    formulas: int
    longest: int


@dataclass(slots=True)
class ColumnWatch:
    """Gathers a column's profile, cell by cell; after a thousand cells only what still matters is looked at."""

    filled: int = 0
    longest: int = 0
    formulas: int = 0
    samples: list[str] = field(default_factory=list)
    dates: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    emails: int = 0
    phones: int = 0
    looked: int = 0

    def see(self, cell: str) -> None:
        """Take one cell into account."""
        if not cell:
            return
        self.filled += 1
        if len(cell) > self.longest:
            self.longest = len(cell)
        if cell[0] in "=+-@" or cell == NO_VALUE:
            self._see_formula(cell)
        if len(self.samples) < 3 and cell not in self.samples:
            self.samples.append(cell[:60])
        if self.looked < _FULL_LOOK or self.dates or self.numbers:
            self._look(cell)

    def _see_formula(self, cell: str) -> None:
        if cell == NO_VALUE or not (looks_like_number(cell) or _PHONE.match(cell)):
            self.formulas += 1

    def _look(self, cell: str) -> None:
        self.looked += 1
        if cell[0].isdigit() or cell[0] in "+-−(.,₽$€£":
            order = date_order_of(cell)
            if order != "none":
                self.dates[order] = self.dates.get(order, 0) + 1
                return
            if _PHONE.match(cell) and not _is_plain_amount(cell):
                self.phones += 1
            elif looks_like_number(cell):
                style = number_style_of(cell)
                self.numbers[style] = self.numbers.get(style, 0) + 1
        elif _EMAIL.match(cell):
            self.emails += 1

    def profile(self) -> Profile:
        """What was learned."""
        content = self._content()
        order, date_doubt, date_mix = _decide(self.dates, ("dmy", "mdy"), "iso")
        style, number_doubt, _mix = _decide(self.numbers, ("point", "comma"), None)
        is_date, is_number = content == "date", content == "number"
        return Profile(
            content=content,
            filled=self.filled,
            samples=tuple(self.samples),
            date_order=order if is_date else None,  # type: ignore[arg-type]
            number_style=style if is_number else None,  # type: ignore[arg-type]
            is_ambiguous=(is_date and date_doubt) or (is_number and number_doubt),
            is_mixed=is_date and date_mix,
            formulas=self.formulas,
            longest=self.longest,
        )

    def _content(self) -> Content:
        if not self.filled:
            return "empty"
        most = self.looked * 0.8
        kinds: tuple[tuple[Content, int], ...] = (
            ("date", sum(self.dates.values())),
            ("number", sum(self.numbers.values())),
            ("email", self.emails),
            ("phone", self.phones),
        )
        return next((kind for kind, count in kinds if count and count >= most), "text")


def _is_plain_amount(cell: str) -> bool:
    # Ten bare digits are a number of a taxpayer rather than a phone, unless they begin as mobile numbers do.
    return cell.isdigit() and len(cell) != 11 and not (len(cell) == 10 and cell[0] == "9")


def _decide(seen: dict[str, int], pair: tuple[str, str], otherwise: str | None) -> tuple[str | None, bool, bool]:
    """(the decision or None, whether it is in doubt, whether both are proven)."""
    first, second = (seen.get(name, 0) for name in pair)
    if first and second:
        return (pair[0] if first >= second else pair[1]), False, True
    if first or second:
        return (pair[0] if first else pair[1]), False, False
    if seen.get("either"):
        return None, True, False
    return otherwise, False, False
