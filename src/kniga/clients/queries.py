"""Clients as lists and cards need them; every query shows only what the user may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kniga.clients.models import Client, Contact
from kniga.clients.search import add_text_condition
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, rows_of

SORTS: dict[str, Sort] = {
    "name": Sort("c.name_key", "text"),
    "created": Sort("c.created_at", "timestamptz"),
}


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """What the list is narrowed to; None and "" narrow nothing."""

    text: str = ""
    kind: str = ""
    owner_id: int | None = None
    team_id: int | None = None
    branch_id: int | None = None
    region_id: int | None = None
    industry_id: int | None = None
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One line of the list; `contact`, `phone` (E.164) and `email` are the main ones."""

    id: int
    name: str
    kind: str
    inn: str
    region: str
    industry: str
    source: str
    owner_id: int | None
    owner: str
    created_at: datetime
    contact: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact with its channels, as (primary first) E.164 numbers and addresses."""

    id: int
    name: str
    position: str
    role: str
    is_primary: bool
    note: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]


_SELECT = """
SELECT {sort}, c.id, c.name, c.kind, c.inn, coalesce(r.name, ''), coalesce(i.name, ''), coalesce(s.name, ''),
       c.owner_id, coalesce(u.name, ''), c.created_at, coalesce(t.name, ''), coalesce(t.phone, ''),
       coalesce(t.email, '')
FROM ({chosen}) c
LEFT JOIN clients_region r ON r.id = c.region_id
LEFT JOIN clients_industry i ON i.id = c.industry_id
LEFT JOIN clients_source s ON s.id = c.source_id
LEFT JOIN people_user u ON u.id = c.owner_id
LEFT JOIN LATERAL (
    SELECT t.name,
           (SELECT value FROM clients_channel WHERE contact_id = t.id AND kind = 'phone'
            ORDER BY is_primary DESC, id LIMIT 1) AS phone,
           (SELECT value FROM clients_channel WHERE contact_id = t.id AND kind = 'email'
            ORDER BY is_primary DESC, id LIMIT 1) AS email
    FROM clients_contact t WHERE t.client_id = c.id ORDER BY t.is_primary DESC, t.id LIMIT 1
) t ON true
ORDER BY {order}
"""
_IN_ORDER = "SELECT * FROM clients_client c {where} ORDER BY {order} LIMIT {limit}"
# For a text in the middle of names PostgreSQL would walk the names in order, thousands of rows where hits are rare.
# So the hits are gathered by the index of trigrams; where there are too many of them for that, the walk is short.
_BY_TEXT = """
WITH hits AS MATERIALIZED (SELECT {sort} AS place, c.id FROM clients_client c {where} LIMIT {most}),
first AS (SELECT id FROM hits WHERE (SELECT count(*) FROM hits) < {most} ORDER BY place {way}, id {way} LIMIT {limit})
SELECT c.* FROM clients_client c JOIN first ON first.id = c.id
UNION ALL
(SELECT * FROM clients_client c {where} AND (SELECT count(*) FROM hits) = {most} ORDER BY {order} LIMIT {limit})
"""
_MOST_HITS = 5000

_CONTACTS = """
SELECT t.id, t.name, t.position, t.role, t.is_primary, t.note,
       coalesce(array_agg(ch.value ORDER BY ch.is_primary DESC, ch.id) FILTER (WHERE ch.kind = 'phone'), '{}'),
       coalesce(array_agg(ch.value ORDER BY ch.is_primary DESC, ch.id) FILTER (WHERE ch.kind = 'email'), '{}')
