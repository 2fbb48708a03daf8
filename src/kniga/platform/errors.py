"""Refusals that a person can cure: raised by services, shown by the doors at the field they name."""

from __future__ import annotations

from collections.abc import Callable


class Refused(Exception):
    """A request that cannot be carried out: `code` is stable, `message` names place and cure (translated),
    `said` the same as a text that may be told again in another language,
    `field` is the form field or JSON pointer it belongs to; `also` are further refusals of the same request, each
    with a field of its own. Nothing was saved."""

    def __init__(self, code: str, message: str, *, field: str | None = None, also: tuple[Refused, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.said = message
        self.field = field
        self.also = also


def check_all(*checks: Callable[[], object]) -> None:
    """Make every check; raises the first Refused with those of the other checks in its `also`."""
    found: list[Refused] = []
    for check in checks:
        try:
            check()
        except Refused as refusal:
            found += [refusal, *refusal.also]
    if found:
        first = found[0]
        raise Refused(first.code, first.said, field=first.field, also=tuple(found[1:]))


class NotVisible(Exception):
    """The object does not exist, or this user may not see it: the doors answer 404 for both."""


class Conflict(Refused):
    """Somebody was faster: the object is no longer as the caller saw it."""
