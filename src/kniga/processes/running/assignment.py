"""Who gets a task: the book's rule (owner, lead, head, role:<role>) turned into a person."""

from __future__ import annotations

from django.db import connection

from kniga.processes.running.reading import DealFacts, superiors_of

_BY_ROLE = """
SELECT u.id FROM people_user u
LEFT JOIN processes_task t ON t.assignee_id = u.id AND t.status = 'open'
WHERE u.role = %s AND u.is_active AND (u.branch_id = %s OR u.branch_id IS NULL OR %s::bigint IS NULL)
GROUP BY u.id ORDER BY u.branch_id IS NULL, count(t.id), u.id LIMIT 1
"""
_OF_ROLE = """
SELECT u.id, u.branch_id IS NOT DISTINCT FROM %s FROM people_user u
WHERE u.role = %s AND u.is_active AND (u.branch_id = %s OR u.branch_id IS NULL) ORDER BY u.id
"""


def assignee_for(rule: str, deal: DealFacts) -> int | None:
    """The id of the person for `rule`; None stands for the deal's owner.

    A missing lead falls back to the head, a missing head to the owner; the tasks of an owner whose account is
    closed go to the lead or the head, so that somebody sees them. `role:` picks the active person of that
    role with the fewest open tasks, the deal's branch first. One statement at most."""
    if rule == "owner" and deal.has_active_owner:
        return None
    if rule.startswith("role:"):
        with connection.cursor() as cursor:
            cursor.execute(_BY_ROLE, [rule.removeprefix("role:"), deal.branch_id, deal.branch_id])
            row = cursor.fetchone()
        return None if row is None else int(row[0])
    lead_id, head_id = superiors_of(deal)
    return head_id or lead_id if rule == "head" else lead_id or head_id


def people_of_role(rule: str, branch_id: int | None) -> list[int]:
    """The ids of the active people a `role:` rule may pick, those of the branch if it has any; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ROLE, [branch_id, rule.removeprefix("role:"), branch_id])
        found = cursor.fetchall()
    own = [row[0] for row in found if row[1]]
    return own or [row[0] for row in found]
