"""Where the race is run: a home of its own with clients, a rep, the published sale, and as many deals as are asked for.

Everything is new in each run, with the durability and the settings of production.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kniga.runtime.session import database
from proofs.harness import ROOT, note, temporary_home
from proofs.speed.race.sale import KEY, kniga_sale

CLIENTS = 1000
DEALS = 10_000
"""Deals that are under way already."""
REP = "rep@race.example"

_CLIENTS = """
INSERT INTO clients_client (kind, name, name_key, match_key, inn, kpp, ogrn, website, address, note, owner_id,
                            search_text, revision, created_at, updated_at)
SELECT 'company', 'Client ' || i, 'client ' || i, 'client' || i, '', '', '', '', '', '', %s, 'client ' || i, 1, %s, %s
FROM generate_series(1, %s) i
"""
_DEALS = """
INSERT INTO deals_deal (number, name, name_key, client_id, owner_id, pipeline_id, stage_id, stage_since, status, amount,
                        currency, opened_at, loss_note, note, revision, created_at, updated_at)
SELECT nextval('race_number'), 'Sale ' || i, 'sale ' || i, %(client)s + i %% %(clients)s, %(owner)s, %(pipeline)s, NULL,
       NULL, 'open', 100000 + i, 'RUB', %(now)s, '', '', 1, %(now)s, %(now)s
FROM generate_series(1, %(count)s) i
RETURNING id
"""


@contextlib.contextmanager
def ground(*sales: bytes) -> Iterator[dict[str, str]]:
    """The environment for the workers' processes, these sales published; Django is set up in this one, too."""
    with temporary_home() as home:
        os.environ["KNIGA_HOME"] = str(home)
        os.environ.pop("DATABASE_URL", None)
        with database() as address:
            note(f"a home of its own: {home}")
            _furnish(*sales)
            _populate()
            yield {**os.environ, "DATABASE_URL": address, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


def prepare_peers(environment: dict[str, str]) -> None:
    """Make the tables of the other engines in the same database."""
    from proofs.speed.race.spiff_worker import prepare

    prepare(environment["DATABASE_URL"])
    command = [sys.executable, "-m", "proofs.speed.race.viewflow_worker", "prepare"]
    subprocess.run(command, env=environment, check=True)


def make_deals(count: int, *, key: str = KEY) -> list[int]:
    """New open deals of the rep for the process with this key, in no stage yet; their ids."""
    from django.db import connection

    from kniga.clients.models import Client
    from kniga.deals.models import Pipeline
    from kniga.people.models import User

    values: dict[str, Any] = {
        "client": Client.objects.order_by("pk").values_list("pk", flat=True)[0],
        "clients": CLIENTS,
        "owner": User.objects.get(email=REP).pk,
        "pipeline": Pipeline.objects.get(key=key).pk,
        "now": datetime.now(UTC),
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEALS, values)
        return [row[0] for row in cursor.fetchall()]


def publish(xml: bytes) -> int:
    """Publish a sale as the system does; the version's id."""
    from kniga.processes.versions.publishing import publish_version, upload_version

    now = datetime.now(UTC)
    version = upload_version(xml=xml, note="", by=None, now=now)
    published: Any = publish_version(version_id=version.pk, by=None, now=now)
    return int(published.pk)


def _populate() -> None:
    """Deals under way, so that plans are those of a database at work."""
    from django.db import connection

    from kniga.processes.running.bulk import published_version_id
    from proofs.speed.race.kniga_worker import start_deals

    start_deals(published_version_id(KEY), DEALS)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def _furnish(*sales: bytes) -> None:
    from django.db import connection

    from kniga.people.models import Branch, Team, User

    branch = Branch.objects.create(name="Race")
    lead = User.objects.create_user("lead@race.example", name="Lead", role="lead", branch=branch)
    team = Team.objects.create(name="Race", branch=branch, lead=lead)
    User.objects.create_user("head@race.example", name="Head", role="head", branch=branch)
    rep = User.objects.create_user(REP, name="Rep", role="rep", branch=branch, team=team)
    for xml in (kniga_sale(), *sales):
        publish(xml)
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE race_number")
        cursor.execute(_CLIENTS, [rep.pk, now, now, CLIENTS])
