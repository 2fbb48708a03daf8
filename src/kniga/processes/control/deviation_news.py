"""Who is told of a deviation, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kniga.engine import ControlPoint
from kniga.people.models import User
from kniga.people.notice_kinds import DEVIATION, ESCALATION
from kniga.people.notices import News
from kniga.people.roles import Role
from kniga.platform.said import said as _
from kniga.platform.said import said_money
from kniga.platform.sqlparts import rows_of
from kniga.processes.models.control import Deviation
from kniga.processes.running.assignment import people_of_role
from kniga.processes.running.reading import DealFacts, superiors_of

_DEALS: Final = """
SELECT d.id, d.number, d.name, d.currency, coalesce(c.name, ''), coalesce(o.name, '') FROM deals_deal d
LEFT JOIN clients_client c ON c.id = d.client_id LEFT JOIN people_user o ON o.id = d.owner_id
WHERE d.id = ANY(%s::bigint[])
"""
_ABOVE: Final = (Role.HEAD, Role.OWNER, Role.ADMINISTRATOR)


class _Deal(NamedTuple):
    id: int
    number: int
    name: str
    currency: str
    client: str
    owner: str


def people_for(words: Sequence[str], deal: DealFacts) -> list[int]:
    """The ids of the active people that the words (owner, lead, head, role:<role>) mean for a deal.

    Never nobody: an owner or lead who is missing or gone is stood in for by the next above, at last by the heads, the
    owners or the administrators of the organisation."""
    wanted: list[int | None] = []
    lead_id, head_id = superiors_of(deal)
    for word in words:
        if word.startswith("role:"):
            wanted += people_of_role(word, deal.branch_id)
        elif word == "owner":
            wanted.append(deal.owner_id if deal.has_active_owner else lead_id or head_id)
        elif word == "lead":
            wanted.append(lead_id or head_id)
        else:
            wanted.append(head_id)
    ids = list(dict.fromkeys(id for id in wanted if id is not None))
    active = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    return [id for id in ids if id in active] or _somebody(deal)


def raised_news(raised: Sequence[tuple[Deviation, ControlPoint]]) -> list[News]:
    """What is said of new deviations; one statement."""
    deals = _deals([row for row, _point in raised])
    news = []
    for row, point in raised:
        deal = deals[row.deal_id]
        title = _("%(point)s: deal No. %(number)s, %(client)s")
        news.append(_news(DEVIATION, title, row, deal, row.told, point))
    return news


def escalation_news(climbed: Sequence[tuple[Deviation, ControlPoint, list[int]]]) -> list[News]:
    """What is said of deviations that nobody has taken up in time; one statement."""
    if not climbed:
        return []
    deals = _deals([row for row, _point, _people in climbed])
    title = _("Nobody has taken this up: %(point)s, deal No. %(number)s, %(client)s")
    return [_news(ESCALATION, title, row, deals[row.deal_id], people, point) for row, point, people in climbed]


def _news(kind: str, title: str, row: Deviation, deal: _Deal, people: Sequence[int], point: ControlPoint) -> News:
    said = title % {"point": row.name, "number": deal.number, "client": deal.client or deal.name}
    body = _("Step “%(step)s”, %(person)s. At risk: %(money)s.") % {
        "step": row.step, "person": deal.owner or "—", "money": said_money(row.at_risk, deal.currency),
    }  # fmt: skip
    return News(tuple(people), kind, said, body, f"/deals/{deal.id}/", point.by)


def _deals(rows: Sequence[Deviation]) -> dict[int, _Deal]:
    return {row[0]: _Deal(*row) for row in rows_of(_DEALS, [[one.deal_id for one in rows]])}


def _somebody(deal: DealFacts) -> list[int]:
    """The active people highest in the house whom a deviation concerns when nobody nearer is there."""
    near = [id for id in reversed(superiors_of(deal)) if id is not None]
    active = set(User.objects.filter(pk__in=near, is_active=True).values_list("pk", flat=True))
    found = [id for id in near if id in active][:1]
    for role in _ABOVE:
        if found:
            break
        found = list(User.objects.filter(role=role, is_active=True).order_by("pk").values_list("pk", flat=True))
    return found
