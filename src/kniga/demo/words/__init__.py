"""The words a made department speaks: names, goods and answers, in Russian and in English. All are invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Good:
    """A product: name, group, code of its unit, price, and how many a customer takes at once."""

    name: str
    group: str
    unit: str
    price: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that is said in one language. `answers`: texts by the key of a question, with a fallback "".
    `requests` came by the form of the site: name, company, address, what is asked for."""

    language: str
    organisation: str
    currency: str
    country: str
    time_zone: str
    branches: tuple[str, str]
    teams: tuple[str, ...]
    men: tuple[str, ...]
    women: tuple[str, ...]
    surnames: tuple[tuple[str, str], ...]
    company_forms: tuple[str, ...]
    company_first: tuple[str, ...]
    company_second: tuple[str, ...]
    positions: tuple[str, ...]
    industries: tuple[str, ...]
    regions: tuple[tuple[str, ...], tuple[str, ...]]
    cold_sources: tuple[str, ...]
    inbound_sources: tuple[str, ...]
    streets: tuple[str, ...]
    phones: tuple[str, ...]
    goods: tuple[Good, ...]
    deal_names: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, tuple[str, ...]]
    taken_up: tuple[str, ...]
    written: tuple[str, ...]
    requests: tuple[tuple[str, str, str, str], ...]
