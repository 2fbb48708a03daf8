"""A seller's pipeline nobody here made, imported by command: its funnel equals the ground truth exactly.

`python -m proofs.truth.real_data`, with KNIGA_SHARED_DATA naming the folder that holds `crm_sales_opportunities`
(any data set of the same shape works: the ground truth is recomputed from the raw files, and compared with
GROUND_TRUTH.json where there is one).
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from proofs.harness import ROOT, Report, command, environment_of, note, run, temporary_home

Group = dict[str, tuple[int, int, float]]
FILES = ("sales_pipeline.csv", "sales_pipeline__mdy_dates_LF.csv")
STEPS = ("--process", "b2b_sale", "--stage", "Prospecting=cold_call", "--stage", "Engaging=needs")
MEANT = ("--confirm", "product:GTXPro=GTX Pro")
TABLES = (
    "people_user", "people_team", "people_branch", "clients_client", "clients_contact", "clients_industry",
    "clients_region", "catalog_product", "deals_deal", "deals_dealline", "deals_dealownership", "deals_stagevisit",
    "processes_instance", "processes_task", "processes_timer",
)  # fmt: skip
_COUNT = """
import json, sys
from kniga.runtime.session import database
with database():
    from django.db import connection
    with connection.cursor() as cursor:
        counts = {}
        for table in sys.argv[1:]:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
print(json.dumps(counts))
"""


@dataclass(frozen=True)
class Truth:
    """What the raw files say, counted here and by nobody else: (won, lost, revenue) by name, and totals."""

    rep: Group
    manager: Group
    product: Group
    branch: Group
    stages: dict[str, int]
    without_client: int
    median_won: float
    median_lost: float


def truth_of(folder: Path) -> Truth:
    """Recompute the ground truth from the raw files."""
    with (folder / "sales_teams.csv").open(encoding="utf-8") as file:
        teams = {row["sales_agent"]: row for row in csv.DictReader(file)}
    with (folder / "products.csv").open(encoding="utf-8") as file:
        products = {row["product"].replace(" ", ""): row["product"] for row in csv.DictReader(file)}
    with (folder / "sales_pipeline.csv").open(encoding="utf-8") as file:
        deals = list(csv.DictReader(file))

    def by(name_of: Callable[[Mapping[str, str]], str]) -> Group:
        found: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0.0])
        for deal in deals:
            if deal["deal_stage"] in ("Won", "Lost"):
                line = found[name_of(deal)]
                line[deal["deal_stage"] == "Lost"] += 1
                line[2] += float(deal["close_value"]) if deal["deal_stage"] == "Won" else 0.0
        return {name: (int(won), int(lost), revenue) for name, (won, lost, revenue) in found.items()}

    days: dict[str, list[int]] = defaultdict(list)
    for deal in deals:
        if deal["close_date"]:
            span = date.fromisoformat(deal["close_date"]) - date.fromisoformat(deal["engage_date"])
            days[deal["deal_stage"]].append(span.days)
    return Truth(
        rep=by(lambda deal: deal["sales_agent"]),
        manager=by(lambda deal: teams[deal["sales_agent"]]["manager"]),
        product=by(lambda deal: products[deal["product"].replace(" ", "")]),
        branch=by(lambda deal: teams[deal["sales_agent"]]["regional_office"]),
        stages=dict(Counter(deal["deal_stage"] for deal in deals)),
        without_client=sum(not deal["account"] for deal in deals),
        median_won=statistics.median(days["Won"]),
        median_lost=statistics.median(days["Lost"]),
    )


def agrees_with_file(truth: Truth, path: Path) -> bool:
    """Whether an outside tool's figures are ours."""
    told = json.loads(path.read_text())
    pairs = (
        ("by_sales_agent", truth.rep),
        ("by_manager", truth.manager),
        ("by_product", truth.product),
        ("by_region", truth.branch),
    )
    for key, ours in pairs:
        theirs = {
            name.replace("GTXPro", "GTX Pro"): (row["won"], row["lost"], row["revenue"])
            for name, row in told[key].items()
        }
        if theirs != ours:
            return False
    return bool(told["deal_stage_counts"] == truth.stages and told["null_counts"]["account"] == truth.without_client)


@dataclass
class Department:
    """A fresh database with commands to it."""

    environment: dict[str, str]
    folder: Path

    def json(self, *arguments: str, check: bool = True) -> Any:
        return json.loads(command(*arguments, "--json", environment=self.environment, check=check).stdout)

    def imported(self, kind: str, file: str, *options: str, check: bool = True) -> Any:
        return self.json("import", kind, str(self.folder / file), *options, check=check)

    def group(self, by: str) -> Group:
        rows = self.json("funnel", "--process", "b2b_sale", "--by", by)["rows"]
        return {
            row["name"]: (row["won"], row["lost"], float(row["won_amount"]))
            for row in rows
            if row["won"] or row["lost"]
        }

    def counts(self) -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, "-c", _COUNT, *TABLES], env=self.environment, capture_output=True, text=True, check=True
        )
        return dict(json.loads(done.stdout))


