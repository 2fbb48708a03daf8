"""What a process needs to know of a deal before it starts."""

from __future__ import annotations

from django.db import connection

from kniga.processes.reading import DealFacts

_FACTS = """
SELECT d.id, d.owner_id, d.amount, d.expected_date, d.client_id, o.branch_id, coalesce(b.time_zone, ''), team.lead_id,
       (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
          AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
        ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1)
FROM deals_deal d
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN people_team team ON team.id = o.team_id
WHERE d.id = %s AND (%s::bigint[] IS NULL OR d.owner_id = ANY(%s::bigint[]))
"""


def deal_facts(deal_id: int, *, visible_to: list[int] | None) -> DealFacts | None:
    """The deal's facts; None when there is no such deal or its owner is not among `visible_to`."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [deal_id, visible_to, visible_to])
        row = cursor.fetchone()
    return None if row is None else DealFacts(*row)
