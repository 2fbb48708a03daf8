"""Changes to deals. Every change is one transaction with its ledger event.

A deal's stage and result are changed by its process only (`kniga.processes`), never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, Unpack

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.clients.fields import clean_name, clean_text
from kniga.clients.models import Client, Region, Source
from kniga.deals import events
from kniga.deals.lines import LineInput, price_lines, total_of
from kniga.deals.models import Deal, DealLine, DealOwnership, DealStatus, Pipeline
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import ledger
from kniga.platform.errors import Conflict, Refused
from kniga.platform.external_keys import checked_key
from kniga.platform.models import Organisation
from kniga.platform.money import checked_amount
from kniga.platform.textkeys import fold
from kniga.platform.waking import wake_workers

Entry = TypeVar("Entry", Source, Region)


class DealFields(TypedDict, total=False):
    """What may be given of a deal; what is absent stays. `amount` is refused while the deal has lines."""

    name: str
    amount: Decimal
    expected_date: date | None
    source_id: int | None
    region_id: int | None
    note: str


@transaction.atomic
def create_deal(
    *,
    client: Client | None,
    pipeline: Pipeline,
    owner: User | None,
    lines: Sequence[LineInput] = (),
    currency: str = "",
    external_key: str | None = None,
    by: User,
    now: datetime,
    **fields: Unpack[DealFields],
) -> Deal:
    """A new open deal with the next number; its amount is the sum of its lines, or `amount` without lines.

    Without a name it is called after its client; source and region are the client's unless given. It has no
    stage yet: start a process on it. Raises Refused naming the field (`name_missing`, `amount_invalid`,
    `lines/0/quantity`…), `not_allowed`, Conflict `key_taken` for an `external_key` another deal has.
    """
    require(by, Act.WORK_DEALS)
    given = DealFields(**fields)
    if not given.get("name", "").strip():
        given["name"] = client.name if client else ""
    if client is not None:
        given.setdefault("source_id", client.source_id)
        given.setdefault("region_id", client.region_id)
    key = checked_key(external_key, Deal.objects)
    deal = Deal(
        client=client, pipeline=pipeline, owner=owner, external_key=key, opened_at=now,
        created_at=now, updated_at=now, currency=currency or _currency(),
    )  # fmt: skip
    priced = price_lines(lines)
    _apply(deal, given, has_lines=bool(priced))
    if priced:
        deal.amount, deal.product = total_of(priced), priced[0].product
    deal.number = next_number()
    deal.save()
    _write_lines(deal, priced)
    if owner is not None:
        DealOwnership.objects.create(deal=deal, owner=owner, started_at=now)
    payload = {
        "number": deal.number, "name": deal.name, "amount": deal.amount, "currency": deal.currency,
        "owner": deal.owner_id, "pipeline": pipeline.key,
    }  # fmt: skip
    _record(events.DEAL_CREATED, deal, payload, by, now)
    return deal


@transaction.atomic
def update_deal(*, deal: Deal, revision: int, by: User, now: datetime, **changes: Unpack[DealFields]) -> Deal:
    """Change fields of a deal; the ledger keeps old and new.

    Raises Conflict `changed_meanwhile`, Refused naming the field, `not_allowed`, `deal_closed` for the amount
    of a closed deal.
    """
    require(by, Act.WORK_DEALS)
    deal = _locked(deal, revision)
    before = _shown(deal)
    if "amount" in changes and changes["amount"] != deal.amount:
        _check_open(deal)
    _apply(deal, changes, has_lines=DealLine.objects.filter(deal=deal).exists())
    after = _shown(deal)
    changed = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if changed:
        _save(deal, now)
        _record(events.DEAL_CHANGED, deal, {"changes": changed}, by, now)
    return deal


@transaction.atomic
def set_lines(*, deal: Deal, lines: Sequence[LineInput], revision: int, by: User, now: datetime) -> Deal:
    """Replace the lines of an open deal; its amount becomes their sum (and stays when the last line goes).

    Raises Conflict `changed_meanwhile`, Refused `deal_closed`, `product_unknown`, `quantity_invalid`…, with
    fields named `lines/0/quantity`.
    """
    require(by, Act.WORK_DEALS)
    deal = _locked(deal, revision)
    _check_open(deal)
    priced = price_lines(lines)
    before = deal.amount
    DealLine.objects.filter(deal=deal).delete()
    _write_lines(deal, priced)
    deal.product = priced[0].product if priced else None
    deal.amount = total_of(priced) if priced else deal.amount
    _save(deal, now)
    told = [
        {"product": line.product.name, "quantity": line.quantity, "unit": line.unit.code, "amount": line.amount}
        for line in priced
    ]
    _record(events.LINES_CHANGED, deal, {"lines": told, "amount": [before, deal.amount]}, by, now)
    return deal


@transaction.atomic
def assign_deal(*, deal: Deal, owner: User, by: User, now: datetime) -> Deal:
    """Hand a deal to another person; what was done before stays with whom it was.

    Open tasks follow the deal by `kniga.processes`. Raises Refused `not_allowed`, `owner_inactive`.
    """
    require(by, Act.REASSIGN)
    if not owner.is_active:
        raise Refused("owner_inactive", _("This person's account is closed."), field="owner")
    deal = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
    if deal.owner_id == owner.pk:
        return deal
    payload = {"from": deal.owner_id, "to": owner.pk}
    DealOwnership.objects.filter(deal=deal, ended_at=None).update(ended_at=now)
    DealOwnership.objects.create(deal=deal, owner=owner, started_at=now)
    deal.owner = owner
    _save(deal, now)
    _record(events.DEAL_ASSIGNED, deal, payload, by, now)
    return deal


def next_number() -> int:
    """The next deal number; numbers of rolled-back transactions are left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('deals_deal_number')")
        return int(cursor.fetchone()[0])


