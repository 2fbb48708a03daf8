"""Who is to know when the set of published versions has changed: packages above this one, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, Protocol

from django.db import transaction

from kniga.people.models import User


class Keeper(Protocol):
    """Called in the transaction of the change, after it."""

    def __call__(self, *, by: User | None, now: datetime) -> object: ...


_keepers: Final[list[Keeper]] = []
_is_gathering: ContextVar[bool] = ContextVar("several versions are being published as one change", default=False)


def when_published(keeper: Keeper) -> Keeper:
    """Have `keeper` called whenever a version is published or retired; registering one twice changes nothing."""
    if keeper not in _keepers:
        _keepers.append(keeper)
    return keeper


def tell_keepers(*, by: User | None, now: datetime) -> None:
    """Call everybody who asked for it. Must run in the transaction of the change."""
    if not _is_gathering.get():
        for keeper in _keepers:
            keeper(by=by, now=now)


@contextmanager
def as_one_change(*, by: User | None, now: datetime) -> Iterator[None]:
    """Publish several versions in one transaction and tell of it once, at the end."""
    with transaction.atomic():
        token = _is_gathering.set(True)
        try:
            yield
        finally:
            _is_gathering.reset(token)
        tell_keepers(by=by, now=now)
