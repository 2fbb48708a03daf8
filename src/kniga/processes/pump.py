"""Everything that happens to processes by itself: timers fire, work is done, messages and signals arrive.

A worker sleeps until the nearest moment something is due, or until a step tells of something nearer (NOTIFY
kniga_due). Any number of workers may run.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.db import OperationalError as DatabaseOperationalError
from django.db import close_old_connections, connection
from psycopg import AsyncConnection, OperationalError

from kniga.platform import clock
from kniga.processes.calling import tell_caller, untold_calls
from kniga.processes.messaging import begin_with_kept, expire_messages, look_for_kept
from kniga.processes.reconsidering import reconsider_changed
from kniga.processes.self_starts import begin_due
from kniga.processes.signals import carry_signals
from kniga.processes.sweeping import nearest_due, sweep_timers
from kniga.processes.working import do_work

CHANNEL: Final = "kniga_due"
LONGEST_SLEEP: Final = 30.0
SHORTEST_SLEEP: Final = 0.05
SOON: Final = 1.0
LOG = logging.getLogger(__name__)


def run_due(*, now: datetime, rounds: int = 100) -> int:
    """Do all that is due by `now`, until nothing is left or `rounds` are over; how much was done."""
    done = 0
    for _round in range(rounds):
        did = begin_due(now=now) + sweep_timers(now=now) + do_work(now=now) + carry_signals(now=now)
        did += look_for_kept(instance_id=None, now=now) + begin_with_kept(now=now) + reconsider_changed(now=now)
        for called_id in untold_calls():
            tell_caller(called_id=called_id, now=now)
        done += did
        if not did:
            break
    expire_messages(now=now)
    return done


async def run() -> None:
    """Do what is due whenever it is due, for as long as the worker runs."""
    while True:
        try:
            async with await _listening() as listener:
                while True:
                    seconds = await sync_to_async(_round, thread_sensitive=False)()
                    await _sleep(listener, seconds)
        except OperationalError:
            LOG.warning("the database is away; looking again soon")
            await asyncio.sleep(1)


def _round() -> float:
    """One round of work; returns how many seconds to sleep after it."""
    close_old_connections()
    try:
        run_due(now=clock.now())
        nearest = nearest_due()
    except DatabaseOperationalError as error:
        LOG.warning("a round of due work has to be done again: %s", error)
        return SOON
    except Exception:
        # Whatever broke, the next round comes: the same work is due again, and the log tells.
        LOG.exception("a round of due work broke")
        return LONGEST_SLEEP
    finally:
        connection.close()
    if nearest is None:
        return LONGEST_SLEEP
    return min(max((nearest - clock.now()).total_seconds(), SHORTEST_SLEEP), LONGEST_SLEEP)


async def _listening() -> AsyncConnection[tuple[object, ...]]:
    parameters = await sync_to_async(connection.get_connection_params)()
    wanted = {key: parameters[key] for key in ("dbname", "user", "password", "host", "port") if parameters.get(key)}
    listener = await AsyncConnection.connect(**wanted, autocommit=True)
    await listener.execute(f"LISTEN {CHANNEL}")
    return listener


async def _sleep(listener: AsyncConnection[tuple[object, ...]], seconds: float) -> None:
    """Until the time is over or somebody tells of something due."""
    async for _told in listener.notifies(timeout=seconds, stop_after=1):
        return
