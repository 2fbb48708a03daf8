"""The managers of the made department watch its control points: most of what deviates is taken up within the hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from kniga.people.models import Notice, User
from kniga.platform.sqlparts import rows_of
from kniga.processes.control.control_points import look_at_controls
from kniga.processes.control.deviation_acts import acknowledge, write_to_owner

TAKEN_UP: Final = 0.6
"""How many of the deviations a manager takes up; the others climb their ladder."""
WRITTEN: Final = 0.5
"""After how many of those the rep is written to as well."""
_READ_FOR: Final = timedelta(days=1)
_NEW: Final = "SELECT id, told FROM processes_deviation WHERE id > %s AND state = 'open' ORDER BY id"

_LAST: Final = """
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY at DESC, id DESC) AS place
                FROM people_notice) one WHERE place <= 2
"""


class Overseeing:
    """Looks at the control points as workers do, and lets managers take deviations up with a word."""

    def __init__(self, managers: Sequence[User], said: Sequence[str], written: Sequence[str], dice: Random) -> None:
        self.managers = {user.pk: user for user in managers}
        self.said, self.written, self.dice = said, written, dice
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
                if self.dice.random() < WRITTEN:
                    write_to_owner(deviation_id=id, word=self.dice.choice(self.written), by=manager, now=now)

    def leave(self, now: datetime) -> None:
        """At the end only what came last is unread, and for everybody the last two, so that each bell tells of some."""
        last = [id for (id,) in rows_of(_LAST, [])]
        Notice.objects.filter(at__lt=now - _READ_FOR, read_at=None).exclude(pk__in=last).update(read_at=now)
