"""Background work that belongs to no capability."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from kniga.platform import clock, ledger
from kniga.platform.idempotency import forget_old_keys
from kniga.platform.press import papers

MONTHS_AHEAD = timedelta(days=400)


@app.periodic(cron="17 * * * *")
@app.task(queue="platform", queueing_lock="forget_idempotency_keys", pass_context=False)
def forget_idempotency_keys(timestamp: int) -> None:
    """Every hour: delete replies that are no longer kept."""
    forget_old_keys(now=clock.now())


@app.periodic(cron="17 3 * * *")
@app.task(queue="platform", queueing_lock="make_ledger_partitions", pass_context=False)
def make_ledger_partitions(timestamp: int) -> None:
    """Every night: see that the next thirteen months of the ledger have their partitions."""
    today = clock.now().date()
    ledger.ensure_partitions(today, today + MONTHS_AHEAD)


@app.periodic(cron="27 3 * * *")
@app.task(queue="platform", queueing_lock="forget_old_papers", pass_context=False)
def forget_old_papers(timestamp: int) -> None:
    """Every night: forget PDFs nobody has made anew for a month."""
    papers.forget_old_papers(now=clock.now())
