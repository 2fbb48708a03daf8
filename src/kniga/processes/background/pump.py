"""Everything that happens to processes by itself: timers fire, work is done, messages and signals arrive, control
points are looked at.

A worker sleeps until the nearest moment something is due, or until a step tells of something nearer (NOTIFY
kniga_due). Any number of workers may run. What other machines have a part in (letters, webhooks) is done in threads of
its own, one for each such action: however slow they are, nothing else waits for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections, connection
from django.db import OperationalError as DatabaseOperationalError
from psycopg import AsyncConnection, OperationalError

from kniga.platform import clock
from kniga.platform.waking import CHANNEL
from kniga.processes.background.reconsidering import reconsider_changed
from kniga.processes.background.self_starts import begin_due
from kniga.processes.background.sweeping import nearest_due, sweep_timers
from kniga.processes.background.working import INSIDE_ACTIONS, Clock, do_work, nearest_work
from kniga.processes.control.control_points import look_at_controls
from kniga.processes.correlation.messaging import begin_with_kept, expire_messages, look_for_kept
from kniga.processes.correlation.signals import carry_signals
from kniga.processes.running.calling import tell_caller, untold_calls
from kniga.processes.running.effects import OUTSIDE_ACTIONS
from kniga.processes.running.event_incidents import close_over
from kniga.processes.versions.scheduling import publish_scheduled

LONGEST_SLEEP: Final = 30.0
SHORTEST_SLEEP: Final = 0.05
SOON: Final = 1.0
AFTER_BREAKING: Final = 5.0
"""Timers and work of other parts go on nearly in time, and the log is not flooded."""
LOG = logging.getLogger(__name__)


def run_due(
    *, now: datetime, rounds: int = 100, actions: frozenset[str] | None = None, watch: Clock | None = None
) -> int:
    """Do all that is due by `now`, until nothing is left or `rounds` are over; how much was done.

    Of the work only that of these `actions` (None: all). `watch` tells the moment of each later round; without it all
    happens at `now`. A part that breaks holds up no other: it is left out of the later rounds, and raised at the end
    in an ExceptionGroup."""
    parts: list[Callable[..., int]] = [*BEGINNINGS, partial(do_work, actions=actions, clock=watch), *FOLLOWINGS]
    done, broken = 0, list[Exception]()
    for round in range(rounds):
        if watch is not None and round:
            now = watch()
        did = 0
        for part in tuple(parts):
            try:
                did += part(now=now)
            except DatabaseOperationalError:
                raise
            except Exception as error:
                parts.remove(part)
                broken.append(error)
        done += did
        if not did:
            break
    expire_messages(now=now)
    if broken:
        raise ExceptionGroup("some of the due work broke", broken)
    return done


def _tell_callers(*, now: datetime) -> int:
    for called_id in untold_calls():
        tell_caller(called_id=called_id, now=now)
    return 0


BEGINNINGS: Final[tuple[Callable[..., int], ...]] = (publish_scheduled, begin_due, sweep_timers)
FOLLOWINGS: Final[tuple[Callable[..., int], ...]] = (
    carry_signals, partial(look_for_kept, instance_id=None), begin_with_kept, reconsider_changed, look_at_controls,
    _tell_callers, close_over,
)  # fmt: skip
"""What is done before the work of the machine, and after it."""


def run_due_here() -> int:
    """Do all that is due now but what other machines have a part in."""
    return run_due(now=clock.now(), actions=INSIDE_ACTIONS, watch=clock.now)


async def run() -> None:
    """Do what is due whenever it is due, for as long as the worker runs."""
    rounds = [partial(_round, run_due_here, nearest_due)]
    for action in sorted(OUTSIDE_ACTIONS):
        one = frozenset({action})
        rounds.append(partial(_round, partial(_do_outside, one), partial(nearest_work, one)))
    bells = [asyncio.Event() for _round in rounds]
    async with asyncio.TaskGroup() as group:
        group.create_task(_listen(bells))
        for round, bell in zip(rounds, bells, strict=True):
            group.create_task(_go_on(round, bell))


async def _listen(bells: list[asyncio.Event]) -> None:
    """Ring the bells whenever a step tells of something due."""
    while True:
        try:
            async with await _listening() as listener:
                _ring(bells)
                async for _told in listener.notifies():
                    _ring(bells)
        except OperationalError:
            LOG.warning("the database is away; looking again soon")
        except Exception:
            # Nobody may be left without a bell for good.
            LOG.exception("listening broke; beginning again")
        await asyncio.sleep(SOON)


def _ring(bells: list[asyncio.Event]) -> None:
    for bell in bells:
        bell.set()


async def _go_on(round: Callable[[], float], bell: asyncio.Event) -> None:
    """One round after another; between them until something is due, or the bell rings."""
    while True:
        bell.clear()
        seconds = await sync_to_async(round, thread_sensitive=False)()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await bell.wait()


def _do_outside(actions: frozenset[str]) -> int:
    return do_work(now=clock.now(), actions=actions, clock=clock.now)


def _round(do: Callable[[], int], nearest_of: Callable[[], datetime | None]) -> float:
    """One round of work; returns how many seconds to sleep after it."""
    close_old_connections()
    try:
        do()
        nearest = nearest_of()
    except DatabaseOperationalError as error:
        LOG.warning("a round of due work has to be done again: %s", error)
        return SOON
    except ExceptionGroup:
        LOG.exception("parts of a round of due work broke; the others were done")
        return AFTER_BREAKING
    except Exception:
        # Whatever broke, the next round comes: the same work is due again, and the log tells.
        LOG.exception("a round of due work broke")
        return LONGEST_SLEEP
    finally:
        with suppress(DatabaseError):
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
