"""Who is told that the machine could not do something, and in which words."""

from __future__ import annotations

from datetime import datetime

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.notice_kinds import INCIDENT
from kniga.people.notices import notify
from kniga.people.permissions import Act, may
from kniga.people.roles import Entity, Role
from kniga.platform.said import said as _
from kniga.platform.sqlparts import rows_of
from kniga.processes.models import Work
from kniga.processes.running.reading import DealFacts, read_instances, superiors_of
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import place_in_words

_DEAL = """
SELECT d.number, coalesce(c.name, d.name) FROM deals_deal d LEFT JOIN clients_client c ON c.id = d.client_id
WHERE d.id = %s
"""
_ABOVE = (Role.HEAD, Role.OWNER, Role.ADMINISTRATOR)


def tell_of_incident(*, work: Work, error: str, now: datetime) -> None:
    """Tell those who may deal with an incident of it; must run in the transaction that raises it."""
    snapshot = read_instances(instance_ids=[work.instance_id])[work.instance_id]
    definition = runnable_version(snapshot.version_id).definition
    number, client = rows_of(_DEAL, [snapshot.deal.id])[0]
    title = _("Could not be done: %(step)s, deal No. %(number)s, %(client)s") % {
        "step": place_in_words(definition, work.element), "number": number, "client": client,
    }  # fmt: skip
    url = f"/processes/incidents/#work-{work.pk}"
    notify(user_ids=people_for_incident(snapshot.deal), kind=INCIDENT, title=title, body=error, url=url, now=now)


def people_for_incident(deal: DealFacts) -> list[int]:
    """The ids of the lead and the head of a deal's owner, as far as they may deal with its incidents; of those above
    where there is neither."""
    near = [id for id in dict.fromkeys(superiors_of(deal)) if id is not None]
    found = [one.pk for one in User.objects.filter(pk__in=near) if _may_deal(one, deal)]
    for role in _ABOVE:
        if found:
            break
        above = User.objects.filter(role=role, is_active=True).order_by("pk")
        found = [one.pk for one in above if _may_deal(one, deal)]
    return found


def _may_deal(user: User, deal: DealFacts) -> bool:
    owners = visible_owner_ids(user, Entity.DEAL)
    return may(user, Act.STEER) and (owners is None or deal.owner_id in owners)
