"""A new client with everything that belongs to it, written by one statement: leads arrive by the thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import connection

from kniga.clients.contact_services import ContactInput, fill_contact
from kniga.clients.events import CLIENT_CREATED
from kniga.clients.models import Client, Contact
from kniga.clients.search_text import search_text_of

_FIELDS: Final = [field for field in Client._meta.concrete_fields if not field.primary_key]
_INSERT: Final = f"""
WITH client AS (
    INSERT INTO clients_client ({", ".join(f'"{field.column}"' for field in _FIELDS)})
    VALUES ({", ".join(["%s"] * len(_FIELDS))}) RETURNING id, owner_id, name
), ownership AS (
    INSERT INTO clients_ownership (client_id, owner_id, started_at)
    SELECT id, owner_id, %s::timestamptz FROM client WHERE owner_id IS NOT NULL
), numbered AS (
    SELECT nextval(pg_get_serial_sequence('clients_contact', 'id')) AS id, t.*
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])
         WITH ORDINALITY AS t (name, name_key, position, role, is_primary, note, external_key, place)
), contact AS (
    INSERT INTO clients_contact (id, client_id, name, name_key, position, role, is_primary, note, external_key,
                                 created_at)
    SELECT n.id, client.id, n.name, n.name_key, n.position, n.role, n.is_primary, n.note, n.external_key,
           %s::timestamptz
    FROM numbered n, client
), channel AS (
    INSERT INTO clients_channel (contact_id, kind, value, is_primary)
    SELECT n.id, c.kind, c.value, c.is_primary
    FROM unnest(%s::integer[], %s::text[], %s::text[], %s::boolean[])
         WITH ORDINALITY AS c (place, kind, value, is_primary, number)
    JOIN numbered n ON n.place = c.place ORDER BY c.number
), event AS (
    INSERT INTO platform_event (at, kind, actor_id, client_id, payload)
    SELECT %s::timestamptz, '{CLIENT_CREATED}', %s::bigint, id, %s::jsonb FROM client
)
SELECT id FROM client
"""


@dataclass(slots=True)
class _Channels:
    """The channels of all contacts in columns; `place` counts contacts from 1."""

    place: list[int]
    kind: list[str]
    value: list[str]
    is_primary: list[bool]

    def add(self, place: int, channels: Sequence[tuple[str, str]]) -> None:
        """The channels of one contact; the first of a kind is the main one."""
        seen: set[str] = set()
        for kind, value in channels:
            self.place.append(place)
            self.kind.append(kind)
            self.value.append(value)
            self.is_primary.append(kind not in seen)
            seen.add(kind)


def insert_client(client: Client, given: Sequence[ContactInput], *, actor_id: int, now: datetime) -> None:
    """Write an unsaved, checked client with contacts, ownership, search text and event.

    Of several contacts that are to be the main one the last is, of none the first. Raises Refused at
    `contacts/<index>/…`."""
    contacts, channels = [], _Channels([], [], [], [])
    texts: list[tuple[str, Sequence[tuple[str, str]]]] = []
    for index, one in enumerate(given):
        contact = Contact()
        found = fill_contact(contact, one, f"contacts/{index}/")
        contacts.append(contact)
        channels.add(index + 1, found)
        texts.append((contact.name_key, found))
    main = max((index for index, one in enumerate(given) if one.is_primary), default=0)
    client.search_text = search_text_of(client, texts)
    payload = {"name": client.name, "owner": client.owner_id, "contacts": len(contacts)}
    arguments: list[Any] = [
        *(getattr(client, field.attname) for field in _FIELDS), now,
        [contact.name for contact in contacts], [contact.name_key for contact in contacts],
        [contact.position for contact in contacts], [contact.role for contact in contacts],
        [index == main for index in range(len(contacts))], [contact.note for contact in contacts],
        [contact.external_key for contact in contacts], now,
        channels.place, channels.kind, channels.value, channels.is_primary,
        now, actor_id, msgspec.json.encode(payload).decode(),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, arguments)
        client.pk = cursor.fetchone()[0]
    client._state.adding, client._state.db = False, "default"
