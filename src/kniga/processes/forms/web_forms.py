"""Forms of web sites: kept by the head of sales, and what strangers send by them turned into clients and deals."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from kniga.clients.contact_services import ContactInput
from kniga.clients.duplicates import SameBy, possible_duplicates
from kniga.clients.models import Client
from kniga.clients.reference import get_or_create_source
from kniga.clients.services import create_client
from kniga.deals.models import Deal
from kniga.people.models import User
from kniga.people.notice_kinds import NEW_REQUEST, REQUEST
from kniga.people.notices import notify
from kniga.people.permissions import Act, may
from kniga.people.require import require
from kniga.platform.errors import Conflict, NotVisible, Refused, check_all
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said
from kniga.processes.correlation.requests import begin_request, seller_for
from kniga.processes.models import Process, VersionStatus
from kniga.processes.models.forms import WebForm, WebFormEntry

PER_SENDER: Final = 10
PER_FORM: Final = 300
"""So many entries an hour are taken from one address, and by one form."""
LONGEST_VALUE: Final = 4000
MOST_VALUES: Final = 40
_AGAIN: Final = timedelta(minutes=30)
"""The same sent again within this time is the same request."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_TAKEN_BY_PAGES: Final = frozenset({"new"})
_SAID_TO_STRANGERS: Final = frozenset({"name_missing", "contact_missing", "phone_invalid", "email_invalid", "too_long"})
LOG = logging.getLogger(__name__)
_SURE: Final = (SameBy.PHONE, SameBy.EMAIL)


class TooMany(Refused):
    """More came by a form, or from one address, than a person would send."""


@dataclass(frozen=True, slots=True)
class FormSettings:
    """What the head says about a form."""

    name: str
    process_key: str
    owner: User | None
    thanks_url: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an entry: `is_repeated` when the same had come a moment before."""

    deal_id: int | None
    is_new_client: bool
    is_repeated: bool = False


@transaction.atomic
def create_form(*, key: str, given: FormSettings, by: User, now: datetime) -> WebForm:
    """A new form under an address of its own. Raises Refused: `key_invalid`, `key_taken`, `name_missing`,
    `process_unknown`, `owner_missing`, `owner_of_branch`, `bad_address`, `not_allowed`."""
    require(by, Act.EDIT_BOOK)
    check_all(lambda: _check_key(key), *_checks(given))
    form = WebForm(key=key, created_at=now, updated_at=now)
    _write(form, given)
    form.save()
    _tell_saved(form, by, now)
    return form


@transaction.atomic
def update_form(*, form: WebForm, revision: int, given: FormSettings, by: User, now: datetime) -> WebForm:
    """Change a form. Raises Refused as `create_form`; Conflict `changed_meanwhile`."""
    require(by, Act.EDIT_BOOK)
    check_all(*_checks(given))
    form = WebForm.objects.select_for_update().get(pk=form.pk)
    if form.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    _write(form, given)
    form.revision, form.updated_at = form.revision + 1, now
    form.save()
    _tell_saved(form, by, now)
    return form


@transaction.atomic
def take_entry(*, key: str, values: Mapping[str, str], sender: str, now: datetime) -> Taken:
    """What a stranger sent by a form: a client (one with the same phone or e-mail address is that client) with a deal
    going by the form's process, begun by its message start for forms where it has one.

    `values`: name, company, phone, email, message; others are answers of the process. `sender`: the address it came
    from. What begins no deal is kept all the same, and the form's owner is told. Raises NotVisible (no such form, or
    not in use), TooMany, Refused `name_missing`, `contact_missing`, `phone_invalid`, `email_invalid`, `too_long`.
    """
    form = WebForm.objects.select_for_update(of=("self",)).select_related("process", "owner").filter(key=key).first()
    if form is None or not form.is_active or not form.owner.is_active:
        raise NotVisible
    values = {name: text.replace("\0", "").strip() for name, text in values.items() if text.strip()}
    _check_values(values)
    entry = WebFormEntry(
        form=form, received_at=now, sender=_digest(form.key, sender), message=values.get("message", ""),
        content=_digest(*map(str, sorted(values.items()))),
    )  # fmt: skip
    recent = form.entries.filter(received_at__gt=now - timedelta(hours=1))
    if recent.filter(sender=entry.sender).count() >= PER_SENDER or recent.count() >= PER_FORM:
        raise TooMany("too_many", _("Too many requests have come from here. Try again in an hour, or call us."))
    before = recent.filter(content=entry.content, received_at__gt=now - _AGAIN).first()
    if before is not None:
        return Taken(before.deal_id, before.is_new_client, is_repeated=True)
    try:
        with transaction.atomic():
            entry.client, entry.is_new_client = _client(form, values, now)
    except (Refused, NotVisible) as refused:
        if isinstance(refused, Refused) and refused.code in _SAID_TO_STRANGERS:
            raise
        LOG.warning("what came by the form %s made no client: %s", form.key, refused)
    else:
        entry.deal_id = _deal_of(form, entry.client, values, now)
    entry.save()
    if entry.deal_id is None:
        _tell_owner(form, entry.client, values, now)
    else:
        _tell_seller(form, entry.deal_id, entry.message, now)
    return Taken(entry.deal_id, entry.is_new_client)


def _deal_of(form: WebForm, client: Client, values: Mapping[str, str], now: datetime) -> int | None:
    """The deal it begins; None when it begins none, for a reason that is no stranger's business."""
    try:
        with transaction.atomic():
            owner = seller_for(client=client, process=form.process, otherwise=form.owner)
            return begin_request(
                process=form.process, client=client, owner=owner, channel="form", source=form.name, values=values,
                now=now,
            )  # fmt: skip
    except (Refused, NotVisible) as refused:
        LOG.warning("what came by the form %s began no deal: %s", form.key, refused)
        return None


