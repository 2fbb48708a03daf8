"""The real data set: a seller's pipeline nobody here made, imported as a whole."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from kniga.imports.options import Options
from kniga.imports.report import Report
from kniga.imports.services import ImportStopped, apply_job, new_job
from kniga.imports.undoing import undo_job
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books

pytestmark = [pytest.mark.django_db, pytest.mark.shared_data("crm_sales_opportunities")]
NOW = datetime(2018, 1, 15, 9, tzinfo=UTC)
STAGES = {"Prospecting": "cold_call", "Engaging": "needs"}
DEALS = Options(process="b2b_sale", stages=STAGES, confirmed={"product": {"GTXPro": "GTX Pro"}})
TABLES = (
    "people_user", "people_team", "people_branch", "clients_client", "clients_industry", "clients_region",
    "catalog_product", "deals_deal", "deals_dealline", "deals_dealownership", "deals_stagevisit",
    "processes_instance", "processes_task", "processes_timer",
)  # fmt: skip
MEDIAN_DAYS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - opened_at) / 86400)
FROM deals_deal WHERE status = 'won'
"""


@pytest.fixture
def folder(shared_data: Path) -> Path:
    forget_definitions()
    install_books(language="en", by=None, now=NOW)
    return shared_data / "crm_sales_opportunities"


def imported(kind: str, path: Path, options: Options | None = None) -> tuple[Any, Report]:
    job = new_job(kind=kind, file_name=path.name, options=options or Options(), by=None, now=NOW)
    return job, apply_job(job=job, path=path, by=None, now=NOW)


def import_all(folder: Path, pipeline: str = "sales_pipeline.csv") -> list[Any]:
    jobs = [imported("users", folder / "sales_teams.csv")[0], imported("clients", folder / "accounts.csv")[0]]
    jobs.append(imported("products", folder / "products.csv")[0])
    jobs.append(imported("deals", folder / pipeline, DEALS)[0])
    return jobs


def value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def counts() -> dict[str, int]:
    return {table: value(f"SELECT count(*) FROM {table}") for table in TABLES}


def results(group: str) -> dict[str, tuple[int, int, float]]:
    sql = f"""
SELECT {group} AS name, count(*) FILTER (WHERE d.status = 'won'), count(*) FILTER (WHERE d.status = 'lost'),
       coalesce(sum(d.amount) FILTER (WHERE d.status = 'won'), 0)::float
FROM deals_deal d JOIN people_user u ON u.id = d.owner_id JOIN people_team t ON t.id = u.team_id
JOIN people_user m ON m.id = t.lead_id JOIN people_branch b ON b.id = u.branch_id
JOIN catalog_product p ON p.id = d.product_id GROUP BY 1
"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name: (won, lost, revenue) for name, won, lost, revenue in cursor.fetchall()}


def truth_of(truth: dict[str, Any], key: str) -> dict[str, tuple[int, int, float]]:
    rename = {"GTXPro": "GTX Pro"}
    return {rename.get(name, name): (row["won"], row["lost"], row["revenue"]) for name, row in truth[key].items()}


def test_an_unconfirmed_name_stops_the_import_and_saves_nothing(folder: Path) -> None:
    imported("users", folder / "sales_teams.csv")
    imported("clients", folder / "accounts.csv")
    imported("products", folder / "products.csv")
    before = counts()
    with pytest.raises(ImportStopped) as stopped:
        imported("deals", folder / "sales_pipeline.csv", Options(process="b2b_sale", stages=STAGES))
    asked = [(one["text"], one["suggestion"], one["rows"]) for one in stopped.value.report.unknown]
    assert asked == [("GTXPro", "GTX Pro", 1480)]
    assert stopped.value.report.counts["error"] == 1480
    assert counts() == before


@pytest.mark.parametrize("pipeline", ["sales_pipeline.csv", "sales_pipeline__mdy_dates_LF.csv"])
def test_the_figures_equal_the_ground_truth_for_both_date_variants(folder: Path, pipeline: str) -> None:
    truth = json.loads((folder / "GROUND_TRUTH.json").read_text())
    empty = counts()
    jobs = import_all(folder, pipeline)
    jobs[-1].refresh_from_db()
    report = jobs[-1].report
    assert report["notes"]["without_client"] == truth["null_counts"]["account"]
    assert report["notes"]["statuses"] == truth["deal_stage_counts"]
    for key, group in (
        ("by_sales_agent", "u.name"),
        ("by_manager", "m.name"),
        ("by_region", "b.name"),
        ("by_product", "p.name"),
    ):
        found = {name: row for name, row in results(group).items() if row[0] or row[1]}
        assert found == truth_of(truth, key), key
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.key, count(DISTINCT deal_id) FROM deals_stagevisit v "
            "JOIN deals_stage s ON s.id = v.stage_id GROUP BY 1"
        )
        reached = dict(cursor.fetchall())
    assert reached == {"lead": 8800, "contact": 8800, "needs": 8300}
    assert value("SELECT count(*) FROM processes_task WHERE status = 'open'") == 1589 + 500
    assert value("SELECT count(*) FROM deals_deal WHERE client_id IS NULL") == 1425
    assert value(MEDIAN_DAYS) == truth["sales_cycle_days"]["Won"]["median"]

    _job, again = imported("deals", folder / pipeline, DEALS)
    assert again.counts == {"create": 0, "update": 0, "same": 8800, "skip": 0, "conflict": 0, "error": 0}
    for kind, name in (("users", "sales_teams.csv"), ("clients", "accounts.csv"), ("products", "products.csv")):
        _job, again = imported(kind, folder / name)
        assert again.counts["same"] == again.rows, kind

    for job in reversed(jobs):
        undone = undo_job(job=job, by=None, now=NOW)
        assert undone.kept == []
    assert counts() == empty
    assert value("SELECT count(*) FROM platform_event WHERE kind = 'deals.deal.removed'") == 8800


def test_the_raw_file_itself_says_the_same(folder: Path) -> None:
    import_all(folder)
    with (folder / "sales_pipeline.csv").open() as file:
        raw = Counter((row["sales_agent"], row["deal_stage"]) for row in csv.DictReader(file))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.name, CASE WHEN d.status <> 'open' THEN initcap(d.status) WHEN s.key = 'needs' THEN 'Engaging' "
            "ELSE 'Prospecting' END, count(*) FROM deals_deal d JOIN people_user u ON u.id = d.owner_id "
            "JOIN deals_stage s ON s.id = d.stage_id GROUP BY 1, 2"
        )
        assert {(name, stage): count for name, stage, count in cursor.fetchall()} == dict(raw)
