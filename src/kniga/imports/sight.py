"""How far an import reaches: no further than the pages of the person who runs it.

A head of a branch sees and changes only what belongs to people of that branch; a row that means anything else is
refused, new rows get an owner they see, and people come into that branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kniga.imports.cells import Draft
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import HIGH_ROLES, managed_branch_id
from kniga.people.roles import Entity, Role
from kniga.platform.said import said as _

if TYPE_CHECKING:
    from kniga.imports.run import Run

_FOREIGN: Final = {
    "clients": "SELECT id FROM clients_client WHERE id = ANY(%(ids)s::bigint[]) "
    "AND (owner_id = ANY(%(owners)s::bigint[])) IS NOT TRUE",
    "contacts": "SELECT t.id FROM clients_contact t JOIN clients_client c ON c.id = t.client_id "
    "WHERE t.id = ANY(%(ids)s::bigint[]) AND (c.owner_id = ANY(%(owners)s::bigint[])) IS NOT TRUE",
    "deals": "SELECT id FROM deals_deal WHERE id = ANY(%(ids)s::bigint[]) "
    "AND (owner_id = ANY(%(owners)s::bigint[])) IS NOT TRUE",
    "users": "SELECT id FROM people_user WHERE id = ANY(%(ids)s::bigint[]) AND (role = ANY(%(high)s::text[]) "
    "OR (branch_id = %(branch)s::bigint) IS NOT TRUE AND %(branch)s::bigint IS NOT NULL)",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """`owners`: whose clients and deals the run may touch (None: everybody's), `branch`: the only branch people
    may be brought into (None: any), `actor`: who gets what has no owner when `owners` is limited."""

    actor_id: int | None = None
    actor: str = ""
    owners: tuple[int, ...] | None = None
    branch: int | None = None
    branch_name: str = ""
    gives_high_roles: bool = True

    def refuse_foreign(self, run: Run, drafts: Sequence[Draft]) -> None:
        """Refuse the rows that mean an object of somebody whom the importing person does not see."""
        is_limited = not self.gives_high_roles if run.spec.key == "users" else self.owners is not None
        ids = [draft.target_id for draft in drafts if draft.target_id is not None]
        if not ids or not is_limited or run.spec.key not in _FOREIGN:
            return
        given = {"ids": ids, "owners": list(self.owners or ()), "branch": self.branch, "high": sorted(HIGH_ROLES)}
        foreign = {row[0] for row in run.fetch(_FOREIGN[run.spec.key], given)}
        for draft in drafts:
            if draft.target_id in foreign:
                draft.target_id = None
                draft.refuse("error", "foreign", _("this is somebody else's already: you may not change it"))

    def give_owner(self, run: Run, new: Sequence[Draft]) -> None:
        """What a file gives no owner belongs to the importing person: they would not see it again otherwise."""
        if self.owners is None or run.spec.field("owner") is None:
            return
        for draft in new:
            if draft.values.get("owner_id") is None:
                draft.values |= {"owner": self.actor, "owner_id": self.actor_id}

    def place_people(self, drafts: Sequence[Draft]) -> None:
        """Keep people to the branch and the roles the importing person may give."""
        for draft in drafts:
            if not self.gives_high_roles and draft.values.get("role") in HIGH_ROLES:
                text = _("only the owner or an administrator gives this role")
                draft.refuse("error", "high_role", text)
            if self.branch is None:
                continue
            if "branch" not in draft.values:
                draft.values |= {"branch": self.branch_name, "branch_id": self.branch}
            elif draft.values.get("branch_id") != self.branch:
                draft.refuse("error", "foreign_branch", _("you can bring people into your own branch only"))


def sight_of(user: User | None, kind: str) -> Sight:
    """How far an import of this kind by `user` reaches; the command line (None) is not limited."""
    if user is None:
        return Sight()
    entity = Entity.DEAL if kind == "deals" else Entity.CLIENT
    owners = visible_owner_ids(user, entity)
    limited = None if owners is None else tuple(owners)
    branch = managed_branch_id(user)
    name = user.branch.name if branch and user.branch else ""
    return Sight(user.pk, user.name, limited, branch, name, Role(user.role) in HIGH_ROLES)
