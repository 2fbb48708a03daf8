"""The organisation this installation serves, kept for half a minute per process: every page asks for it."""

from __future__ import annotations

import math
import time
from datetime import time as time_of_day
from typing import Final

from django.conf import settings

from kniga.platform.models import Organisation

_KEPT_SECONDS: Final = 30.0
_kept: tuple[float, Organisation] = (-math.inf, Organisation())


def current_organisation() -> Organisation:
    """The organisation's settings (defaults until they are set); read at most twice a minute per process."""
    moment = time.monotonic()
    if moment > _kept[0]:
        keep_organisation(stored_organisation(), until=moment + _KEPT_SECONDS)
    return _kept[1]


def stored_organisation() -> Organisation:
    """The organisation's settings as they stand in the database, or the defaults."""
    found = Organisation.objects.filter(id=1).first()
    default = Organisation(language=settings.LANGUAGE_CODE, work_starts=time_of_day(9), work_ends=time_of_day(18))
    return found or default


def forget_organisation() -> None:
    """Read the organisation anew at the next call (after it was edited)."""
    keep_organisation(Organisation(), until=-math.inf)


def keep_organisation(organisation: Organisation, *, until: float = math.inf) -> None:
    """Answer with this organisation until a moment of the monotonic clock, in seconds (for good by default)."""
    global _kept
    _kept = (until, organisation)
