"""Who gets a task: the book's rule (owner, lead, head, role:<role>) and skill turned into a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection

from kniga.people.roles import Role
from kniga.platform.textkeys import fold
from kniga.processes.running.reading import SUPERIORS, DealFacts, superiors_of

_BY_ROLE = """
SELECT u.id FROM people_user u
LEFT JOIN processes_task t ON t.assignee_id = u.id AND t.status = 'open'
WHERE u.role = %s AND u.is_active AND (u.branch_id = %s OR u.branch_id IS NULL OR %s::bigint IS NULL)
GROUP BY u.id ORDER BY u.branch_id IS NULL, count(t.id), u.id LIMIT 1
"""
_OF_ROLE = """
SELECT u.id, u.branch_id IS NOT DISTINCT FROM %s FROM people_user u
WHERE u.role = %s AND u.is_active AND (u.branch_id = %s OR u.branch_id IS NULL OR %s::bigint IS NULL) ORDER BY u.id
"""
# `nearness`: 0 whom the rule names, 1 the owner's team, 2 the branch, 3 those who belong to no branch.
_SKILLED = f"""
WITH named AS (
    SELECT w.id AS owner_id, o.branch_id, o.team_id,
           CASE WHEN %(rule)s = 'owner' AND o.is_active THEN o.id
                WHEN %(rule)s = 'head' THEN coalesce(s.people[2], s.people[1], w.id)
                WHEN %(rule)s IN ('owner', 'lead') THEN coalesce(s.people[1], s.people[2], w.id) END AS person_id
    FROM unnest(%(owners)s::bigint[]) AS w (id)
    LEFT JOIN people_user o ON o.id = w.id
    LEFT JOIN people_team team ON team.id = o.team_id
    CROSS JOIN LATERAL (SELECT {SUPERIORS} AS people) s
), able AS (
    SELECT n.owner_id, u.id,
           CASE WHEN u.id = n.person_id THEN 0 WHEN %(rule)s = 'owner' AND u.team_id = n.team_id THEN 1
                WHEN u.branch_id IS NOT NULL THEN 2 ELSE 3 END AS nearness
    FROM named n
    JOIN people_user u ON u.is_active AND %(skill)s = ANY (u.skill_keys)
     AND (u.id = n.person_id OR u.role = %(role)s
          AND (u.branch_id = n.branch_id OR u.branch_id IS NULL OR n.branch_id IS NULL))
), nearest AS (
    SELECT owner_id, id FROM (SELECT *, min(nearness) OVER (PARTITION BY owner_id) AS least FROM able) a
    WHERE nearness = least
), load AS (
    SELECT c.id, count(t.id) AS tasks FROM (SELECT DISTINCT id FROM nearest) c
    LEFT JOIN processes_task t ON t.assignee_id = c.id AND t.status = 'open' GROUP BY c.id
)
SELECT n.owner_id, array_agg(n.id ORDER BY l.tasks, n.id) FROM nearest n JOIN load l ON l.id = n.id GROUP BY n.owner_id
"""
_ROLES: Final = {"owner": Role.REP, "lead": Role.LEAD, "head": Role.HEAD}


def assignee_for(rule: str, deal: DealFacts, skill: str | None = None) -> int | None:
    """The id of the person for `rule`; None stands for the deal's owner.

    A missing lead falls back to the head, a missing head to the owner; the tasks of an owner whose account is
    closed go to the lead or the head, so that somebody sees them. `role:` picks the active person of that
    role with the fewest open tasks, the deal's branch first. One statement at most.

    A `skill` takes one statement more: see `skilled_people`. If nobody has it, the rule decides alone."""
    if skill:
        able = skilled_people(rule, skill, [deal.owner_id]).get(deal.owner_id)
        if able:
            return None if able[0] == deal.owner_id else able[0]
    if rule == "owner" and deal.has_active_owner:
        return None
    if rule.startswith("role:"):
        with connection.cursor() as cursor:
            cursor.execute(_BY_ROLE, [rule.removeprefix("role:"), deal.branch_id, deal.branch_id])
            row = cursor.fetchone()
        return None if row is None else int(row[0])
    lead_id, head_id = superiors_of(deal)
    return head_id or lead_id if rule == "head" else lead_id or head_id


def skilled_people(rule: str, skill: str, owner_ids: Iterable[int | None]) -> dict[int | None, list[int]]:
    """Who may get a step that asks for a skill, by the owner of the deal, fewest open tasks first; one statement.

    Whom the rule names, if they have the skill; else the active people with it in the role the rule allows
    (`owner`: reps, those of the owner's team first), of the branch before those of none. An owner for whom nobody
    has it is left out."""
    role = _ROLES[rule].value if rule in _ROLES else rule.removeprefix("role:")
    with connection.cursor() as cursor:
        cursor.execute(_SKILLED, {"rule": rule, "role": role, "skill": fold(skill), "owners": list(owner_ids)})
        return dict(cursor.fetchall())


def people_of_role(rule: str, branch_id: int | None) -> list[int]:
    """The ids of the active people a `role:` rule may pick, those of the branch if it has any; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ROLE, [branch_id, rule.removeprefix("role:"), branch_id, branch_id])
        found = cursor.fetchall()
    own = [row[0] for row in found if row[1]]
    return own or [row[0] for row in found]
