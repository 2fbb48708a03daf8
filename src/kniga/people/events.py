"""Names of the ledger's events about people (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

USER_CREATED: Final = "people.user.created"
USER_CHANGED: Final = "people.user.changed"
USER_MOVED: Final = "people.user.moved"
USER_DEACTIVATED: Final = "people.user.deactivated"
USER_REACTIVATED: Final = "people.user.reactivated"
BRANCH_CREATED: Final = "people.branch.created"
BRANCH_CHANGED: Final = "people.branch.changed"
TEAM_CREATED: Final = "people.team.created"
TEAM_CHANGED: Final = "people.team.changed"
ACCESS_CHANGED: Final = "people.access.changed"
ORGANISATION_CHANGED: Final = "people.organisation.changed"
CALENDAR_CHANGED: Final = "people.calendar.changed"
TOKEN_CREATED: Final = "people.token.created"
TOKEN_REVOKED: Final = "people.token.revoked"
