"""Which processes are open to whom: those for everybody, and those of one's own branch.

A deal is of the branch of its owner. What decides is asked here, by whatever starts a process.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from kniga.people.models import Branch, User
from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.platform.sqlparts import rows_of
from kniga.processes.models import ProcessVersion

_OTHERS: Final = """
SELECT b.name FROM processes_processversion v JOIN processes_process p ON p.id = v.process_id
JOIN people_branch b ON b.id = p.branch_id
WHERE v.id = %s AND EXISTS (
    SELECT FROM deals_deal d LEFT JOIN people_user o ON o.id = d.owner_id
    WHERE d.id = ANY(%s::bigint[]) AND o.branch_id IS DISTINCT FROM p.branch_id)
"""


def open_to(user: User) -> Q:
    """The processes a person may choose for a new deal; who belongs to no branch may choose any."""
    return Q() if user.branch_id is None else Q(branch=None) | Q(branch_id=user.branch_id)


def branch_of(*, version_id: int) -> Branch | None:
    """The branch whose process this is a version of; None for one of everybody."""
    return Branch.objects.filter(pk__in=ProcessVersion.objects.filter(pk=version_id).values("process__branch")).first()


def require_branch(*, version_id: int, deal_ids: list[int]) -> None:
    """Refuse to start a version of another branch's process for a deal. Raises Refused `process_of_branch`."""
    others = rows_of(_OTHERS, [version_id, deal_ids])
    if others:
        message = _("This process belongs to the branch “%(branch)s”: it runs only deals of its people.")
        raise Refused("process_of_branch", message % {"branch": others[0][0]}, field="process")