def _tell_owner(form: WebForm, client: Client | None, values: Mapping[str, str], now: datetime) -> None:
    """Tell the form's owner what came and began no deal: nobody who asks is lost."""
    title = said("“%(form)s”: a request began no deal. Take it up by hand.") % {"form": form.name}
    body = "\n".join(f"{name}: {text}" for name, text in values.items())
    url = "" if client is None else f"/clients/{client.pk}/"
    notify(user_ids=[form.owner_id], kind=REQUEST, title=title, body=body[:4000], url=url, now=now)


def _tell_seller(form: WebForm, deal_id: int, message: str, now: datetime) -> None:
    """Tell whose the deal is that somebody asks for something; the history keeps it."""
    deal = Deal.objects.select_related("client").get(pk=deal_id)
    payload = {"form": form.key, "name": form.name}
    record([LedgerEvent("processes.form.received", now, client_id=deal.client_id, deal_id=deal.pk, payload=payload)])
    if deal.owner_id is not None:
        title = said("A request from a site: %(client)s") % {"client": deal.client or deal.name}
        body = f"{form.name}\n{message}" if message else form.name
        url = f"/deals/{deal.pk}/"
        notify(user_ids=[deal.owner_id], kind=NEW_REQUEST, title=title, body=body, url=url, now=now)


def _client(form: WebForm, values: Mapping[str, str], now: datetime) -> tuple[Client, bool]:
    """The client these values are of, and whether it is new."""
    phone, email = values.get("phone", ""), values.get("email", "")
    same = possible_duplicates(user=form.owner, phone=phone, email=email)
    sure = next((one for one in same if one.same_by in _SURE), None)
    if sure is not None:
        return Client.objects.select_related("owner").get(pk=sure.id), False
    name = values.get("name", "")
    contact = ContactInput(
        name=name or values["company"], phones=(phone,) if phone else (), emails=(email,) if email else ()
    )
    client = create_client(
        owner=form.owner, contacts=[contact], by=form.owner, now=now, name=values.get("company") or name,
        note=values.get("message", ""), kind="company" if values.get("company") else "person",
        source_id=get_or_create_source(form.name).pk,
    )  # fmt: skip
    return client, True


def _check_values(values: Mapping[str, str]) -> None:
    if len(values) > MOST_VALUES or any(len(text) > LONGEST_VALUE for text in values.values()):
        raise Refused("too_long", _("This is more than the form takes. Shorten the text."), field="message")
    if not values.get("name") and not values.get("company"):
        raise Refused("name_missing", _("Tell us your name."), field="name")
    if not values.get("phone") and not values.get("email"):
        raise Refused("contact_missing", _("Leave a phone number or an e-mail address."), field="phone")


def _digest(*parts: str) -> str:
    return sha256("\0".join((settings.SECRET_KEY, *parts)).encode(errors="replace")).hexdigest()


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key) or key in _TAKEN_BY_PAGES:
        message = _("Enter a key of small Latin letters, digits, “-” and “_”, beginning with a letter.")
        raise Refused("key_invalid", message, field="key")
    if WebForm.objects.filter(key=key).exists():
        raise Refused("key_taken", _("Another form has this key."), field="key")


def _checks(given: FormSettings) -> tuple[Callable[[], object], ...]:
    return (
        lambda: _check_name(given.name), lambda: _process(given.process_key),
        lambda: _check_owner(given.owner, given.process_key), lambda: _check_thanks(given.thanks_url),
    )  # fmt: skip


def _write(form: WebForm, given: FormSettings) -> None:
    assert given.owner is not None, "it was checked a moment ago"
    form.name, form.process, form.owner = " ".join(given.name.split()), _process(given.process_key), given.owner
    form.thanks_url, form.is_active = given.thanks_url.strip(), given.is_active


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 200:
        raise Refused("name_missing", _("Enter a name of at most 200 characters."), field="name")


def _check_owner(owner: User | None, process_key: str) -> None:
    if owner is None or not owner.is_active or not may(owner, Act.WORK_DEALS):
        raise Refused("owner_missing", _("Choose who gets the requests: somebody who works deals."), field="owner")
    process = Process.objects.select_related("branch").filter(key=process_key).first()
    branch = None if process is None else process.branch
    if branch is not None and owner.branch_id != branch.pk:
        message = _(
            "The process belongs to the branch “%(branch)s” and runs only deals of its people: choose somebody of that"
            " branch, or another process."
        )
        raise Refused("owner_of_branch", message % {"branch": branch.name}, field="owner")


def _check_thanks(url: str) -> None:
    parts = urlsplit(url.strip())
    if url.strip() and (parts.scheme not in ("http", "https") or not parts.netloc or len(url) > 500):
        raise Refused("bad_address", _("Enter a whole address, beginning with https://."), field="thanks_url")


def _process(key: str) -> Process:
    found = Process.objects.filter(key=key, is_active=True, versions__status=VersionStatus.PUBLISHED).first()
    if found is None:
        raise Refused("process_unknown", _("Choose a process that is published."), field="process")
    return found


def _tell_saved(form: WebForm, by: User, now: datetime) -> None:
    payload = {"form": form.key, "process": form.process.key, "owner": form.owner_id, "is_active": form.is_active}
    record([LedgerEvent("processes.form.saved", now, actor_id=by.pk, payload=payload)])
