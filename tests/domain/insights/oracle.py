"""The funnel computed a second time, deal by deal in plain Python, to compare the product's figures with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from statistics import median
from zoneinfo import ZoneInfo

from django.conf import settings

from kniga.deals.models import Deal, StageVisit
from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.insights.funnel.measures import StageCounts, Totals
from kniga.people.models import User

ZONE = ZoneInfo(settings.TIME_ZONE)
PEOPLE = (Dimension.REP, Dimension.MANAGER, Dimension.TEAM, Dimension.BRANCH)
Value = int | date | None


@dataclass
class Tally:
    last: dict[tuple[int, int, Value], StageVisit] = field(default_factory=dict)
    days: dict[tuple[Value, int], list[int]] = field(default_factory=lambda: defaultdict(list))


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def value_of(dimension: Dimension, deal: Deal, owner: User | None) -> Value:
    if dimension is Dimension.REP:
        return owner.pk if owner else 0
    if dimension is Dimension.TEAM:
        return (owner.team_id if owner else None) or 0
    if dimension is Dimension.MANAGER:
        return (owner.team.lead_id if owner and owner.team else None) or 0
    if dimension is Dimension.BRANCH:
        return (owner.branch_id or (owner.team.branch_id if owner.team else None) if owner else None) or 0
    if dimension is Dimension.PRODUCT:
        return deal.product_id or 0
    if dimension is Dimension.REGION:
        return deal.region_id or (deal.client.region_id if deal.client else None) or 0
    if dimension is Dimension.SOURCE:
        return deal.source_id or (deal.client.source_id if deal.client else None) or 0
    return local_day(deal.closed_at).replace(day=1) if deal.closed_at else None


def is_within(filters: FunnelFilter, moment: datetime | None) -> bool:
    if moment is None:
        return False
    if filters.start and moment < datetime.combine(filters.start, time.min, ZONE):
        return False
    return not (filters.end and moment >= datetime.combine(filters.end + timedelta(days=1), time.min, ZONE))


def is_wanted(filters: FunnelFilter, deal: Deal, owner: User | None) -> bool:
    asked: dict[Dimension, tuple[Value, ...]] = {
        Dimension.REP: filters.reps,
        Dimension.MANAGER: filters.managers,
        Dimension.TEAM: filters.teams,
        Dimension.BRANCH: filters.branches,
        Dimension.PRODUCT: filters.products,
        Dimension.REGION: filters.regions,
        Dimension.SOURCE: filters.sources,
        Dimension.MONTH: filters.months,
    }
    return all(not values or value_of(name, deal, owner) in values for name, values in asked.items())


@lru_cache(maxsize=1)
def _all_deals(pipeline_id: int) -> list[Deal]:
    """Read once per department: pipelines are numbered anew in every test."""
    found = Deal.objects.filter(pipeline_id=pipeline_id).select_related("client", "owner__team")
    return list(found.prefetch_related("visits__owner__team", "ownerships__owner__team"))


def forget() -> None:
    """Read the deals again: they have changed."""
    _all_deals.cache_clear()


def deals_of(filters: FunnelFilter, visible: list[int] | None) -> list[Deal]:
    return [
        deal
        for deal in _all_deals(filters.pipeline_id)
        if (visible is None or deal.owner_id in visible)
        and (not filters.reasons or (deal.status == "lost" and (deal.loss_reason_id or 0) in filters.reasons))
        and (filters.basis is Basis.EVENTS or is_within(filters, deal.opened_at))
    ]


def stage_counts(
    filters: FunnelFilter, by: Dimension | None, visible: list[int] | None
) -> dict[tuple[Value, int], StageCounts]:
    has_period = bool(filters.start or filters.end)
    if filters.basis is Basis.OPENED or not has_period:
        both = _tally(filters, by, visible, None)
        return _merge(both, both)
    return _merge(_tally(filters, by, visible, "entered_at"), _tally(filters, by, visible, "left_at"))


def _tally(filters: FunnelFilter, by: Dimension | None, visible: list[int] | None, moment: str | None) -> Tally:
    tally = Tally()
    for deal in deals_of(filters, visible):
        for visit in sorted(deal.visits.all(), key=_in_time):
            if not is_wanted(filters, deal, visit.owner):
                continue
            if moment and not is_within(filters, getattr(visit, moment)):
                continue
            value = value_of(by, deal, visit.owner) if by else 0
            tally.last[deal.pk, visit.stage_id, value] = visit
            if visit.left_at and not visit.is_inferred:
                days = (local_day(visit.left_at) - local_day(visit.entered_at)).days
                tally.days[value, visit.stage_id].append(days)
    return tally


def _merge(entered: Tally, left: Tally) -> dict[tuple[Value, int], StageCounts]:
    places = {(value, stage) for tally in (entered, left) for (_deal, stage, value) in tally.last}
    return {place: _counts(place, entered, left) for place in places}


def _counts(place: tuple[Value, int], entered: Tally, left: Tally) -> StageCounts:
    came = [visit for (_deal, stage, value), visit in entered.last.items() if (value, stage) == place]
    gone = [visit.exit for (_deal, stage, value), visit in left.last.items() if (value, stage) == place]
    days = left.days.get(place)
    return StageCounts(
        entered=len(came),
        passed=gone.count("passed"),
        back=gone.count("back"),
        won=gone.count("won"),
        lost=gone.count("lost"),
        cancelled=gone.count("cancelled"),
        still=[visit.exit for visit in came].count(None),
        amount=sum((visit.amount for visit in came), Decimal(0)),
        median_days=median(days) if days else None,
    )


def holder_of(deal: Deal) -> User | None:
    if deal.closed_at is None:
        return deal.owner
    spans = [
        span
        for span in deal.ownerships.all()
        if span.started_at <= deal.closed_at and (span.ended_at is None or span.ended_at > deal.closed_at)
    ]
    if spans:
        return max(spans, key=lambda span: (span.started_at, span.pk)).owner
    visits = sorted(deal.visits.all(), key=_in_time)
    return (visits[-1].owner if visits else None) or deal.owner


def _in_time(visit: StageVisit) -> tuple[datetime, int]:
    return visit.entered_at, visit.pk


def totals(filters: FunnelFilter, by: Dimension | None, visible: list[int] | None) -> dict[Value, Totals]:
    groups: dict[Value, list[Deal]] = defaultdict(list)
    for deal in deals_of(filters, visible):
        holder = holder_of(deal)
        if is_wanted(filters, deal, holder):
            groups[value_of(by, deal, holder) if by else 0].append(deal)
    return {value: _totals(filters, deals) for value, deals in groups.items()}


def _totals(filters: FunnelFilter, deals: list[Deal]) -> Totals:
    closed = [d for d in deals if d.closed_at and (filters.basis is Basis.OPENED or is_within(filters, d.closed_at))]
    still = [deal for deal in deals if deal.status == "open"]
    won = [deal for deal in closed if deal.status == "won"]
    lost = [deal for deal in closed if deal.status == "lost"]
    return Totals(
        deals=sum(is_within(filters, deal.opened_at) for deal in deals),
        won=len(won),
        lost=len(lost),
        cancelled=len([deal for deal in closed if deal.status == "cancelled"]),
        open=len(still),
        won_amount=sum((deal.amount for deal in won), Decimal(0)),
        lost_amount=sum((deal.amount for deal in lost), Decimal(0)),
        open_amount=sum((deal.amount for deal in still), Decimal(0)),
        cycle_won=_cycle(won),
        cycle_lost=_cycle(lost),
    )


def _cycle(deals: list[Deal]) -> float | None:
    days = [(local_day(deal.closed_at) - local_day(deal.opened_at)).days for deal in deals if deal.closed_at]
    return median(days) if days else None
