"""Which running instances are meant: of a process and version, at an element, of a branch, team or person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.sqlparts import Conditions

STANDING: Final = """
SELECT t.instance_id, t.element, t.due_at, t.created_at FROM processes_task t
WHERE t.deal_id = i.deal_id AND t.instance_id = i.id AND t.status = 'open' AND i.tokens IS NULL
UNION ALL
SELECT i.id, k.token ->> 1, t.due_at, t.created_at
FROM jsonb_array_elements(i.tokens -> 'tokens') AS k (token)
LEFT JOIN processes_task t ON t.instance_id = i.id AND t.token = (k.token ->> 0)::integer AND t.status = 'open'
WHERE jsonb_typeof(i.tokens) = 'object'
"""
"""Where an instance `i` stands: a row per token, with the task that is open there (if a person has to do it)."""
_AT_ELEMENT: Final = f"EXISTS (SELECT FROM ({STANDING}) s WHERE s.element = %s)"
_OVERDUE: Final = (
    "EXISTS (SELECT FROM processes_task t"
    " WHERE t.deal_id = i.deal_id AND t.instance_id = i.id AND t.status = 'open' AND t.due_at < %s)"
)
HAS_INCIDENT: Final = "EXISTS (SELECT FROM processes_work w WHERE w.instance_id = i.id AND w.status = 'incident')"
"""Whether the machine could not do something for an instance `i`, and a person has to look at it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A choice of running instances. What is None or "" does not narrow it; `status` is running or suspended,
    `is_overdue` asks for an open task whose deadline has passed, `has_incident` for work that the machine could not
    do. `is_picked`: single ones of these were picked by hand; which they are, only the rows of the act know."""

    process: str
    version: int | None = None
    element: str = ""
    branch_id: int | None = None
    team_id: int | None = None
    owner_id: int | None = None
    status: str = ""
    is_overdue: bool = False
    is_picked: bool = False
    has_incident: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON, without what says nothing."""
        return {key: value for key, value in asdict(self).items() if value}

    def conditions(self, *, user: User | None, now: datetime) -> Conditions:
        """What rows `i` (instance), `v` (version), `p` (process), `d` (deal) and `o` (its owner) have to meet, those
        `user` does not see left out (None: the system)."""
        found = Conditions()
        found.add("i.status = ANY(%s::text[])", [self.status] if self.status else ["running", "suspended"])
        found.add("p.key = %s", self.process)
        found.narrow("v.number = %s", self.version)
        found.narrow("o.branch_id = %s", self.branch_id)
        found.narrow("o.team_id = %s", self.team_id)
        found.narrow("d.owner_id = %s", self.owner_id)
        found.narrow(_AT_ELEMENT, self.element)
        if self.is_overdue:
            found.add(_OVERDUE, now)
        if self.has_incident:
            found.add(HAS_INCIDENT)
        if user is not None:
            found.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
        return found


def load_scope(stored: Mapping[str, Any]) -> Scope:
    """A stored scope."""
    return Scope(**stored)


SOURCES: Final = """
FROM processes_instance i
JOIN processes_processversion v ON v.id = i.version_id
JOIN processes_process p ON p.id = v.process_id
JOIN deals_deal d ON d.id = i.deal_id
LEFT JOIN people_user o ON o.id = d.owner_id
"""
"""The tables a scope's conditions speak of."""
