"""The figures of a funnel: counts of a stage, totals of a set of deals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StageCounts:
    """Deals in one stage. With basis OPENED, entered = passed + back + won + lost + cancelled + still.

    `amount` is what the deals that entered were worth at their last visit. `median_days` are whole calendar
    days of finished visits whose length is known.
    """

    entered: int = 0
    passed: int = 0
    back: int = 0
    won: int = 0
    lost: int = 0
    cancelled: int = 0
    still: int = 0
    amount: Decimal = Decimal(0)
    median_days: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Deals of the funnel by what became of them. With basis EVENTS `deals` were opened, `won`, `lost` and
    `cancelled` closed in the period; `open` are open now. Cycles are medians of whole days."""

    deals: int = 0
    won: int = 0
    lost: int = 0
    cancelled: int = 0
    open: int = 0
    won_amount: Decimal = Decimal(0)
    lost_amount: Decimal = Decimal(0)
    open_amount: Decimal = Decimal(0)
    cycle_won: float | None = None
    cycle_lost: float | None = None

    @property
    def win_rate(self) -> float | None:
        """Won of won and lost."""
        closed = self.won + self.lost
        return self.won / closed if closed else None

    @property
    def average_won(self) -> Decimal | None:
        """The average amount of a won deal."""
        return self.won_amount / self.won if self.won else None
