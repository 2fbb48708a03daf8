"""Values of addresses and forms: ids, dates, numbers. A broken filter is no filter; a broken field is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.http import QueryDict
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _

from kniga.platform.errors import Refused
from kniga.platform.money import parse_decimal, whole_cents


def id_or_none(text: str | None) -> int | None:
    """An id from an address, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def date_or_none(text: str | None) -> date | None:
    """A day from an address or a form (2026-11-23, 23.11.2026), or None for anything else."""
    parts = (text or "").split(".")
    try:
        found = date.fromisoformat("-".join(reversed(parts)) if len(parts) == 3 else text or "")
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2200 else None


def moment_or_none(text: str | None) -> datetime | None:
    """A moment with its time zone from an address, or None for anything else."""
    try:
        found = datetime.fromisoformat((text or "")[:40])
    except ValueError:
        return None
    return found if found.tzinfo else None


LONGEST_REASON: Final = 1_000
"""Characters of a reason: a sentence or two, read in lists."""


def sent_reason(data: QueryDict) -> str:
    """Why somebody does something, as a form sent it. Raises Refused `too_long`: what is cut off nobody can read."""
    reason = data.get("reason", "").strip()
    if len(reason) > LONGEST_REASON:
        message = _("Shorten this to %(number)s characters.")
        raise Refused("too_long", message % {"number": LONGEST_REASON}, field="reason")
    return reason


def sent_id(data: QueryDict, field: str) -> int | None:
    """The id a form sent; None for an empty choice. Raises Refused `entry_unknown`."""
    text = data.get(field, "").strip()
    found = id_or_none(text)
    if text and found is None:
        raise Refused("entry_unknown", _("Choose an entry of the list."), field=field)
    return found


def sent_date(data: QueryDict, field: str) -> date | None:
    """The day a form sent; None for an empty field. Raises Refused `date_invalid`."""
    text = data.get(field, "").strip()
    found = date_or_none(text)
    if text and found is None:
        raise Refused("date_invalid", _("Enter a date like 2026-12-31."), field=field)
    return found


def sent_moment(data: QueryDict, field: str) -> datetime | None:
    """The moment a form sent, in the time zone of the page; None for an empty field. Raises Refused
    `moment_invalid`."""
    text = data.get(field, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        moment = make_aware(found) if found.tzinfo is None else found
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not 1900 <= moment.year <= 2200:
        raise Refused("moment_invalid", _("Enter a day and a time like 2026-12-31 09:00."), field=field)
    return moment


def moment_for_field(moment: datetime) -> str:
    """A moment as a field of the kind datetime-local shows it, in the time zone of the page."""
    return localtime(moment).strftime("%Y-%m-%dT%H:%M")


def sent_decimal(data: QueryDict, field: str) -> Decimal | None:
    """The number a form sent, as people write it; None for an empty field. Raises Refused `number_invalid`."""
    text = data.get(field, "").strip()
    return parse_decimal(text, field=field) if text else None


def sent_amount(data: QueryDict, field: str) -> Decimal | None:
    """The amount a form sent; None for an empty field. Raises Refused `number_invalid`, `amount_places`."""
    amount = sent_decimal(data, field)
    return None if amount is None else whole_cents(amount, field=field)


def sent_whole(data: QueryDict, field: str) -> int | None:
    """The whole number a form sent; None for an empty field. Raises Refused `number_invalid`."""
    number = sent_decimal(data, field)
    if number is not None and number != number.to_integral_value():
        raise Refused("number_invalid", _("Enter a whole number."), field=field)
    return None if number is None else int(number)


def without(params: Mapping[str, str], *names: str) -> dict[str, str]:
    """The parameters of an address but for these."""
    return {key: value for key, value in params.items() if key not in names}
