"""Changes to clients. Every change is one transaction with its ledger event.

The objects handed in come from the doors of `queries`, which decide visibility; here the role's right to act
is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.clients import events
from kniga.clients.contact_services import ContactInput, contact_checks
from kniga.clients.creation import insert_client
from kniga.clients.fields import ClientFields, apply_fields, shown_fields
from kniga.clients.models import Client, Ownership
from kniga.clients.search_text import refresh_search_text
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform import ledger
from kniga.platform.errors import Conflict, Refused, check_all
from kniga.platform.external_keys import checked_key
from kniga.platform.waking import wake_workers


def create_client(
    *,
    owner: User | None,
    contacts: Sequence[ContactInput] = (),
    external_key: str | None = None,
    by: User,
    now: datetime,
    **fields: Unpack[ClientFields],
) -> Client:
    """A new client with its contacts; `owner` gets a dated ownership (None: a common client). One statement writes
    all of it, so it is a transaction of its own or part of the caller's.

    Raises Refused naming the field: `name_missing`, `inn_invalid`, `phone_invalid`…; fields of a contact are
    named `contacts/0/phones/1`. `not_allowed` if the role works no deals. Conflict `key_taken` for an `external_key`
    another client has.
    """
    require(by, Act.WORK_DEALS)
    key = checked_key(external_key, Client.objects)
    client = Client(owner=owner, external_key=key, created_at=now, updated_at=now)
    _check_parent_visible(fields.get("parent_id"), by)
    given = ClientFields(**{"name": "", **fields})
    try:
        apply_fields(client, given)
        insert_client(client, contacts, actor_id=by.pk, now=now)
    except Conflict:
        raise
    except Refused:
        # Whoever filled in the form learns of everything at once.
        check_all(lambda: apply_fields(client, given), *contact_checks(contacts))
        raise
    return client


@transaction.atomic
def update_client(*, client: Client, revision: int, by: User, now: datetime, **changes: Unpack[ClientFields]) -> Client:
    """Change fields of a client; the ledger keeps old and new.

    Raises Conflict `changed_meanwhile` if somebody changed the same fields since `revision` was read, Refused
    naming the field, `not_allowed`.
    """
    require(by, Act.WORK_DEALS)
    client = _locked(client)
    if client.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    before = shown_fields(client)
    if changes.get("parent_id") != client.parent_id:
        _check_parent_visible(changes.get("parent_id"), by)
    apply_fields(client, changes)
    after = shown_fields(client)
    changed = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if changed:
        client.revision += 1
        client.updated_at = now
        client.save()
        wake_workers()  # a condition of the sales book may look at what has changed
        if changed.keys() & {"name", "inn"}:
            refresh_search_text([client.pk])
        _record(events.CLIENT_CHANGED, client, {"changes": changed}, by, now)
    return client


@transaction.atomic
def assign_client(*, client: Client, owner: User, by: User, now: datetime) -> Client:
    """Hand a client to another person; deals stay with whom they are, the past with whom it was.

    Raises Refused `not_allowed`, `owner_inactive`.
    """
    require(by, Act.REASSIGN)
    if not owner.is_active:
        raise Refused("owner_inactive", _("This person's account is closed."), field="owner")
    client = _locked(client)
    if client.owner_id == owner.pk:
        return client
    payload = {"from": client.owner_id, "to": owner.pk}
    Ownership.objects.filter(client=client, ended_at=None).update(ended_at=now)
    Ownership.objects.create(client=client, owner=owner, started_at=now)
    client.owner = owner
    client.revision += 1
    client.updated_at = now
    client.save(update_fields=["owner", "revision", "updated_at"])
    wake_workers()
    _record(events.CLIENT_ASSIGNED, client, payload, by, now)
    return client


def _check_parent_visible(parent_id: int | None, by: User) -> None:
    """A client of others is no parent: its card would print the name. Missing and foreign are told alike."""
    if parent_id is None:
        return
    owners = visible_owner_ids(by, Entity.CLIENT)
    parent = Client.objects.filter(pk=parent_id).only("owner_id").first()
    if parent is None or (owners is not None and parent.owner_id not in owners):
        raise Refused("entry_unknown", _("This client does not exist."), field="parent_id")


def _locked(client: Client) -> Client:
    return Client.objects.select_for_update(of=("self",)).get(pk=client.pk)


def _record(kind: str, client: Client, payload: dict[str, Any], by: User, now: datetime) -> None:
    ledger.record([ledger.LedgerEvent(kind, now, actor_id=by.pk, client_id=client.pk, payload=payload)])
