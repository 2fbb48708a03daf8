"""The one source of the present moment.

Everything that needs "now" takes it as an argument; the doors (views, endpoints, commands, jobs) ask here.
Tests, the demo and simulations install a virtual clock for the current context, so the same code runs on
any date.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """A clock that stands still until it is told to move. Moments are aware datetimes."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock needs an aware datetime")
        self.moment = start

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`; a clock never runs backwards."""
        if step < timedelta(0):
            raise ValueError("a clock never runs backwards")
        self.moment += step

    def move_to(self, moment: datetime) -> None:
        """Move to `moment`, which must not lie before the present one."""
        self.advance(moment - self.moment)


_virtual: ContextVar[VirtualClock | None] = ContextVar("kniga_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    clock = _virtual.get()
    return datetime.now(UTC) if clock is None else clock.moment


@contextmanager
def running_on(clock: VirtualClock) -> Iterator[VirtualClock]:
    """Let `now()` answer from `clock` inside the `with` block."""
    token = _virtual.set(clock)
    try:
        yield clock
    finally:
        _virtual.reset(token)
