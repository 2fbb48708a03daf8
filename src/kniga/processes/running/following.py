"""What follows a step in its transaction: called processes begin and end, messages are thrown and found.

How deep steps may follow one another is bounded, and how many: one that waits for what it throws itself, in a circle,
is found twice at each turn. What lies beyond is left to the workers, who find it in the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import count
from typing import Final

from kniga.processes.correlation import messaging, signals
from kniga.processes.running import calling
from kniga.processes.running.stepping import Plan

DEEPEST: Final = 20
MOST: Final = 50
_depth: ContextVar[int] = ContextVar("depth of following steps", default=0)
_numbers: ContextVar[Iterator[int] | None] = ContextVar("numbers of the following steps", default=None)


def follow(plan: Plan, *, actor_id: int | None, now: datetime) -> None:
    """Do what a step that was just written brings about elsewhere. Must run in the step's transaction."""
    with _deeper() as is_within:
        effects, snapshot = plan.effects, plan.snapshot
        made_in = snapshot.revision + 1
        for token in effects.dropped_calls:
            calling.cancel_called(parent_id=snapshot.instance_id, token=token, now=now)
        for message in effects.messages:
            messaging.throw_message(message, snapshot, made_in=made_in, now=now, at_once=is_within)
        for signal in effects.signals:
            signals.throw_signal(signal, snapshot, made_in=made_in, now=now)
        if not is_within:
            return
        for call in effects.calls:
            calling.begin_called(parent_id=snapshot.instance_id, token=call.token, now=now)
        if any(one.kind == "message" for one in effects.subscriptions):
            messaging.look_for_kept(instance_id=snapshot.instance_id, now=now)
        if plan.ends_a_call and snapshot.parent_id is not None and snapshot.parent_token is not None:
            calling.tell_caller(called_id=snapshot.instance_id, now=now, may_wait=False)


@contextmanager
def _deeper() -> Iterator[bool]:
    depth, numbers = _depth.get(), _numbers.get() or count(1)
    before = _depth.set(depth + 1), _numbers.set(numbers)
    try:
        yield depth < DEEPEST and next(numbers) <= MOST
    finally:
        _depth.reset(before[0])
        _numbers.reset(before[1])
