"""What asks for a person's attention, for the frame of every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.roles import Entity
from kniga.platform.sqlparts import rows_of

_ATTENTION: Final = """
SELECT (SELECT count(*) FROM people_notice n WHERE n.user_id = %(user)s AND n.in_app AND n.read_at IS NULL),
       CASE WHEN %(counts)s THEN (
           SELECT count(*) FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id
           WHERE v.state <> 'closed' AND v.state = 'open'
             AND (%(owners)s::bigint[] IS NULL OR d.owner_id = ANY(%(owners)s::bigint[]))) END
"""


@dataclass(frozen=True, slots=True)
class Attention:
    """How many notices are unread, and how many deviations nobody has taken up (None: not this person's business)."""

    notices: int
    deviations: int | None


def attention_of(*, user: User) -> Attention:
    """What asks for the attention of a person; one statement beside the access rules."""
    counts = may(user, Act.SEE_DEVIATIONS)
    owners = visible_owner_ids(user, Entity.DEAL) if counts else []
    return Attention(*rows_of(_ATTENTION, {"user": user.pk, "counts": counts, "owners": owners})[0])
