"""What the filters and forms of lists offer, gathered in one statement."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from kniga.deals.loss_reasons import reason_name
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.sqlparts import rows_of

Pairs = tuple[tuple[int, str], ...]

_SQL = """
SELECT 'owner', u.id, u.name, '', row_number() OVER (ORDER BY u.name_key, u.id) FROM people_user u
WHERE CASE WHEN %(owners)s::bigint[] IS NULL THEN u.role IN ('rep', 'lead', 'head')
           ELSE u.id = ANY(%(owners)s::bigint[]) END
UNION ALL
SELECT 'team', t.id, t.name, '', row_number() OVER (ORDER BY t.name, t.id) FROM people_team t
WHERE t.is_active AND (%(owners)s::bigint[] IS NULL OR EXISTS (
    SELECT FROM people_user m WHERE m.team_id = t.id AND m.id = ANY(%(owners)s::bigint[])))
UNION ALL
SELECT 'region', id, name, '', row_number() OVER (ORDER BY key, id) FROM clients_region WHERE is_active
UNION ALL
SELECT 'industry', id, name, '', row_number() OVER (ORDER BY key, id) FROM clients_industry WHERE is_active
UNION ALL
SELECT 'source', id, name, '', row_number() OVER (ORDER BY key, id) FROM clients_source WHERE is_active
UNION ALL
SELECT 'reason', id, name, key, row_number() OVER (ORDER BY position, id) FROM deals_lossreason WHERE is_active
UNION ALL
SELECT 'stage', s.id, s.name, p.name, row_number() OVER (ORDER BY p.id, s.position)
FROM deals_stage s JOIN deals_pipeline p ON p.id = s.pipeline_id WHERE s.is_active AND p.is_active
ORDER BY 5
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """Ids and names, in the order they are shown. Owners and teams are those whose things the user sees;
    a stage's name is followed by its pipeline where there are several."""

    owners: Pairs
    teams: Pairs
    regions: Pairs
    industries: Pairs
    sources: Pairs
    reasons: Pairs
    stages: Pairs


def choices_for(*, user: User, entity: Entity) -> Choices:
    """Everything the filters of a list of `entity` offer to `user`; one statement beside the access rules."""
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for kind, key, name, more, _place in rows_of(_SQL, {"owners": visible_owner_ids(user, entity)}):
        found[kind].append((key, name, more))
    stages = found["stage"]
    are_several = len({pipeline for _key, _name, pipeline in stages}) > 1
    named = tuple((key, f"{name} · {pipeline}" if are_several else name) for key, name, pipeline in stages)
    return Choices(
        owners=_pairs(found["owner"]),
        teams=_pairs(found["team"]),
        regions=_pairs(found["region"]),
        industries=_pairs(found["industry"]),
        sources=_pairs(found["source"]),
        reasons=tuple((key, reason_name(code, name)) for key, name, code in found["reason"]),
        stages=named,
    )


def _pairs(rows: list[tuple[int, str, str]]) -> Pairs:
    return tuple((key, name) for key, name, _more in rows)
