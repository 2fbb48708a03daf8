"""Changes to how far each role sees, where the organisation differs from `kniga.people.access`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.people import events
from kniga.people.access import DEFAULT_LEVELS
from kniga.people.models import AccessRule, User
from kniga.people.permissions import HIGH_ROLES, Act
from kniga.people.require import require
from kniga.people.roles import Entity, Level, Role
from kniga.platform import ledger
from kniga.platform.errors import Refused


def set_access(*, role: str, entity: str, level: str, by: User | None, now: datetime) -> bool:
    """Let a role see an entity as far as a level named in lower case ("own"); returns whether it changed.

    `by` is None only for the command line. Raises Refused `role_unknown`, `entity_unknown`, `level_unknown`,
    `role_sees_all`, `not_allowed`.
    """
    if role not in Role.values:
        raise Refused("role_unknown", _("Choose one of the roles."), field="role")
    if entity not in Entity.values:
        raise Refused("entity_unknown", _("Choose clients, deals or tasks."), field="entity")
    if level.upper() not in Level.names:
        raise Refused("level_unknown", _("Choose one of the levels."), field="level")
    wanted = {(Role(role), Entity(entity)): Level[level.upper()]}
    return bool(set_access_levels(levels=wanted, by=by, now=now))


@transaction.atomic
def set_access_levels(
    *, levels: Mapping[tuple[Role, Entity], Level], by: User | None, now: datetime
) -> dict[str, list[int]]:
    """Set how far roles see; pairs that are not named stay. Returns what changed: {"rep deal": [1, 2]}.

    Owner and administrator always see everything, so that nobody locks the organisation out of its own data.
    Raises Refused `role_sees_all`, `not_allowed`.
    """
    if by is not None:
        require(by, Act.MANAGE_ACCESS)
    rules = {(rule.role, rule.entity): rule for rule in AccessRule.objects.select_for_update()}
    changed: dict[str, list[int]] = {}
    for (role, entity), level in levels.items():
        if role in HIGH_ROLES:
            raise Refused("role_sees_all", _("This role always sees everything."), field=f"{role}-{entity}")
        rule = rules.get((role, entity))
        before = Level(rule.level) if rule else DEFAULT_LEVELS[role][entity]
        if before is level:
            continue
        changed[f"{role} {entity}"] = [before, level]
        if level is DEFAULT_LEVELS[role][entity]:
            AccessRule.objects.filter(role=role, entity=entity).delete()
        else:
            AccessRule.objects.update_or_create(role=role, entity=entity, defaults={"level": level})
    if changed:
        actor = by.pk if by else None
        ledger.record([ledger.LedgerEvent(events.ACCESS_CHANGED, now, actor_id=actor, payload={"changes": changed})])
    return changed
