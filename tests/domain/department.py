"""A small department for tests of the domain and of pages: branches, teams, people of every role, a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kniga.catalog.models import Product, Unit
from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Client
from kniga.clients.services import create_client
from kniga.deals.lines import LineInput
from kniga.deals.models import Deal, Pipeline, Stage
from kniga.deals.services import create_deal
from kniga.people.models import Branch, Team, User
from kniga.platform.textkeys import fold, match_key

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Department:
    """Anna leads the team of Boris (Moscow); Vera sells in Kazan; Hanna heads Moscow; Olga owns it all."""

    moscow: Branch
    kazan: Branch
    team: Team
    anna: User
    boris: User
    vera: User
    hanna: User
    olga: User
    support: User
    pipeline: Pipeline
    stages: list[Stage] = field(default_factory=list)

    def client(self, name: str = "Ромашка", owner: User | None = None, **fields: Any) -> Client:
        owner = owner or self.boris
        return create_client(name=name, owner=owner, by=fields.pop("by", self.olga), now=NOW, **fields)

    def deal(self, client: Client | None = None, owner: User | None = None, **fields: Any) -> Deal:
        owner = owner or self.boris
        fields.setdefault("name", client.name if client else "Deal")
        now = fields.pop("now", NOW)
        return create_deal(client=client, pipeline=self.pipeline, owner=owner, by=self.olga, now=now, **fields)


def make_department() -> Department:
    """Rows straight into the tables: fast, and independent of the services under test."""
    moscow, kazan = Branch.objects.create(name="Москва"), Branch.objects.create(name="Казань")
    team = Team.objects.create(name="Первая", branch=moscow)
    people = {
        name: User.objects.create(email=f"{name}@kniga.test", name=name.title(), role=role, branch=branch, team=group)
        for name, role, branch, group in (
            ("anna", "lead", moscow, team),
            ("boris", "rep", moscow, team),
            ("vera", "rep", kazan, None),
            ("hanna", "head", moscow, None),
            ("olga", "owner", None, None),
            ("support", "support", moscow, None),
        )
    }
    team.lead = people["anna"]
    team.save()
    pipeline = Pipeline.objects.create(key="sale", name="Продажа")
    stages = [
        Stage.objects.create(pipeline=pipeline, key=key, name=key.title(), position=position)
        for position, key in enumerate(("contact", "needs", "proposal"))
    ]
    return Department(moscow, kazan, team, **people, pipeline=pipeline, stages=stages)


def make_product(name: str = "Стеллаж СТ-200", price: str = "1000.00", unit: str = "piece") -> Product:
    return Product.objects.create(
        name=name, name_key=fold(name), match_key=match_key(name), unit=Unit.objects.get(code=unit),
        price=Decimal(price), created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def contact(name: str = "Иван Петров", phone: str = "", email: str = "") -> ContactInput:
    return ContactInput(name, phones=(phone,) if phone else (), emails=(email,) if email else ())


def line(product: Product, quantity: str = "1", discount: str = "0", price: str | None = None) -> LineInput:
    return LineInput(product.pk, Decimal(quantity), Decimal(price) if price else None, Decimal(discount))
