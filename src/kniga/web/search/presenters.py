"""Hits of the search as groups of links, best first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.catalog.queries import ProductRow
from kniga.clients.requisites import tax_label
from kniga.clients.search import ClientHit
from kniga.deals.list_queries import DealHit
from kniga.deals.numbers import deal_number
from kniga.platform.textkeys import digits, fold
from kniga.web.formatting import money
from kniga.web.menu import menu_for, quick_create_for

if TYPE_CHECKING:
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class Hit:
    """A link the palette shows."""

    text: str
    note: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind."""

    key: str
    title: str
    hits: tuple[Hit, ...]


def groups(
    text: str, clients: Iterable[ClientHit], deals: Iterable[DealHit], products: Iterable[ProductRow]
) -> list[HitGroup]:
    """The groups that have hits: clients, contacts, deals, products; a deal whose number was typed comes first."""
    found, sold = list(clients), list(deals)
    everything = [
        HitGroup("clients", _("Clients"), tuple(_client(hit, digits(text)) for hit in found)),
        HitGroup("contacts", _("Contacts"), tuple(_contact(hit) for hit in found if hit.contact)),
        HitGroup("deals", _("Deals"), tuple(_deal(hit) for hit in sold)),
        HitGroup("products", _("Products"), tuple(_product(hit) for hit in products)),
    ]
    if any(str(hit.number) == text for hit in sold):
        everything.sort(key=lambda group: group.key != "deals")
    return [group for group in everything if group.hits]


def pages(text: str, user: User) -> HitGroup:
    """Pages and actions whose name holds the text: the palette has them already, the page of results does not."""
    items = [*menu_for(user, ""), *quick_create_for(user)]
    hits = (Hit(str(item.title), "", item.url, item.icon) for item in items if fold(text) in fold(str(item.title)))
    return HitGroup("pages", _("Pages and actions"), tuple(hits))


def as_json(text: str, found: list[HitGroup]) -> dict[str, Any]:
    """The same for programs."""
    return {"query": text, "groups": [asdict(group) for group in found]}


def _client(hit: ClientHit, number: str) -> Hit:
    inn = f"{tax_label()} {hit.inn}" if number and number in hit.inn else ""
    return Hit(hit.name, " · ".join(filter(None, (inn, hit.owner))), reverse("clients:card", args=[hit.id]), "client")


def _contact(hit: ClientHit) -> Hit:
    return Hit(hit.contact, hit.name, reverse("clients:card", args=[hit.id]), "contact")


def _deal(hit: DealHit) -> Hit:
    note = f"{hit.client} · {money(hit.amount, hit.currency)}" if hit.client else money(hit.amount, hit.currency)
    return Hit(f"{deal_number(hit.number)} {hit.name}", note, reverse("deals:card", args=[hit.id]), "deal")


def _product(hit: ProductRow) -> Hit:
    path = f"{reverse('deals:list')}?product={hit.id}"
    return Hit(hit.name, f"{money(hit.price)} / {hit.unit_label}", path, "product")
