"""Who sees what: own / team / branch / all, by role and entity, decided here and nowhere else.

Queries ask `visible_owner_ids` and keep only rows owned by these users; `None` means no restriction. Rows
without an owner are seen only by those who see everything.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

from kniga.people.models import AccessRule, User
from kniga.people.roles import Entity, Level, Role

# To these roles "my branch" without a branch means every branch; to others it means no more than their team.
_OVER_ALL_BRANCHES: Final = frozenset({Role.HEAD, Role.OWNER, Role.ADMINISTRATOR})
_ALL: Final = dict.fromkeys(Entity, Level.ALL)
DEFAULT_LEVELS: Final[dict[Role, dict[Entity, Level]]] = {
    Role.REP: dict.fromkeys(Entity, Level.OWN),
    Role.LEAD: dict.fromkeys(Entity, Level.TEAM),
    Role.HEAD: dict.fromkeys(Entity, Level.BRANCH),
    Role.OWNER: _ALL,
    Role.DELIVERY: {Entity.CLIENT: Level.BRANCH, Entity.DEAL: Level.BRANCH, Entity.TASK: Level.OWN},
    Role.SUPPORT: {Entity.CLIENT: Level.ALL, Entity.DEAL: Level.OWN, Entity.TASK: Level.OWN},
    Role.ADMINISTRATOR: _ALL,
}

_MEMBERS = """
SELECT array_agg(id) FROM people_user
WHERE id = %(user)s OR team_id = %(team)s::bigint OR branch_id = %(branch)s::bigint
   OR team_id IN (SELECT id FROM people_team WHERE lead_id = %(user)s)
"""
_RULES = "SELECT entity, level::integer, NULL::bigint[] FROM people_accessrule WHERE role = %(role)s"
_RULES_AND_MEMBERS = f"{_RULES} UNION ALL SELECT '', 0, ({_MEMBERS})"


def level_of(user: User, entity: Entity) -> Level:
    """How far `user` sees `entity`: the organisation's rule, else the role's default."""
    if not user.is_active:
        return Level.NONE
    return _levels(user)[entity]


def visible_owner_ids(user: User, entity: Entity) -> list[int] | None:
    """The ids of the users whose objects `user` may see; None when nothing is hidden.

    A head who belongs to no branch stands over all of them; for other roles "branch" without a branch is "team".
    The team is the one a person is in and those they lead. At most two statements per user object
    (one request), whatever the number of calls.
    """
    level = _without_branch(user, level_of(user, entity))
    if level is Level.ALL:
        return None
    if level is Level.NONE:
        return []
    if level is Level.OWN:
        return [user.pk]
    return _members(user, level)


def present_levels() -> dict[tuple[Role, Entity], Level]:
    """How far each role sees each entity at present: the organisation's rules over the defaults."""
    present = {(role, entity): level for role, levels in DEFAULT_LEVELS.items() for entity, level in levels.items()}
    for role, entity, level in AccessRule.objects.values_list("role", "entity", "level"):
        present[Role(role), Entity(entity)] = Level(level)
    return present


def _levels(user: User) -> dict[Entity, Level]:
    cached: dict[Entity, Level] | None = user.__dict__.get("_access_levels")
    if cached is None:
        cached = dict(DEFAULT_LEVELS[Role(user.role)])
        usual = _without_branch(user, max(cached.values()))
        # Whoever sees more than their own by default needs the members too: both come in one statement.
        with_members = usual in (Level.TEAM, Level.BRANCH)
        sql = _RULES_AND_MEMBERS if with_members else _RULES
        with connection.cursor() as cursor:
            cursor.execute(sql, {"role": user.role, **_span(user, usual)})
            for entity, level, members in cursor.fetchall():
                if entity:
                    cached[Entity(entity)] = Level(level)
                else:
                    _members_of(user)[usual] = sorted(members)
        user.__dict__["_access_levels"] = cached
    return cached


def _members(user: User, level: Level) -> list[int]:
    cache = _members_of(user)
    if level not in cache:
        with connection.cursor() as cursor:
            cursor.execute(_MEMBERS, _span(user, level))
            cache[level] = sorted(cursor.fetchone()[0] or [user.pk])
    return cache[level]


def _members_of(user: User) -> dict[Level, list[int]]:
    cache: dict[Level, list[int]] = user.__dict__.setdefault("_access_members", {})
    return cache


def _without_branch(user: User, level: Level) -> Level:
    """What "branch" means to somebody who belongs to none."""
    if level is not Level.BRANCH or user.branch_id is not None:
        return level
    return Level.ALL if user.role in _OVER_ALL_BRANCHES else Level.TEAM


def _span(user: User, level: Level) -> dict[str, int | None]:
    team = user.team_id if level is Level.TEAM else None
    return {"user": user.pk, "team": team, "branch": user.branch_id if level is Level.BRANCH else None}
