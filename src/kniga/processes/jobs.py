"""Work done in the background: due timers are fired in the order they are due."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from procrastinate.contrib.django import app

from kniga.platform import clock
from kniga.processes.services import fire_timer

BATCH = 200

_DUE = """
SELECT task_id, element FROM processes_timer WHERE status = 'scheduled' AND due_at <= %s ORDER BY due_at, id LIMIT %s
"""


def sweep_timers(*, now: datetime, limit: int = BATCH) -> int:
    """Fire up to `limit` due timers; returns how many were found. Safe to run in many workers: a timer that
    another worker has fired is passed over."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, limit])
        due = cursor.fetchall()
    for task_id, element in due:
        fire_timer(task_id=task_id, timer=element, now=now)
    return len(due)


@app.periodic(cron="* * * * *")
@app.task(queue="timers", queueing_lock="sweep_timers", pass_context=False)
def sweep_due_timers(timestamp: int) -> None:
    """Every minute: fire what is due, batch after batch."""
    while sweep_timers(now=clock.now()) == BATCH:
        pass