FROM clients_contact t LEFT JOIN clients_channel ch ON ch.contact_id = t.id
WHERE t.client_id = %s GROUP BY t.id ORDER BY t.is_primary DESC, t.id
"""


def clients_page(
    *,
    user: User,
    wanted: ClientFilter | None = None,
    sort: str = "name",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ClientRow]:
    """A page of the clients `user` sees, in one statement beside the access rules.

    `sort` is a key of SORTS, "-" before it puts the largest first. Raises Refused `cursor_invalid`.
    """
    usual = SORTS.get(sort.removeprefix("-"), SORTS["name"])
    order = usual.turned() if sort.startswith("-") else usual
    conditions = _conditions(user, wanted or ClientFilter())
    if cursor:
        conditions.add(order.after("c.id"), *decode_cursor(cursor, order))
    by_text = wanted is not None and bool(wanted.text and conditions.clauses)
    chosen = (_BY_TEXT if by_text else _IN_ORDER).format(
        sort=order.expression, way=order.way, where=conditions.where, order=order.order("c.id"), limit=limit + 1,
        most=_MOST_HITS,
    )  # fmt: skip
    sql = _SELECT.format(sort=order.expression, chosen=chosen, order=order.order("c.id"))
    parameters = conditions.parameters * (2 if by_text else 1)
    return page_of(rows_of(sql, parameters), limit, lambda row: ClientRow(*row))


def count_clients(*, user: User, wanted: ClientFilter | None = None) -> int:
    """How many clients of `user` fit; counted on demand, never by a list itself."""
    conditions = _conditions(user, wanted or ClientFilter())
    counted = rows_of(f"SELECT count(*) FROM clients_client c {conditions.where}", conditions.parameters)
    return int(counted[0][0])


def get_visible_client(*, user: User, id: int) -> Client:
    """The client with its source, industry, region, parent and owner. Raises NotVisible."""
    found = Client.objects.select_related("source", "industry", "region", "parent", "owner").filter(pk=id).first()
    owners = visible_owner_ids(user, Entity.CLIENT)
    if found is None or not user.is_active or (owners is not None and found.owner_id not in owners):
        raise NotVisible
    return found


def get_visible_contact(*, user: User, id: int) -> Contact:
    """The contact (with its client) of a client `user` sees. Raises NotVisible."""
    found = Contact.objects.select_related("client").filter(pk=id).first()
    owners = visible_owner_ids(user, Entity.CLIENT)
    if found is None or not user.is_active or (owners is not None and found.client.owner_id not in owners):
        raise NotVisible
    return found


def sees_client(*, user: User, client: Client) -> bool:
    """Whether the card of this client opens for `user`."""
    owners = visible_owner_ids(user, Entity.CLIENT)
    return owners is None or client.owner_id in owners


def contacts_of(*, user: User, client: Client) -> tuple[ContactCard, ...]:
    """The contacts of a client that came through `get_visible_client`, or with a deal or task of its own door: who
    works a deal must reach its people. The main one first; one statement."""
    return tuple(ContactCard(*[*row[:6], tuple(row[6]), tuple(row[7])]) for row in rows_of(_CONTACTS, [client.pk]))


def owners_of(*, user: User, client: Client) -> tuple[tuple[str, datetime, datetime | None], ...]:
    """Who owned the client from when to when, the present owner first."""
    found = client.ownerships.order_by("-started_at", "-id").values_list("owner__name", "started_at", "ended_at")
    return tuple(found)


def client_names(*, user: User, text: str, limit: int = 10) -> tuple[tuple[int, str], ...]:
    """Ids and names of visible clients whose search text holds `text`: choices while typing."""
    page = clients_page(user=user, wanted=ClientFilter(text=text), limit=limit)
    return tuple((row.id, row.name) for row in page.rows)


def _conditions(user: User, wanted: ClientFilter) -> Conditions:
    conditions = Conditions()
    conditions.among("c.owner_id", visible_owner_ids(user, Entity.CLIENT))
    if wanted.text:
        add_text_condition(conditions, wanted.text)
    if wanted.kind:
        conditions.add("c.kind = %s", wanted.kind)
    single: dict[str, Any] = {
        "c.owner_id": wanted.owner_id,
        "c.region_id": wanted.region_id,
        "c.industry_id": wanted.industry_id,
        "c.source_id": wanted.source_id,
    }
    for column, value in single.items():
        if value is not None:
            conditions.add(f"{column} = %s::bigint", value)
    if wanted.team_id is not None:
        members = "c.owner_id IN (SELECT id FROM people_user WHERE team_id = %s::bigint)"
        conditions.add(members, wanted.team_id)
    if wanted.branch_id is not None:
        members = "c.owner_id IN (SELECT id FROM people_user WHERE branch_id = %s::bigint)"
        conditions.add(members, wanted.branch_id)
    return conditions