def _apply(deal: Deal, given: DealFields, *, has_lines: bool) -> None:
    if "name" in given:
        deal.name = clean_name(given["name"])
        deal.name_key = fold(deal.name)[:300]
    if "amount" in given and given["amount"] != deal.amount:
        if has_lines:
            message = _("The amount is the sum of the lines: change the lines.")
            raise Refused("amount_from_lines", message, field="amount")
        deal.amount = checked_amount(given["amount"], field="amount")
    if "expected_date" in given:
        deal.expected_date = given["expected_date"]
    if "source_id" in given:
        deal.source = _entry(Source, given["source_id"], "source_id")
    if "region_id" in given:
        deal.region = _entry(Region, given["region_id"], "region_id")
    if "note" in given:
        deal.note = clean_text(given["note"], field="note")


def _entry(model: type[Entry], wanted: int | None, field: str) -> Entry | None:
    if wanted is None:
        return None
    found = model._default_manager.filter(pk=wanted).first()
    if found is None:
        raise Refused("entry_unknown", _("This entry is not in the list any more."), field=field)
    return found


def _write_lines(deal: Deal, lines: Sequence[DealLine]) -> None:
    for line in lines:
        line.deal = deal
    DealLine.objects.bulk_create(lines)


def _locked(deal: Deal, revision: int) -> Deal:
    deal = Deal.objects.select_for_update(of=("self",)).get(pk=deal.pk)
    if deal.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    return deal


def _save(deal: Deal, now: datetime) -> None:
    deal.revision += 1
    deal.updated_at = now
    deal.save()
    wake_workers()  # a condition of the sales book may look at what has changed


def _check_open(deal: Deal) -> None:
    if deal.status != DealStatus.OPEN:
        raise Refused("deal_closed", _("The deal is closed: its amount and lines stay as they were."), field="amount")


def _currency() -> str:
    return Organisation.objects.values_list("currency", flat=True).first() or "RUB"


def _shown(deal: Deal) -> dict[str, Any]:
    return {
        "name": deal.name, "amount": deal.amount, "expected_date": deal.expected_date, "note": deal.note,
        "source_id": deal.source_id, "region_id": deal.region_id,
    }  # fmt: skip


def _record(kind: str, deal: Deal, payload: dict[str, Any], by: User, now: datetime) -> None:
    event = ledger.LedgerEvent(kind, now, actor_id=by.pk, client_id=deal.client_id, deal_id=deal.pk, payload=payload)
    ledger.record([event])
