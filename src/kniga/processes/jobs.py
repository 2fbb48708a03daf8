"""Work done in the background: due timers are fired in the order they are due."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection
from procrastinate.contrib.django import app

from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.services import fail_timer, fire_timer

BATCH = 200
LOG = logging.getLogger(__name__)

_DUE = """
SELECT due_at, id, task_id, element FROM processes_timer
WHERE status = 'scheduled' AND due_at <= %s
  AND (%s::timestamptz IS NULL OR (due_at, id) > (%s::timestamptz, %s::bigint))
ORDER BY due_at, id LIMIT %s
"""


def sweep_timers(*, now: datetime, batch: int = BATCH) -> int:
    """Fire every due timer once, in batches; returns how many were found.

    Safe to run in many workers: a timer that another worker has fired is passed over. One that the engine refuses
    is marked as failed and told to the ledger, so that it neither comes again nor holds up the others.
    """
    found, last = 0, (None, 0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [now, last[0], last[0], last[1], batch])
            due = cursor.fetchall()
        for _due_at, _id, task_id, element in due:
            _fire(task_id, element, now)
        found += len(due)
        if len(due) < batch:
            return found
        last = due[-1][:2]


def _fire(task_id: int, element: str, now: datetime) -> None:
    try:
        fire_timer(task_id=task_id, timer=element, now=now)
    except Refused as refused:
        if refused.code == "busy":
            return  # the next sweep finds it again
        LOG.warning("the timer %s of task %s cannot fire: %s", element, task_id, refused.message)
        fail_timer(task_id=task_id, timer=element, reason=refused.message, now=now)


@app.periodic(cron="* * * * *")
@app.task(queue="timers", queueing_lock="sweep_timers", pass_context=False)
def sweep_due_timers(timestamp: int) -> None:
    """Every minute: fire what is due."""
    sweep_timers(now=clock.now())
