"""A small department with a small sale: one rep, one lead, one deal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kniga.clients.models import Client
from kniga.deals.models import Deal, Pipeline
from kniga.people.models import Branch, Team, User
from kniga.platform.working_time import forget_calendar
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import publish_version, upload_version

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday, 10:00 in Moscow."""

SMALL_SALE = (Path(__file__).parent / "small_sale.bpmn").read_bytes()


@dataclass
class Department:
    rep: User
    other: User
    lead: User
    head: User
    deal: Deal
    pipeline: Pipeline


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    forget_definitions()
    forget_calendar()
    yield
    forget_definitions()
    forget_calendar()


def make_department() -> Department:
    branch = Branch.objects.create(name="Moscow")
    lead = User.objects.create_user("lead@example.com", name="Lena", role="lead", branch=branch)
    team = Team.objects.create(name="One", branch=branch, lead=lead)
    rep = User.objects.create_user("rep@example.com", name="Roman", role="rep", branch=branch, team=team)
    other = User.objects.create_user("other@example.com", name="Olga", role="rep", branch=branch)
    head = User.objects.create_user("head@example.com", name="Hanna", role="head", branch=branch)
    version = upload_version(xml=SMALL_SALE, note="", by=None, now=NOW)
    publish_version(version_id=version.pk, by=None, now=NOW)
    client = Client.objects.create(
        name="Warehouse", name_key="warehouse", match_key="warehouse", owner=rep, created_at=NOW, updated_at=NOW
    )
    pipeline = Pipeline.objects.get(key="small_sale")
    deal = Deal.objects.create(
        number=1,
        name="Racks",
        name_key="racks",
        client=client,
        owner=rep,
        pipeline=pipeline,
        amount=1000,
        currency="RUB",
        opened_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    return Department(rep, other, lead, head, deal, pipeline)


@pytest.fixture
def department(db: None) -> Department:
    return make_department()
