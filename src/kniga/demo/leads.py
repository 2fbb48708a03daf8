"""How work comes in: when leads arrive, and what client and deal each of them is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from kniga.catalog.models import Product
from kniga.catalog.services import create_product
from kniga.clients.models import Client
from kniga.clients.reference import get_or_create_industry, get_or_create_region, get_or_create_source
from kniga.clients.services import create_client
from kniga.deals.lines import LineInput
from kniga.demo.names import Names, latin
from kniga.demo.people import Worker
from kniga.demo.words import Good, Words
from kniga.people.models import User
from kniga.platform.working_time import WorkCalendar
from kniga.processes.opening import open_deal

COLD: Final = "b2b_sale"
INBOUND: Final = "inbound_sale"
LEADS_A_DAY: Final = 0.5
"""Leads of an average rep on an average working day."""
MONTHS: Final = (0.72, 0.92, 1.08, 1.05, 0.95, 0.98, 0.86, 0.92, 1.16, 1.18, 1.12, 0.9)
WEEKDAYS: Final = (1.15, 1.08, 1.02, 0.96, 0.79, 0.5, 0.5)
_REPEAT: Final = 0.3
_INBOUND_SHARE: Final = 0.34


@dataclass(slots=True)
class Market:
    """Whoever may call: the lists clients are drawn from, and the clients each rep has already."""

    words: Words
    names: Names
    dice: Random
    goods: tuple[tuple[Good, int], ...]
    industries: tuple[int, ...]
    regions: tuple[tuple[tuple[str, int], ...], ...]
    sources: dict[str, tuple[int, ...]]
    clients: dict[int, list[Client]] = field(default_factory=dict)


def open_market(words: Words, names: Names, dice: Random, by: User, now: datetime) -> Market:
    """Make the catalogue and the reference lists."""
    goods = tuple((good, _product(good, number, by, now).pk) for number, good in enumerate(words.goods, 101))
    return Market(
        words,
        names,
        dice,
        goods,
        tuple(get_or_create_industry(name).pk for name in words.industries),
        tuple(tuple((name, get_or_create_region(name).pk) for name in place) for place in words.regions),
        {
            COLD: tuple(get_or_create_source(name).pk for name in words.cold_sources),
            INBOUND: tuple(get_or_create_source(name).pk for name in words.inbound_sources),
        },
    )


def arrivals(worker: Worker, first: date, last: date, calendar: WorkCalendar, dice: Random) -> Iterator[datetime]:
    """When leads come to a rep from `first` to the day before `last`: in working hours, by season and weekday."""
    day = first
    while day < last:
        if calendar.is_working(day):
            expected = LEADS_A_DAY * worker.share * MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]
            for _ in range(_poisson(expected, dice)):
                yield _moment(day, calendar, dice)
        day += timedelta(days=1)


def take_lead(market: Market, worker: Worker, now: datetime) -> int:
    """A lead has come to a rep: find or make its client, open the deal; returns the deal's id."""
    dice, user = market.dice, worker.user
    process = INBOUND if dice.random() < _INBOUND_SHARE else COLD
    source = dice.choice(market.sources[process])
    known = market.clients.setdefault(user.pk, [])
    if len(known) > 5 and dice.random() < _REPEAT:
        client = dice.choice(known)
    else:
        client = _new_client(market, worker, source, now)
        known.append(client)
    lines, group = _lines(market)
    return open_deal(
        client=client, process_key=process, owner=user, lines=lines, by=user, now=now, source_id=source,
        name=dice.choice(market.words.deal_names[group]),
        expected_date=now.date() + timedelta(days=dice.randint(21, 90)),
    )  # fmt: skip


def _new_client(market: Market, worker: Worker, source: int, now: datetime) -> Client:
    names, dice = market.names, market.dice
    name, domain = names.company()
    region, region_id = dice.choice(market.regions[worker.place])
    is_russian = market.words.language == "ru"
    contacts = [names.contact(domain) for _ in range(1 if dice.random() < 0.7 else 2)]
    return create_client(
        owner=worker.user, contacts=contacts, by=worker.user, now=now, name=name, website=domain,
        inn=names.inn() if is_russian else "", ogrn=names.ogrn() if is_russian else "",
        address=names.address(region), region_id=region_id, industry_id=dice.choice(market.industries),
        source_id=source, employees=round(10 ** dice.uniform(0.9, 3.1)),
        revenue=Decimal(round(10 ** dice.uniform(1.0, 3.2)) * 1_000_000),
    )  # fmt: skip


def _lines(market: Market) -> tuple[list[LineInput], str]:
    dice = market.dice
    first, product_id = dice.choice(market.goods)
    chosen = [(first, product_id)]
    related = [pair for pair in market.goods if pair[0].group == first.group and pair[1] != product_id]
    chosen += dice.sample(related, dice.choice((0, 0, 1, 1, 2)))
    if dice.random() < 0.35:
        chosen.append(dice.choice([pair for pair in market.goods if pair[0].group != first.group]))
    return [LineInput(product, Decimal(_quantity(good, dice))) for good, product in chosen], first.group


def _quantity(good: Good, dice: Random) -> int:
    # Small orders are more frequent than large ones.
    return good.fewest + int((good.most - good.fewest) * dice.random() ** 2.2)


def _product(good: Good, number: int, by: User, now: datetime) -> Product:
    return create_product(
        by=by, now=now, name=good.name, code=f"{latin(good.group)[:2].upper()}-{number}", group=good.group,
        unit=good.unit, price=Decimal(good.price),
    )  # fmt: skip


def _moment(day: date, calendar: WorkCalendar, dice: Random) -> datetime:
    opens = datetime.combine(day, calendar.starts, calendar.zone).astimezone(UTC)
    closes = datetime.combine(day, calendar.ends, calendar.zone).astimezone(UTC)
    length = int((closes - opens).total_seconds())
    return opens + timedelta(seconds=dice.randrange(max(length - 3600, 1)))


def _poisson(expected: float, dice: Random) -> int:
    """A draw of the Poisson distribution (Knuth's method: small means only)."""
    limit, product, count = math.exp(-expected), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def midnight(day: date, calendar: WorkCalendar) -> datetime:
    """The beginning of a day where the organisation works, in UTC."""
    return datetime.combine(day, time(0), calendar.zone).astimezone(UTC)
