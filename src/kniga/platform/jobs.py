"""Background work that belongs to no capability."""

from __future__ import annotations

from procrastinate.contrib.django import app

from kniga.platform import clock
from kniga.platform.idempotency import forget_old_keys


@app.periodic(cron="17 * * * *")
@app.task(queue="platform", queueing_lock="forget_idempotency_keys", pass_context=False)
def forget_idempotency_keys(timestamp: int) -> None:
    """Every hour: delete replies that are no longer kept."""
    forget_old_keys(now=clock.now())
