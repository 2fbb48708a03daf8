"""The memory of everything `kniga run` starts, PostgreSQL included, with two web workers that have served pages.

    python -m proofs.speed.memory

Proportional set size: pages shared by processes are counted once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from proofs.harness import Report, run
from proofs.speed.measuring import HEAD, REP, served_department, visitor

PAGES = ("/desk/", "/deals/", "/board/", "/clients/", "/funnel/", "/products/", "/search/?q=металл")
PEERS = "Tryton 264, Odoo 443"


def main(report: Report) -> None:
    with served_department() as kniga:
        for email in (HEAD, REP) * 4:
            browser = visitor(kniga.port, email)
            for page in PAGES:
                browser.get(page.replace("металл", "%D0%BC%D0%B5%D1%82%D0%B0%D0%BB%D0%BB"))
        parent = psutil.Process(kniga.process.pid)
        sizes: dict[str, float] = {}
        for process in (parent, *parent.children(recursive=True)):
            kind = _kind(process)
            sizes[kind] = sizes.get(kind, 0.0) + _pss(process)
    for kind, size in sorted(sizes.items(), key=lambda item: -item[1]):
        report.line(f"memory of {kind}", size, "MB PSS")
    total = sum(sizes.values())
    report.line("memory of everything", total, "MB PSS", against=PEERS, goal="<= 443", holds=total <= 443)


def _kind(process: psutil.Process) -> str:
    text = " ".join(process.cmdline())
    if "postgres" in text:
        return "PostgreSQL"
    if "kniga.runtime.worker" in text:
        return "the job worker"
    return "the web server" if "granian" in text or "multiprocessing" in text else "the supervisor"


def _pss(process: psutil.Process) -> float:
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    sys.exit(run(main))
