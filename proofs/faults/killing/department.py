"""Deals of one owner, all started at once; small enough to be made in seconds."""

from __future__ import annotations

from datetime import datetime

from proofs.faults.killing.books import SALE, aside, sale

HEAD = "head@killed.example"
CLIENTS = 50


def make(deals: int, *, now: datetime) -> float:
    """Publish the books and start the sale for so many deals; the seconds that `start_many` took."""
    from kniga.clients.models import Client
    from kniga.deals.models import Deal, Pipeline
    from kniga.people.models import User
    from kniga.processes.versions.publishing import publish_version, upload_version

    User.objects.create_user(HEAD, name="Hanna Head", role="head")
    owner = User.objects.create_user("rep@killed.example", name="Roman Rep", role="rep")
    for xml in (aside(), sale()):
        version = upload_version(xml=xml, note="", by=None, now=now)
        publish_version(version_id=version.pk, by=None, now=now)
    dates = {"created_at": now, "updated_at": now}
    clients = Client.objects.bulk_create(
        Client(name=f"Client {number}", name_key=f"client {number}", match_key=f"client{number}", owner=owner, **dates)
        for number in range(CLIENTS)
    )
    pipeline = Pipeline.objects.get(key=SALE)
    made = Deal.objects.bulk_create(
        Deal(
            number=number, name=f"Deal {number}", name_key=f"deal {number}", client=clients[number % CLIENTS],
            owner=owner, pipeline=pipeline, amount=1000, currency="RUB", opened_at=now, **dates,
        )
        for number in range(1, deals + 1)
    )  # fmt: skip
    return _start([deal.pk for deal in made], now)


def _start(deals: list[int], now: datetime) -> float:
    import time

    from django.db import transaction

    from kniga.processes.running.bulk import published_version_id, start_many

    began = time.perf_counter()
    with transaction.atomic():
        version_id = published_version_id(SALE)
        done = start_many(version_id=version_id, entries=[(deal, None) for deal in deals], actor_id=None, now=now)
    assert done.started == len(deals), done
    return time.perf_counter() - began
