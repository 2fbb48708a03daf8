"""Upkeep of the ledger: the months to come get their partitions in time."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from kniga.platform import clock, ledger

MONTHS_AHEAD = timedelta(days=400)


@app.periodic(cron="17 3 * * *")
@app.task(queue="upkeep", queueing_lock="ledger_partitions", pass_context=False)
def make_ledger_partitions(timestamp: int) -> None:
    """Every night: see that the next thirteen months have their partitions."""
    today = clock.now().date()
    ledger.ensure_partitions(today, today + MONTHS_AHEAD)
