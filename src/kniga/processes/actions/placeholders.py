"""Texts of letters and documents with the deal's data filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language

from kniga.clients.models import Channel
from kniga.documents.line_tables import lines_as_text, shown_lines
from kniga.documents.placeholders import DEAL_PLACEHOLDERS
from kniga.platform.phones import format_phone
from kniga.platform.said import said
from kniga.platform.said import said as _
from kniga.platform.shown_money import shown_money
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import organisation_calendar
from kniga.processes.actions.doing import ActionFailed, Job
from kniga.processes.models import Instance
from kniga.processes.running.effects import loops_over_contacts
from kniga.processes.running.reading import load_data
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.script_words import gaps_in_words
from kniga.rules import Value

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_CURRENCY_BEHIND: Final = re.compile(r"(\{\{\s*deal\.amount\s*\}\})\s*\{\{\s*deal\.currency\s*\}\}")
_DAY: Final = {"ru": "dd.MM.y"}
"""How business papers write a day; other languages name the month, which nobody takes for the day."""
_DEAL: Final = """
SELECT d.name, d.number::text, d.amount, d.currency, d.expected_date, coalesce(s.name, ''), coalesce(p.name, ''),
       coalesce(o.name, ''), coalesce(o.email, ''), coalesce(o.phone, ''), coalesce(c.name, ''), coalesce(r.name, ''),
       coalesce(n.name, ''), coalesce(c.address, ''), coalesce(c.website, ''), coalesce(c.inn, ''),
       coalesce(k.name, ''), coalesce(k.position, ''), k.id, i.data::text, i.version_id, d.id
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


def letter_values(*, instance_id: int, contact: str | None, now: datetime) -> dict[str, str]:
    """Texts by placeholder: deal.*, client.*, contact.* (the main one, or the one with the id `contact`), user.* (the
    deal's owner), today and answer.* of the process; a statement for the deal, for its lines, for the contact's
    addresses."""
    row = rows_of(_DEAL, [contact, contact, instance_id])[0]
    values = {name: _text(value) for name, value in zip(DEAL_PLACEHOLDERS, row, strict=False)}
    currency, types = row[DEAL_PLACEHOLDERS.index("deal.currency")], runnable_version(row[20]).definition.question_types
    values["deal.amount"] = _text(row[DEAL_PLACEHOLDERS.index("deal.amount")], currency)
    values["deal.lines"] = lines_as_text(shown_lines(deal_id=row[21]))
    values["today"] = _text(now.astimezone(organisation_calendar().zone).date())
    values["user.phone"] = format_phone(values["user.phone"]) if values["user.phone"] else ""
    channels = Channel.objects.filter(contact_id=row[18]).order_by("-is_primary", "id").values_list("kind", "value")
    for kind, value in channels:
        values.setdefault(f"contact.{kind}", format_phone(value) if kind == "phone" else value)
    for key, answer in load_data(row[19]).items():
        values[f"answer.{key}"] = _text(answer, currency if types.get(key) == "money" else "")
    return values


def contact_of(job: Job) -> str | None:
    """The id of the contact a step is done for, where it is done for each contact; else None: the main one."""
    version_id = Instance.objects.values_list("version_id", flat=True).get(pk=job.instance_id)
    element = runnable_version(version_id).definition.elements.get(job.element)
    return job.item if loops_over_contacts(element) else None


def named_gaps(instance_id: int, missing: Iterable[str]) -> str:
    """The names for people of placeholders nobody has filled in, in one line that later readers are told in theirs."""
    version_id = Instance.objects.values_list("version_id", flat=True).get(pk=instance_id)
    named = gaps_in_words(missing, runnable_version(version_id).definition)
    return said(", ".join(["%s"] * len(named))) % tuple(name for _key, name in named)


def filled(text: str, values: Mapping[str, str], *, instance_id: int) -> str:
    """The text with its placeholders filled in. Raises ActionFailed naming what is not known: a letter with holes
    is not sent."""
    missing = missing_in(text, values)
    if missing:
        message = _("The letter speaks of “%(names)s”, which nobody has filled in.")
        raise ActionFailed(message % {"names": named_gaps(instance_id, missing)}, code="gaps", is_final=True)
    return filled_in(text, values)


def missing_in(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders of the text nobody knows a value for, each once."""
    return tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if not values.get(name)))


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in; `missing_in` must have found nothing. An amount shows its currency by
    itself, so one that the text puts behind it is left out."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], _CURRENCY_BEHIND.sub(r"\1", text))


def filled_known(text: str, values: Mapping[str, str]) -> str:
    """The text with what is known filled in; the placeholders of the rest stay for a person to see."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1]) or match[0], _CURRENCY_BEHIND.sub(r"\1", text))


def _text(value: Value | Any, currency: str = "") -> str:
    """A value in the language of the text; an amount of money comes with its `currency`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    if isinstance(value, Decimal):
        return shown_money(value, currency, language) if currency else format_decimal(value, locale=language)
    if isinstance(value, datetime):
        return f"{_day(value.date(), language)} {value:%H:%M}"
    if isinstance(value, date):
        return _day(value, language)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _day(day: date, language: str) -> str:
    return format_date(day, _DAY.get(language, "d MMMM y"), locale=language)
