"""Importing 10,000 leads into the made department: duplicate check, dry run, and the record that undoes it.

python -m proofs.speed.import_rate
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from proofs.harness import Report, run
from proofs.speed.measuring import HEAD, department

ROWS = 10_000
PEERS = "Django-CRM 256, Tryton 128, Odoo 123, EspoCRM 39, Frappe 31"
HEADER = ["Название", "ИНН", "Контакт", "Телефон", "E-mail", "Регион", "Источник"]


def main(report: Report) -> None:
    with department(), tempfile.TemporaryDirectory() as folder:
        from kniga.imports.models import ImportJob
        from kniga.imports.options import Options
        from kniga.imports.services import import_file
        from kniga.imports.undoing import undo_job
        from kniga.people.models import User

        path, head = _file(Path(folder)), User.objects.get(email=HEAD)
        options = Options(duplicates="create")

        def bring(*, dry_run: bool) -> tuple[float, int | None]:
            began = time.perf_counter()
            done = import_file(
                kind="clients", path=path, options=options, by=head, now=datetime.now(UTC), dry_run=dry_run
            )
            if done.report.counts.get("create") != ROWS:
                raise SystemExit(f"not every row is a new client: {done.report.counts}")
            return time.perf_counter() - began, done.job_id

        dry, _none = bring(dry_run=True)
        applied, job_id = bring(dry_run=False)
        began = time.perf_counter()
        undo_job(job=ImportJob.objects.get(pk=job_id), by=head, now=datetime.now(UTC))
        undone = time.perf_counter() - began
    report.line("dry run of 10,000 leads with duplicate check", ROWS / dry, "rows/s")
    report.line("apply of 10,000 leads with duplicate check and undo record", ROWS / applied, "rows/s")
    value = ROWS / (dry + applied)
    name = "import of 10,000 leads: dry run, then apply"
    report.line(name, value, "rows/s", against=PEERS, goal=">= 3,000", holds=value >= 3000)
    report.line("undo of that import", ROWS / undone, "rows/s")


def _file(folder: Path) -> Path:
    path = folder / "leads.csv"
    stamp = time.time_ns() % 10**6
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, delimiter=";")
        writer.writerow(HEADER)
        for number in range(ROWS):
            email = f"lead{stamp}-{number}@import.example"
            phone = f"+7 958 {number % 1000:03d}-{number // 100 % 100:02d}-{number % 100:02d}"
            writer.writerow([f"ООО «Лид {stamp}-{number}»", "", "Анна Ткач", phone, email, "Урал", "Сайт"])
    return path


if __name__ == "__main__":
    sys.exit(run(main))
