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
    that has something new for them; None for those who have read all that concerns them."""

    id: int
    name: str
    role: str
    team: str
    edition: int | None
    read_at: datetime | None
    owes_since: datetime | None

    @property
    def has_read(self) -> bool:
        """Whether nothing is to be confirmed."""
        return self.owes_since is None


_CONCERNS: Final = """
EXISTS (SELECT FROM salesbook_editionversion k
        FULL JOIN (SELECT k.version_id FROM salesbook_editionversion k
                   JOIN salesbook_bookedition b ON b.id = k.edition_id WHERE b.number = e.number - 1) before
          ON before.version_id = k.version_id AND k.edition_id = e.id
        JOIN processes_processversion v ON v.id = coalesce(k.version_id, before.version_id)
        JOIN processes_process p ON p.id = v.process_id
        WHERE (k.edition_id = e.id AND before.version_id IS NULL OR k.version_id IS NULL)
          AND (p.branch_id IS NULL OR p.branch_id = coalesce(u.branch_id, p.branch_id)))
"""
"""Whether edition `e` differs from the one before in what person `u` reads: not only in processes of other branches."""
_READERS: Final = f"""
SELECT u.id, u.name, u.role, coalesce(t.name, ''), r.number, r.at,
       (SELECT min(e.made_at) FROM salesbook_bookedition e WHERE e.number > coalesce(r.number, 0) AND {_CONCERNS})
FROM people_user u
LEFT JOIN people_team t ON t.id = u.team_id
LEFT JOIN LATERAL (SELECT e.number, b.at
                   FROM salesbook_bookreading b JOIN salesbook_bookedition e ON e.id = b.edition_id
                   WHERE b.user_id = u.id ORDER BY e.number DESC LIMIT 1) r ON true
WHERE u.is_active AND u.role = ANY(%(roles)s::text[])
  AND (%(seen)s::bigint[] IS NULL OR u.id = ANY(%(seen)s::bigint[]))
ORDER BY r.number NULLS FIRST, u.name, u.id
"""
CONCERNED: Final = f"""
SELECT u.id FROM people_user u, salesbook_bookedition e
WHERE e.id = %(edition)s AND u.is_active AND u.role = ANY(%(roles)s::text[]) AND {_CONCERNS}
"""
"""The ids of the people for whom an edition says something new."""
_LAST_READ: Final = """
SELECT max(e.number) FROM salesbook_bookreading r JOIN salesbook_bookedition e ON e.id = r.edition_id
WHERE r.user_id = %s
"""
_UNREAD: Final = f"""
SELECT max(newest.number) FROM salesbook_bookedition newest
WHERE EXISTS (SELECT FROM salesbook_bookedition e JOIN people_user u ON u.id = %s
              WHERE e.number > coalesce(({_LAST_READ}), 0) AND {_CONCERNS})
"""


def readers_for(*, user: User) -> tuple[ReaderRow, ...]:
    """The people `user` sees who are asked to read the book, those who have read least first; one statement."""
    words = {"roles": list(READING_ROLES), "seen": visible_owner_ids(user, Entity.TASK)}
    return tuple(ReaderRow(*row) for row in rows_of(_READERS, words))


def unread_ids(*, user: User) -> list[int]:
    """The ids of those of `readers_for` who have not confirmed the edition in force."""
    return [row.id for row in readers_for(user=user) if not row.has_read]


def owed_edition(*, user: User) -> int | None:
    """The number of the edition in force if `user` is asked to read it and something in it is new to them; one
    statement, none for others."""
    if user.role not in READING_ROLES:
        return None
    found: int | None = rows_of(_UNREAD, [user.pk, user.pk])[0][0]
    return found


def last_read(*, user: User) -> int | None:
    """The number of the newest edition `user` has confirmed."""
    found: int | None = rows_of(_LAST_READ, [user.pk])[0][0]
    return found