def main(report: Report) -> None:
    folder = data_folder()
    truth = truth_of(folder)
    if (folder / "GROUND_TRUTH.json").exists():
        same = agrees_with_file(truth, folder / "GROUND_TRUTH.json")
        report.line("our count of the raw file equals the outside ground truth", same, "", goal="true", holds=same)
    for file in FILES:
        if (folder / file).exists():
            with temporary_home() as home:
                prove(report, truth, Department(environment_of(home), folder), file)


def prove(report: Report, truth: Truth, department: Department, file: str) -> None:
    """All claims about one variant of the file, in a fresh database."""
    note(f"{file}: a fresh database")
    command("process", "install", "--lang", "en", environment=department.environment)
    empty = department.counts()
    jobs = [department.imported("users", "sales_teams.csv")["job"]]
    jobs.append(department.imported("clients", "accounts.csv")["job"])
    jobs.append(department.imported("products", "products.csv")["job"])

    before = department.counts()
    stopped = department.imported("deals", file, *STEPS, check=False)
    asked = [(one["text"], one["suggestion"]) for one in stopped.get("unknown", [])]
    holds = asked == [("GTXPro", "GTX Pro")] and department.counts() == before
    report.line(f"{file}: an unconfirmed name stops the import, and nothing is saved", asked, "", holds=holds)

    began = time.monotonic()
    done = department.imported("deals", file, *STEPS, *MEANT)
    seconds = time.monotonic() - began
    jobs.append(done["job"])
    report.line(
        f"{file}: deals imported", done["counts"]["create"], "deals", holds=done["counts"]["create"] == done["rows"]
    )
    report.line(f"{file}: the whole command", seconds, "s")
    prove_figures(report, truth, department, done, file)
    prove_repeat_and_undo(report, department, file, jobs, empty)


def prove_figures(report: Report, truth: Truth, department: Department, done: Any, file: str) -> None:
    """The funnel equals the truth, number by number."""
    notes = done["notes"]
    report.line(f"{file}: deals without client, kept and reported", notes["without_client"], "deals",
                goal=str(truth.without_client), holds=notes["without_client"] == truth.without_client)  # fmt: skip
    report.line(
        f"{file}: stages of the file",
        notes["statuses"],
        "deals",
        goal=str(truth.stages),
        holds=notes["statuses"] == truth.stages,
    )
    funnel = department.json("funnel", "--process", "b2b_sale")
    totals, stages = funnel["totals"], {row["key"]: row for row in funnel["stages"]}
    figures = {
        "Won": totals["won"], "Lost": totals["lost"], "Engaging": stages["needs"]["open_now"],
        "Prospecting": stages["contact"]["open_now"],
    }  # fmt: skip
    report.line(f"{file}: funnel by stage", figures, "deals", goal=str(truth.stages), holds=figures == truth.stages)
    reached = (stages["contact"]["entered"], stages["needs"]["entered"])
    every = sum(truth.stages.values())
    expected = (every, every - truth.stages["Prospecting"])
    report.line(
        f"{file}: reached contact, reached needs", reached, "deals", goal=str(expected), holds=reached == expected
    )
    medians = (totals["cycle_won"], totals["cycle_lost"])
    expected_days = (truth.median_won, truth.median_lost)
    report.line(
        f"{file}: median days to won, to lost", medians, "days", goal=str(expected_days), holds=medians == expected_days
    )
    for by, expected_group in (
        ("rep", truth.rep),
        ("manager", truth.manager),
        ("product", truth.product),
        ("branch", truth.branch),
    ):
        found = department.group(by)
        wrong = sorted(
            name for name in found.keys() | expected_group.keys() if found.get(name) != expected_group.get(name)
        )
        report.line(
            f"{file}: won, lost and revenue by {by}: rows that differ",
            len(wrong),
            f"of {len(expected_group)}",
            goal="0",
            holds=not wrong,
        )


def prove_repeat_and_undo(
    report: Report, department: Department, file: str, jobs: list[int], empty: dict[str, int]
) -> None:
    """The same files again change nothing; undo leaves nothing."""
    before = department.counts()
    again = [
        department.imported("users", "sales_teams.csv"),
        department.imported("clients", "accounts.csv"),
        department.imported("products", "products.csv"),
        department.imported("deals", file, *STEPS, *MEANT),
    ]
    changed = sum(one["rows"] - one["counts"]["same"] for one in again)
    holds = changed == 0 and department.counts() == before
    report.line(f"{file}: rows changed by importing everything again", changed, "rows", goal="0", holds=holds)
    kept = sum(department.json("import", "undo", str(job))["kept_count"] for job in reversed(jobs))
    left = {table: count for table, count in department.counts().items() if count != empty[table]}
    report.line(f"{file}: records left after undo", left, "", goal="none", holds=not left and kept == 0)


def data_folder() -> Path:
    """The data set; ends the program with a cure where there is none."""
    root = Path(os.environ.get("KNIGA_SHARED_DATA") or ROOT.parent / "shared" / "data")
    folder = root / "crm_sales_opportunities"
    if not folder.is_dir():
        sys.exit(f"no folder {folder}: let KNIGA_SHARED_DATA name the folder that holds crm_sales_opportunities")
    return folder


if __name__ == "__main__":
    sys.exit(run(main))
