"""A made department to measure on: 100,000 clients and contacts, 200,000 deals over 7 stages, 20 reps, 3 years.

    .venv/bin/python -m proofs.speed.made_department [--clients 100000] [--deals 200000] [--again]

Loaded set-based into a KNIGA_HOME of its own (KNIGA_BENCH_HOME, else a folder in the system's temporary one), kept
for further runs. The same sizes give the same department, up to the day it stands at. The deals that still run
are started by the product itself, so their next task comes as in real life.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kniga.runtime.home import Home
from kniga.runtime.session import cluster_of, database
from proofs.speed import words

if TYPE_CHECKING:
    from kniga.people.models import User

FORMAT = 2
"""Raised when the department changes, so that a kept one is made anew."""

SOURCE = Path(__file__).resolve().parents[2] / "src" / "kniga"
REPS = 20
STEPS = (
    "task_prepare",
    "task_cold_call",
    "task_needs",
    "task_present",
    "task_objections",
    "task_contract",
    "task_payment",
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is made."""

    clients: int = 100_000
    deals: int = 200_000


def bench_home(sizes: Sizes | None = None) -> Home:
    """The home of the made department, made first if there is none of these sizes yet (takes minutes)."""
    sizes = sizes or Sizes()
    # In a process of its own: Django keeps the address of the first database a process has opened.
    command = [sys.executable, "-m", "proofs.speed.made_department"]
    sizes_asked = ["--clients", str(sizes.clients), "--deals", str(sizes.deals)]
    subprocess.run([*command, *sizes_asked], check=True, stdout=sys.stderr)
    return _use(Home(_folder(sizes)))


def _prepare(sizes: Sizes) -> Home:
    home = _use(Home(_folder(sizes)))
    wanted = {"format": FORMAT, "tables": _digest_of_tables(), **asdict(sizes)}
    marker = home.root / "made.json"
    is_made = marker.exists() and json.loads(marker.read_text())["wanted"] == wanted
    if not is_made:
        _remove(home)
        home.prepare()
    started = time.perf_counter()
    with database():
        if not is_made:
            make(sizes)
            marker.write_text(json.dumps({"wanted": wanted, "seconds": round(time.perf_counter() - started, 1)}))
    return home


def _use(home: Home) -> Home:
    os.environ["KNIGA_HOME"] = str(home.root)
    os.environ.pop("DATABASE_URL", None)
    return home


