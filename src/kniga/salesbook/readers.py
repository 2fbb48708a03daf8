"""Who has read which edition of the sales book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity, Role
from kniga.platform.sqlparts import rows_of

READING_ROLES: Final = (Role.REP.value, Role.LEAD.value, Role.DELIVERY.value, Role.SUPPORT.value)
"""Those who work by the book and are asked to confirm it; whoever stands above them writes it."""


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """A person and the newest edition they confirmed (None: none yet). `owes_since`: when the first edition came out
    that they have not confirmed yet; None for those who have read the one in force."""

    id: int
    name: str
    role: str
    team: str
    edition: int | None
    read_at: datetime | None
    owes_since: datetime | None

    @property
    def has_read(self) -> bool:
        """Whether the edition in force is confirmed."""
        return self.owes_since is None


_READERS: Final = """
SELECT u.id, u.name, u.role, coalesce(t.name, ''), r.number, r.at,
       (SELECT min(e.made_at) FROM salesbook_bookedition e WHERE e.number > coalesce(r.number, 0))
FROM people_user u
LEFT JOIN people_team t ON t.id = u.team_id
LEFT JOIN LATERAL (SELECT e.number, b.at
                   FROM salesbook_bookreading b JOIN salesbook_bookedition e ON e.id = b.edition_id
                   WHERE b.user_id = u.id ORDER BY e.number DESC LIMIT 1) r ON true
WHERE u.is_active AND u.role = ANY(%(roles)s::text[])
  AND (%(seen)s::bigint[] IS NULL OR u.id = ANY(%(seen)s::bigint[]))
ORDER BY r.number NULLS FIRST, u.name, u.id
"""
_UNREAD: Final = """
SELECT e.number FROM (SELECT id, number FROM salesbook_bookedition ORDER BY number DESC LIMIT 1) e
WHERE NOT EXISTS (SELECT FROM salesbook_bookreading r WHERE r.edition_id = e.id AND r.user_id = %s)
"""
_LAST_READ: Final = """
SELECT max(e.number) FROM salesbook_bookreading r JOIN salesbook_bookedition e ON e.id = r.edition_id
WHERE r.user_id = %s
"""


def readers_for(*, user: User) -> tuple[ReaderRow, ...]:
    """The people `user` sees who are asked to read the book, those who have read least first; one statement."""
    words = {"roles": list(READING_ROLES), "seen": visible_owner_ids(user, Entity.TASK)}
    return tuple(ReaderRow(*row) for row in rows_of(_READERS, words))


def unread_ids(*, user: User) -> list[int]:
    """The ids of those of `readers_for` who have not confirmed the edition in force."""
    return [row.id for row in readers_for(user=user) if not row.has_read]


def owed_edition(*, user: User) -> int | None:
    """The number of the edition in force if `user` is asked to read it and has not; one statement, none for others."""
    if user.role not in READING_ROLES:
        return None
    found = rows_of(_UNREAD, [user.pk])
    return int(found[0][0]) if found else None


def last_read(*, user: User) -> int | None:
    """The number of the newest edition `user` has confirmed."""
    found: int | None = rows_of(_LAST_READ, [user.pk])[0][0]
    return found
