"""The managers of the made department watch its control points: most of what deviates is taken up within the hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from kniga.people.models import Notice, User
from kniga.platform.sqlparts import rows_of
from kniga.processes.control.control_points import look_at_controls
from kniga.processes.control.deviation_acts import acknowledge

TAKEN_UP: Final = 0.6
"""How many of the deviations a manager takes up; the others climb their ladder."""
_READ_FOR: Final = timedelta(days=1)
_NEW: Final = "SELECT id, told FROM processes_deviation WHERE id > %s AND state = 'open' ORDER BY id"


class Overseeing:
    """Looks at the control points as workers do, and lets managers take deviations up with a word."""

    def __init__(self, managers: Sequence[User], said: Sequence[str], dice: Random) -> None:
        self.managers = {user.pk: user for user in managers}
        self.said, self.dice = said, dice
        self.last = 0

    def look(self, now: datetime) -> None:
        """Do all that is due by `now`, and react to it."""
        while look_at_controls(now=now):
            pass
        for id, told in rows_of(_NEW, [self.last]):
            self.last = id
            manager = next((self.managers[person] for person in told if person in self.managers), None)
            if manager is not None and self.dice.random() < TAKEN_UP:
                acknowledge(deviation_id=id, word=self.dice.choice(self.said), by=manager, now=now)

    def leave(self, now: datetime) -> None:
        """At the end only what came last is unread."""
        Notice.objects.filter(at__lt=now - _READ_FOR, read_at=None).update(read_at=now)
