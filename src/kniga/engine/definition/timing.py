"""When things are due. The engine says it in these words; the shell turns them into moments."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DueBasis = Literal["deadline", "duration", "moment", "field"]


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. ``duration``: so many seconds after the token came; ``deadline``: so many seconds
    after the task's own deadline; ``moment``: at the fixed moment ``at``; ``field``: so many seconds after the date
    or moment the field (deal.*, client.*, answer.*) holds when the token comes. With ``working_time`` only working
    seconds count; the shell turns a Due into a moment, the engine never does."""

    basis: DueBasis
    seconds: int
    working_time: bool
    at: datetime | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Something that comes again: each time ``every`` after the time before, ``times`` times (None: without end),
    first at ``start`` or one interval after the token came."""

    every: Due
    times: int | None
    start: datetime | None = None
