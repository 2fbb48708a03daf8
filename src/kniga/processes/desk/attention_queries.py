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
             AND (%(owners)s::bigint[] IS NULL OR d.owner_id = ANY(%(owners)s::bigint[]))) END,
       CASE WHEN %(steers)s THEN (
           SELECT count(*) FROM processes_work w JOIN processes_instance i ON i.id = w.instance_id
           JOIN deals_deal d ON d.id = i.deal_id
           WHERE w.status = 'incident'
             AND (%(owners)s::bigint[] IS NULL OR d.owner_id = ANY(%(owners)s::bigint[]))) END
"""


@dataclass(frozen=True, slots=True)
class Attention:
    """How many notices are unread, how many deviations nobody has taken up, and how many incidents wait for a person
    (None: not this person's business)."""

    notices: int
    deviations: int | None
    incidents: int | None


def attention_of(*, user: User) -> Attention:
    """What asks for the attention of a person; one statement beside the access rules."""
    counts = may(user, Act.SEE_DEVIATIONS)
    steers = may(user, Act.STEER)
    owners = visible_owner_ids(user, Entity.DEAL) if counts or steers else []
    told = {"user": user.pk, "counts": counts, "steers": steers, "owners": owners}
    return Attention(*rows_of(_ATTENTION, told)[0])
