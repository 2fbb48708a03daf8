"""What each role may do, beyond seeing: the one table of acts."""

from __future__ import annotations

from enum import Enum
from typing import Final

from kniga.people.models import User
from kniga.people.roles import Role


class Act(Enum):
    WORK_DEALS = "work_deals"
    REASSIGN = "reassign"
    COMPLETE_FOR_OTHERS = "complete_for_others"
    STEER = "steer"
    SEE_FUNNEL = "see_funnel"
    SEE_DEVIATIONS = "see_deviations"
    EDIT_CATALOG = "edit_catalog"
    EDIT_BOOK = "edit_book"
    IMPORT = "import"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_BRANCHES = "manage_branches"
    MANAGE_ACCESS = "manage_access"
    MANAGE_ORGANISATION = "manage_organisation"


_MANAGERS: Final = frozenset({Role.LEAD, Role.HEAD, Role.OWNER, Role.ADMINISTRATOR})
HIGH_ROLES: Final = frozenset({Role.OWNER, Role.ADMINISTRATOR})
"""The roles only those who have one of them give, take or change."""
_HEADS: Final = frozenset({Role.HEAD, Role.OWNER, Role.ADMINISTRATOR})
ROLES_FOR: Final[dict[Act, frozenset[Role]]] = {
    Act.WORK_DEALS: _MANAGERS | {Role.REP},
    Act.REASSIGN: _MANAGERS,
    Act.COMPLETE_FOR_OTHERS: _MANAGERS,
    Act.STEER: _MANAGERS,
    Act.SEE_FUNNEL: _MANAGERS | {Role.REP},
    Act.SEE_DEVIATIONS: _MANAGERS,
    Act.EDIT_CATALOG: _HEADS,
    Act.EDIT_BOOK: _HEADS,
    Act.IMPORT: _HEADS,
    Act.MANAGE_PEOPLE: _HEADS,
    Act.MANAGE_BRANCHES: _HEADS,
    Act.MANAGE_ACCESS: HIGH_ROLES,
    Act.MANAGE_ORGANISATION: HIGH_ROLES,
}


def may(user: User, act: Act) -> bool:
    """Whether the role of `user` may do `act` (what it may do it *to* is decided by visibility)."""
    if act is Act.MANAGE_BRANCHES and managed_branch_id(user) is not None:
        return False
    return user.is_active and Role(user.role) in ROLES_FOR[act]


def managed_branch_id(user: User) -> int | None:
    """The one branch whose people and teams a head of a branch manages; None: no such limit."""
    return user.branch_id if user.role == Role.HEAD else None