def _digest_of_tables() -> str:
    """A hash of all migrations: a department made with other tables is made anew."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.glob("*/migrations/*.py")) + sorted(SOURCE.glob("*/sql/*.sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _folder(sizes: Sizes) -> Path:
    named = os.environ.get("KNIGA_BENCH_HOME")
    parent = Path(named) if named else Path(tempfile.gettempdir()) / f"kniga-bench-{os.getuid()}"
    return parent / f"{sizes.clients}-{sizes.deals}"


def _remove(home: Home) -> None:
    if not home.root.exists():
        return
    # A run that was killed leaves its server behind.
    cluster_of(home).stop()
    record = home.placement_file
    data = Path(json.loads(record.read_text()).get("data", home.postgres)) if record.exists() else home.postgres
    for folder in (data, home.root):
        shutil.rmtree(folder, ignore_errors=True)


def make(sizes: Sizes) -> None:
    """Fill an empty, migrated database; Django must be set up."""
    from django.db import connection, transaction

    from kniga.clients.search_text import refresh_search_text
    from kniga.insights.funnel.projection import fold_funnel
    from proofs.speed import department_sql as sql

    moment = datetime.now().astimezone().replace(hour=9, minute=0, second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        # Foreign keys hold by the way the rows are made; checking four million of them would take minutes.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(
            "SELECT platform_ensure_partitions(%s, %s)", [(moment - timedelta(days=1130)).date(), moment.date()]
        )
        values = {
            "now": moment,
            "clients": sizes.clients,
            "deals": sizes.deals,
            **words.ALL,
            **_people_and_lists(moment),
        }
        for name in ("DICE", "CLIENTS", "OWNERSHIPS", "CONTACTS", "CHANNELS"):
            _run(cursor, name, getattr(sql, name), values)
        started = time.perf_counter()
        for first in range(1, sizes.clients + 1, 20_000):
            refresh_search_text(range(first, min(first + 20_000, sizes.clients + 1)))
        _say("search texts", started)
        for name in ("WAYS", "DEALS", "DEAL_OWNERSHIPS", "VISITS", "LINES", "PAST_INSTANCES", "DONE_TASKS", "EVENTS"):
            _run(cursor, name, getattr(sql, name), values)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("INSERT INTO insights_dirty SELECT id FROM deals_deal")
        _start_open_deals(cursor, values, moment)
        _run(cursor, "OPEN_TASKS", sql.OPEN_TASKS, values)
        _run(cursor, "SEQUENCES", sql.SEQUENCES, values)
    _tidy("vacuum and analyze")
    started = time.perf_counter()
    fold_funnel()
    _say("fold the funnel", started)
    _tidy("vacuum and analyze again")


def _tidy(what: str) -> None:
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    _say(what, started)


def _start_open_deals(cursor: Any, values: dict[str, Any], moment: datetime) -> None:
    from kniga.processes.running.bulk import start_many

    started = time.perf_counter()
    cursor.execute("SELECT i, place FROM made_deal WHERE closed IS NULL")
    entries = [(deal, STEPS[place]) for deal, place in cursor.fetchall()]
    done = start_many(version_id=values["version"], entries=entries, actor_id=None, now=moment)
    _say(f"{done.started} running deals", started)


def _people_and_lists(moment: datetime) -> dict[str, Any]:
    """Users, reference lists, products and the published process; their ids for the statements."""
    from kniga.catalog.models import Product, Unit
    from kniga.clients.models import Industry, Region, Source
    from kniga.deals.models import LossReason, Stage
    from kniga.platform.textkeys import fold, match_key
    from kniga.processes.models import ProcessVersion
    from kniga.processes.versions.definitions import runnable_version
    from kniga.processes.versions.publishing import install_books

    install_books(language="ru", by=None, now=moment)
    version = ProcessVersion.objects.get(process__key="b2b_sale", status="published")
    running = runnable_version(version.pk)
    stages = list(Stage.objects.filter(pipeline=version.process.pipeline, is_active=True).order_by("position"))
    tasks = [running.definition.user_task(step) for step in STEPS]
    if len(stages) != len(STEPS) or None in tasks:
        raise SystemExit("the B2B book has changed: name one step for each of its stages in STEPS")
    unit = Unit.objects.get(code="piece")
    products = [
        Product.objects.create(
            name=name, name_key=fold(name), match_key=match_key(name), unit=unit, price=100_000 * (index + 1),
            created_at=moment, updated_at=moment,
        ).pk
        for index, name in enumerate(words.PRODUCTS)
    ]  # fmt: skip
    return {
        "reps": [user.pk for user in _people(moment)],
        "sources": _list(Source, ["Холодный звонок", "Сайт", "Выставка", "Рекомендация", "Реклама", "Рассылка"]),
        "industries": _list(Industry, ["Производство", "Торговля", "Логистика", "Строительство", "Медицина"]),
        "regions": _list(
            Region, ["Центр", "Северо-Запад", "Юг", "Поволжье", "Урал", "Сибирь", "Дальний Восток", "Кавказ"]
        ),
        "products": products,
        "reasons": list(LossReason.objects.order_by("pk").values_list("pk", flat=True)),
        "pipeline": version.process.pipeline_id,
        "version": version.pk,
        "stages": [stage.pk for stage in stages],
        "stage_keys": [stage.key for stage in stages],
        "elements": list(STEPS),
        "task_names": [task.name for task in tasks if task],
    }


def _people(moment: datetime) -> list[User]:
    """A head over all, two branches with two teams each, and the reps, whom this returns."""
    from kniga.people.models import Branch, Team, User
    from kniga.people.roles import Role

    def user(number: int, role: Role, **fields: Any) -> User:
        name = f"{words.GIVEN[number % len(words.GIVEN)]} {words.FAMILIES[number % len(words.FAMILIES)]}"
        return User.objects.create_user(f"{role.value}{number}@bench.example", name=name, role=role, **fields)

    user(0, Role.HEAD)
    user(0, Role.ADMINISTRATOR)
    teams = []
    for place in ("Москва", "Петербург"):
        branch = Branch.objects.create(name=place)
        for side in ("А", "Б"):
            lead = user(len(teams) + 30, Role.LEAD, branch=branch)
            teams.append(Team.objects.create(name=f"{place} {side}", branch=branch, lead=lead))
    return [
        user(number, Role.REP, team=teams[number % 4], branch=teams[number % 4].branch) for number in range(1, REPS + 1)
    ]


def _list(model: Any, names: list[str]) -> list[int]:
    from kniga.platform.textkeys import fold

    return [model.objects.create(name=name, key=fold(name)).pk for name in names]


def _run(cursor: Any, name: str, statements: str, values: dict[str, Any]) -> None:
    started = time.perf_counter()
    for statement in statements.split(";\n"):
        # Functions and set-up have no values; their texts must not be searched for placeholders.
        cursor.execute(statement, values if "%(" in statement else None)
    _say(name.lower().replace("_", " "), started)


def _say(what: str, started: float) -> None:
    print(f"  {what}: {time.perf_counter() - started:.1f} s", flush=True)


def main() -> None:
    """Make the department, or say where it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=Sizes().clients)
    parser.add_argument("--deals", type=int, default=Sizes().deals)
    parser.add_argument("--again", action="store_true", help="make it anew even if it is there")
    asked = parser.parse_args()
    sizes = Sizes(asked.clients, asked.deals)
    if asked.again:
        _remove(Home(_folder(sizes)))
    home = _prepare(sizes)
    print(json.dumps({"home": str(home.root), **json.loads((home.root / "made.json").read_text())}))


if __name__ == "__main__":
    main()
