"""Keys that other systems give their objects: at most one object of ours has each."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from kniga.platform.errors import Conflict, Refused

LONGEST_KEY: Final = 200


def checked_key(
    given: str | None, objects: Any, *, field: str = "external_key", own_id: int | None = None
) -> str | None:
    """The key without blank edges, None for an empty one. `objects` is the manager or query set that may hold it
    already, `own_id` the object it is for.

    Raises Refused `key_invalid`, Conflict `key_taken`. Two requests at the very same moment are told apart by the
    unique constraint of the column."""
    key = (given or "").strip()
    if not key:
        return None
    if len(key) > LONGEST_KEY or "\x00" in key:
        message = _("A key of another system has at most %(longest)d characters.") % {"longest": LONGEST_KEY}
        raise Refused("key_invalid", message, field=field)
    if objects.filter(external_key=key).exclude(pk=own_id).exists():
        message = _("Something with the key “%(key)s” exists already: it was sent before. Change it instead.")
        raise Conflict("key_taken", message % {"key": key}, field=field)
    return key
