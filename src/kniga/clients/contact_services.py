"""Changes to the contacts of a client: names, phones, e-mail addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.clients import events
from kniga.clients.fields import LONGEST_NAME, clean_name, clean_text
from kniga.clients.models import Channel, ChannelKind, Client, Contact
from kniga.clients.search_text import refresh_search_text
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import ledger
from kniga.platform.emails import checked_email
from kniga.platform.errors import Refused
from kniga.platform.external_keys import checked_key
from kniga.platform.phones import to_e164
from kniga.platform.textkeys import fold
from kniga.platform.waking import wake_workers

MOST_CHANNELS: Final = 40


@dataclass(frozen=True, slots=True)
class ContactInput:
    """A contact as a form or an API sends it. Phones in any format; blank ones are left out."""

    name: str
    position: str = ""
    role: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    is_primary: bool = False
    note: str = ""
    external_key: str | None = None


@transaction.atomic
def add_contact(*, client: Client, contact: ContactInput, by: User, now: datetime) -> Contact:
    """A further contact. Raises Refused naming the field (`phones/0`, `emails/0`, `name`), `not_allowed`."""
    require(by, Act.WORK_DEALS)
    Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    is_first = not Contact.objects.filter(client=client).exists()
    made = write_contact(client, contact, is_first=is_first)
    _finish(events.CONTACT_ADDED, client, made, {}, by, now)
    return made


@transaction.atomic
def update_contact(*, contact: Contact, given: ContactInput, by: User, now: datetime) -> Contact:
    """Give a contact new values, its channels included. Raises Refused as `add_contact`."""
    require(by, Act.WORK_DEALS)
    client = Client.objects.select_for_update(of=("self",)).get(pk=contact.client_id)
    before = _shown(contact)
    contact = write_contact(client, given, contact=contact)
    after = _shown(contact)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        _finish(events.CONTACT_CHANGED, client, contact, {"changes": changed}, by, now)
    return contact


@transaction.atomic
def remove_contact(*, contact: Contact, by: User, now: datetime) -> None:
    """Remove a contact; the ledger keeps name and channels. Raises Refused `not_allowed`."""
    require(by, Act.WORK_DEALS)
    client = Client.objects.select_for_update(of=("self",)).get(pk=contact.client_id)
    kept = _shown(contact)
    name, key = contact.name, contact.pk
    contact.delete()
    heir = Contact.objects.filter(client=client).order_by("id").first()
    if kept["is_primary"] and heir is not None:
        heir.is_primary = True
        heir.save(update_fields=["is_primary"])
    refresh_search_text([client.pk])
    payload = {"contact": key, "name": name, "removed": kept}
    ledger.record([_event(events.CONTACT_REMOVED, client, payload, by, now)])
    wake_workers()


def write_contact(
    client: Client,
    given: ContactInput,
    *,
    contact: Contact | None = None,
    place: str = "",
    is_first: bool = False,
) -> Contact:
    """Check and save a contact with its channels, without event; `place` prefixes the names of fields."""
    is_new = contact is None
    contact = contact or Contact(client=client)
    channels = fill_contact(contact, given, place)
    contact.is_primary = given.is_primary or is_first or bool(contact.pk and contact.is_primary)
    if contact.is_primary and not is_first:
        Contact.objects.filter(client=client, is_primary=True).exclude(pk=contact.pk).update(is_primary=False)
    contact.save()
    _write_channels(contact, channels, is_new=is_new)
    return contact


def fill_contact(contact: Contact, given: ContactInput, place: str) -> list[tuple[str, str]]:
    """Check what is given and set it on an unsaved contact; returns its channels as (kind, value), each once.

    Raises Refused at `<place>name`, `<place>phones/0`…"""
    contact.name = clean_name(given.name, field=f"{place}name")
    contact.name_key = fold(contact.name)[:LONGEST_NAME]
    contact.position = clean_text(given.position, field=f"{place}position", longest=200)
    contact.role = clean_text(given.role, field=f"{place}role", longest=40)
    contact.note = clean_text(given.note, field=f"{place}note")
    if given.external_key:
        field = f"{place}external_key"
        contact.external_key = checked_key(given.external_key, Contact.objects, field=field, own_id=contact.pk)
    channels = list(dict.fromkeys(_channels(given, place)))
    if len(channels) > MOST_CHANNELS:
        message = _("A contact has at most 40 phones and addresses.")
        raise Refused("too_many_channels", message, field=f"{place}phones/0")
    return channels


def contact_checks(contacts: Sequence[ContactInput]) -> Iterator[Callable[[], object]]:
    """Every check of what is given for contacts by itself, for `check_all`."""
    for index, given in enumerate(contacts):
        place = f"contacts/{index}/"
        yield partial(fill_contact, Contact(), replace(given, phones=(), emails=(), external_key=None), place)
        for number, phone in enumerate(given.phones):
            if phone.strip():
                yield partial(to_e164, phone, field=f"{place}phones/{number}")
        for number, email in enumerate(given.emails):
            if email.strip():
                yield partial(checked_email, email, field=f"{place}emails/{number}")


def _channels(given: ContactInput, place: str) -> Iterator[tuple[str, str]]:
    for index, phone in enumerate(given.phones):
        if phone.strip():
            yield ChannelKind.PHONE.value, to_e164(phone, field=f"{place}phones/{index}")
    for index, email in enumerate(given.emails):
        if email.strip():
            yield ChannelKind.EMAIL.value, checked_email(email, field=f"{place}emails/{index}")


def _write_channels(contact: Contact, wanted: list[tuple[str, str]], *, is_new: bool) -> None:
    if not is_new:
        present = Channel.objects.filter(contact=contact).order_by("id").values_list("kind", "value")
        if list(present) == wanted:
            return
        Channel.objects.filter(contact=contact).delete()
    seen: set[str] = set()
    rows = []
    for kind, value in wanted:
        rows.append(Channel(contact=contact, kind=kind, value=value, is_primary=kind not in seen))
        seen.add(kind)
    Channel.objects.bulk_create(rows)


def _shown(contact: Contact) -> dict[str, Any]:
    channels = Channel.objects.filter(contact=contact).order_by("id").values_list("kind", "value")
    found = list(channels)
    return {
        "name": contact.name, "position": contact.position, "role": contact.role, "note": contact.note,
        "is_primary": contact.is_primary, "phones": [value for kind, value in found if kind == "phone"],
        "emails": [value for kind, value in found if kind == "email"],
    }  # fmt: skip


def _finish(kind: str, client: Client, contact: Contact, payload: dict[str, Any], by: User, now: datetime) -> None:
    refresh_search_text([client.pk])
    ledger.record([_event(kind, client, {"contact": contact.pk, "name": contact.name, **payload}, by, now)])
    wake_workers()  # a condition of the sales book may look at the contacts


def _event(kind: str, client: Client, payload: dict[str, Any], by: User, now: datetime) -> ledger.LedgerEvent:
    return ledger.LedgerEvent(kind, now, actor_id=by.pk, client_id=client.pk, payload=payload)
