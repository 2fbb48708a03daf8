"""Texts of letters and documents with the deal's data filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from kniga.clients.models import Channel
from kniga.platform.phones import format_phone
from kniga.platform.sqlparts import rows_of
from kniga.processes.actions.doing import ActionFailed, Job
from kniga.processes.definitions import runnable_version
from kniga.processes.effects import loops_over_contacts
from kniga.processes.models import Instance
from kniga.processes.reading import load_data
from kniga.rules import Value

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_DEAL: Final = """
SELECT d.name, d.number::text, d.amount, d.currency, d.expected_date, coalesce(s.name, ''), coalesce(p.name, ''),
       coalesce(o.name, ''), coalesce(o.email, ''), coalesce(o.phone, ''), coalesce(c.name, ''), coalesce(r.name, ''),
       coalesce(n.name, ''), coalesce(c.address, ''), coalesce(c.website, ''), coalesce(c.inn, ''),
       coalesce(k.name, ''), coalesce(k.position, ''), k.id, i.data::text
FROM processes_instance i JOIN deals_deal d ON d.id = i.deal_id
LEFT JOIN deals_stage s ON s.id = d.stage_id
LEFT JOIN catalog_product p ON p.id = d.product_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN clients_region r ON r.id = c.region_id
LEFT JOIN clients_industry n ON n.id = c.industry_id
LEFT JOIN LATERAL (SELECT * FROM clients_contact k WHERE k.client_id = d.client_id
                   AND (%s::text IS NULL OR k.id::text = %s::text)
                   ORDER BY NOT k.is_primary, k.id LIMIT 1) k ON true
WHERE i.id = %s
"""
_NAMES: Final = (
    "deal.name", "deal.number", "deal.amount", "deal.currency", "deal.expected_date", "deal.stage", "deal.product",
    "user.name", "user.email", "user.phone", "client.name", "client.region", "client.industry", "client.address",
    "client.website", "client.inn", "contact.name", "contact.position",
)  # fmt: skip
PLACEHOLDERS: Final = (*_NAMES, "contact.phone", "contact.email")
"""What a text may speak of, beside `answer.<key of a question>`."""


def letter_values(*, instance_id: int, contact: str | None) -> dict[str, str]:
    """Texts by placeholder: deal.*, client.*, contact.* (the main one, or the one with the id `contact`), user.* (the
    deal's owner) and answer.* of the process; one statement for the deal, one for the contact's addresses."""
    row = rows_of(_DEAL, [contact, contact, instance_id])[0]
    values = {name: _text(value) for name, value in zip(_NAMES, row, strict=False)}
    values["user.phone"] = format_phone(values["user.phone"]) if values["user.phone"] else ""
    channels = Channel.objects.filter(contact_id=row[18]).order_by("-is_primary", "id").values_list("kind", "value")
    for kind, value in channels:
        values.setdefault(f"contact.{kind}", format_phone(value) if kind == "phone" else value)
    return values | {f"answer.{key}": _text(value) for key, value in load_data(row[19]).items()}


def contact_of(job: Job) -> str | None:
    """The id of the contact a step is done for, where it is done for each contact; else None: the main one."""
    version_id = Instance.objects.values_list("version_id", flat=True).get(pk=job.instance_id)
    element = runnable_version(version_id).definition.elements.get(job.element)
    return job.item if loops_over_contacts(element) else None


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in. Raises ActionFailed naming what is not known: a letter with holes
    is not sent."""
    missing = missing_in(text, values)
    if missing:
        message = _("The letter speaks of “%(names)s”, which nobody has filled in.")
        raise ActionFailed(message % {"names": ", ".join(missing)}, code="gaps", is_final=True)
    return filled_in(text, values)


def missing_in(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders of the text nobody knows a value for, each once."""
    return tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if not values.get(name)))


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in; `missing_in` must have found nothing."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _text(value: Value | Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value:,f}".replace(",", " ")
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
