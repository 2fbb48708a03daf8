"""Work done in the background: what is due. Workers are woken for it (see `pump`); each minute is a safety net."""

from __future__ import annotations

from procrastinate.contrib.django import app

from kniga.platform import clock
from kniga.processes.pump import run_due


@app.periodic(cron="* * * * *")
@app.task(queue="timers", queueing_lock="sweep_timers", pass_context=False)
def sweep_due_timers(timestamp: int) -> None:
    """Every minute: do what is due, should nobody have been woken for it."""
    run_due(now=clock.now())
