"""What a funnel is asked about: pipeline, basis, period, and whom or what it is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WITHOUT = 0
"""The id that stands for "none" in a filter and in a breakdown: deals without a product, an owner, a region."""


# Later days have no day after them, which ends a period.
_LAST_DAY = date(9000, 12, 31)


class Basis(StrEnum):
    """What the period cuts out.

    `OPENED`: deals opened in the period, with everything that happened to them up to now (a cohort).
    `EVENTS`: what happened in the period, whenever the deal was opened.
    Without a period both are the same.
    """

    OPENED = "opened"
    EVENTS = "events"


class Dimension(StrEnum):
    """By what a funnel can be split."""

    REP = "rep"
    MANAGER = "manager"
    TEAM = "team"
    BRANCH = "branch"
    PRODUCT = "product"
    REGION = "region"
    SOURCE = "source"
    MONTH = "month"


DIMENSION_TITLES: dict[Dimension, str | Promise] = {
    Dimension.REP: _("Sales rep"),
    Dimension.MANAGER: _("Manager"),
    Dimension.TEAM: _("Team"),
    Dimension.BRANCH: _("Branch"),
    Dimension.PRODUCT: _("Product"),
    Dimension.REGION: _("Region"),
    Dimension.SOURCE: _("Source"),
    Dimension.MONTH: _("Month of closing"),
}


@dataclass(frozen=True, slots=True)
class FunnelFilter:
    """Which deals a funnel is about. Days are days of the installation's time zone; `end` is the last one.

    Every tuple narrows to any of its ids, an empty one does not narrow; `WITHOUT` stands for "none". `months`
    holds first days of months of closing; None in it means deals not closed yet. `reps`, `managers`, `teams`
    and `branches` look at the owner of each fact (see the package's docstring), by today's structure.
    """

    pipeline_id: int
    basis: Basis = Basis.OPENED
    start: date | None = None
    end: date | None = None
    reps: tuple[int, ...] = ()
    managers: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    branches: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
    regions: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    reasons: tuple[int, ...] = ()
    months: tuple[date | None, ...] = ()

    def __post_init__(self) -> None:
        if self.end is not None and self.end > _LAST_DAY:
            object.__setattr__(self, "end", _LAST_DAY)

    def narrowed(self, dimension: Dimension, value: int | date | None) -> FunnelFilter:
        """The same funnel for one value of a dimension: what the row of a breakdown counts."""
        if dimension is Dimension.MONTH:
            return replace(self, months=(value if isinstance(value, date) else None,))
        if not isinstance(value, int):
            raise TypeError(f"a {dimension.value} is an id, not {value!r}")
        if dimension is Dimension.REP:
            return replace(self, reps=(value,))
        if dimension is Dimension.MANAGER:
            return replace(self, managers=(value,))
        if dimension is Dimension.TEAM:
            return replace(self, teams=(value,))
        if dimension is Dimension.BRANCH:
            return replace(self, branches=(value,))
        if dimension is Dimension.PRODUCT:
            return replace(self, products=(value,))
        if dimension is Dimension.REGION:
            return replace(self, regions=(value,))
        return replace(self, sources=(value,))
