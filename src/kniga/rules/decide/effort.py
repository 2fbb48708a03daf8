"""How much work a question may take: counted, not timed, so that the same question always has the same answer."""

from __future__ import annotations

MOST_STEPS = 1_500_000
"""About two seconds of one processor."""


class NotDecided(Exception):
    """A question is beyond the bounds; the message says which."""


class Effort:
    """A number of steps to be spent; whoever shares it, shares what is left. What is spent is spent of ``within``,
    too."""

    def __init__(self, steps: int = MOST_STEPS, within: Effort | None = None) -> None:
        self._left = steps
        self._within = within

    def spend(self, steps: int) -> None:
        """Raises NotDecided when it is more than is left, and ever after."""
        self._left -= steps
        if self._left < 0:
            raise NotDecided("too many steps would be needed")
        if self._within is not None:
            self._within.spend(steps)
