"""A small sales department made row by row, with everything a funnel must get right: loops, handovers, deals
without a product, imported visits, deals closed in another month than opened."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from kniga.catalog.models import Product, Unit
from kniga.clients.models import Client, Region, Source
from kniga.deals.models import Deal, DealOwnership, LossReason, Pipeline, Stage, StageVisit
from kniga.people.models import Branch, Team, User
from kniga.people.roles import Role

START = datetime(2025, 1, 10, 9, tzinfo=UTC)


@dataclass
class Department:
    """Who and what there is; `deal` adds a deal with the way it went."""

    pipeline: Pipeline
    stages: list[Stage]
    reps: list[User] = field(default_factory=list)
    leads: list[User] = field(default_factory=list)
    head: User = field(init=False)
    products: list[Product] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    reasons: list[LossReason] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    made: int = 0

    def deal(
        self,
        way: str,
        *,
        owner: User | None = None,
        opened: datetime = START,
        step: timedelta = timedelta(days=2),
        amount: int = 100,
        owners: list[User] | None = None,
        **fields: object,
    ) -> Deal:
        """A deal that went `way`: "0>1>0>1=won" visits the stages in turn and ends (or stays, without "=").

        Each visit lasts `step`. `owners` names the owner of each visit; the last one owns the deal.
        """
        path, _, result = way.partition("=")
        places = [int(place) for place in path.split(">")] if path else []
        holders: list[User | None] = list(owners) if owners else [owner or self.reps[0]] * max(len(places), 1)
        closed = opened + step * len(places) if result else None
        self.made += 1
        deal = Deal.objects.create(
            number=self.made,
            name=f"Deal {self.made}",
            name_key=f"deal {self.made}",
            owner=holders[-1],
            pipeline=self.pipeline,
            stage=self.stages[places[-1]] if places else None,
            status=result or "open",
            amount=Decimal(amount),
            currency="RUB",
            opened_at=opened,
            closed_at=closed,
            created_at=opened,
            updated_at=opened,
            **fields,
        )
        for index, place in enumerate(places):
            is_last = index == len(places) - 1
            leaving = "passed" if not is_last and places[index + 1] > place else "back"
            StageVisit.objects.create(
                deal=deal,
                stage=self.stages[place],
                owner=holders[index],
                entered_at=opened + step * index,
                left_at=None if is_last and not result else opened + step * (index + 1),
                exit=(result or None) if is_last else leaving,
                amount=Decimal(amount),
            )
        self._own(deal, holders, opened, step)
        return deal

    def _own(self, deal: Deal, holders: list[User | None], opened: datetime, step: timedelta) -> None:
        since, present = opened, holders[0]
        for index, holder in enumerate(holders):
            if holder != present and present is not None:
                moment = opened + step * index
                DealOwnership.objects.create(deal=deal, owner=present, started_at=since, ended_at=moment)
                since, present = moment, holder
        if present is not None:
            DealOwnership.objects.create(deal=deal, owner=present, started_at=since)


def make_department(stages: int = 4) -> Department:
    """Two branches, two teams with leads, four reps, three products, two regions and sources; no deals."""
    pipeline = Pipeline.objects.create(key="sale", name="Sale")
    rows = [
        Stage.objects.create(pipeline=pipeline, key=f"s{index}", name=f"Stage {index}", position=index)
        for index in range(stages)
    ]
    made = Department(pipeline, rows)
    unit = Unit.objects.get_or_create(code="piece", defaults={"name": "Piece"})[0]
    for place in ("North", "South"):
        branch = Branch.objects.create(name=place)
        lead = _user(f"lead-{place}", Role.LEAD, branch=branch)
        team = Team.objects.create(name=f"Team {place}", branch=branch, lead=lead)
        made.leads.append(lead)
        made.reps += [_user(f"rep-{place}-{index}", Role.REP, branch=branch, team=team) for index in (1, 2)]
        made.regions.append(Region.objects.create(name=place, key=place.lower()))
        made.sources.append(Source.objects.create(name=f"Source {place}", key=f"source {place}".lower()))
    made.head = _user("head", Role.HEAD)
    for index in range(3):
        name = f"Product {index}"
        made.products.append(
            Product.objects.create(
                name=name,
                name_key=name.lower(),
                match_key=f"product{index}",
                unit=unit,
                price=10,
                created_at=START,
                updated_at=START,
            )
        )
    made.reasons += list(LossReason.objects.order_by("pk")[:2]) or [
        LossReason.objects.create(key="price", name="Price"),
        LossReason.objects.create(key="rival", name="Competitor"),
    ]
    for index in range(3):
        made.clients.append(
            Client.objects.create(
                name=f"Client {index}",
                name_key=f"client {index}",
                match_key=f"client{index}",
                region=made.regions[index] if index < 2 else None,
                source=made.sources[0] if index else None,
                created_at=START,
                updated_at=START,
            )
        )
    return made


def make_random_deals(made: Department, seed: int, deals: int) -> None:
    """`deals` deals with every oddity, the same for the same seed."""
    dice = random.Random(seed)
    for _number in range(deals):
        way = _random_way(dice, len(made.stages))
        length = max(way.count(">") + 1, 1)
        owners = [dice.choice(made.reps)] * length
        if dice.random() < 0.3:
            owners = [dice.choice(made.reps) for _ in range(length)]
        deal = made.deal(
            way,
            owners=owners,
            opened=START + timedelta(hours=dice.randrange(24 * 200)),
            step=timedelta(hours=dice.randrange(1, 24 * 20)),
            amount=dice.randrange(1, 5000),
            product=dice.choice([*made.products, None]),
            region=dice.choice([*made.regions, None]),
            source=dice.choice([*made.sources, None]),
            client=dice.choice([*made.clients, None]),
            loss_reason=dice.choice([*made.reasons, None]) if way.endswith("=lost") else None,
        )
        if dice.random() < 0.1:
            deal.visits.update(is_inferred=True)
        if dice.random() < 0.1:
            Deal.objects.filter(pk=deal.pk).update(owner=dice.choice(made.reps))
        if dice.random() < 0.1:
            deal.ownerships.all().delete()


def disturb(made: Department, seed: int) -> None:
    """Change a third of the deals in every way facts can change: hands, results, products, visits, clients, rows."""
    dice = random.Random(seed)
    for deal in Deal.objects.filter(pipeline=made.pipeline).order_by("pk"):
        act = dice.randrange(18)
        if act == 0:
            deal.delete()
        elif act == 1:
            Deal.objects.filter(pk=deal.pk).update(owner=dice.choice(made.reps), amount=7)
        elif act == 2:
            Deal.objects.filter(pk=deal.pk).update(product=dice.choice(made.products), region=dice.choice(made.regions))
        elif act == 3:
            deal.visits.filter(left_at=None).update(left_at=deal.opened_at + timedelta(days=90), exit="lost")
            Deal.objects.filter(pk=deal.pk, status="open").update(
                status="lost", closed_at=deal.opened_at + timedelta(days=90), loss_reason=made.reasons[1]
            )
        elif act == 4:
            deal.ownerships.filter(ended_at=None).update(owner=dice.choice(made.reps))
        elif act == 5:
            deal.visits.order_by("-entered_at")[:1].get().delete() if deal.visits.exists() else None
    Client.objects.filter(pk=made.clients[2].pk).update(region=made.regions[1], source=made.sources[1])
    made.reps[2].team = made.reps[0].team
    made.reps[2].branch = made.reps[0].branch
    made.reps[2].save()


def _random_way(dice: random.Random, stages: int) -> str:
    places = [0]
    while len(places) < 8 and dice.random() < 0.7:
        forward = dice.random() < 0.8
        places.append(min(places[-1] + 1, stages - 1) if forward else max(places[-1] - 1, 0))
    path = ">".join(str(place) for index, place in enumerate(places) if index == 0 or place != places[index - 1])
    return path + dice.choice(["", "=won", "=lost", "=lost", "=cancelled"])


def _user(name: str, role: Role, **fields: object) -> User:
    return User.objects.create(
        email=f"{name}@example.test".lower(), name=name, name_key=name.lower(), role=role, **fields
    )
