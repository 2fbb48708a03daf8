"""The data a script may speak of, and where to fill in what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from kniga.clients.queries import ContactCard
from kniga.platform.phones import format_phone
from kniga.processes.desk.task_card import TaskCard
from kniga.processes.queries import GivenAnswer
from kniga.web.desk.answers import shown_answer
from kniga.web.desk.script import Gap
from kniga.web.formatting import day, money, number

if TYPE_CHECKING:
    from kniga.people.models import User


def script_values(
    task: TaskCard, contacts: Sequence[ContactCard], answers: Mapping[str, GivenAnswer], user: User
) -> dict[str, str]:
    """Texts by placeholder: client.*, contact.* (the main one), user.*, deal.*, answer.* of this process."""
    deal, client = task.deal, task.client
    contact = contacts[0] if contacts else None
    values = {
        "user.name": user.name,
        "user.email": user.email,
        "user.phone": format_phone(user.phone),
        "deal.name": deal.name,
        "deal.number": str(deal.number),
        "deal.amount": money(deal.amount, deal.currency) if deal.amount else "",
        "deal.expected_date": day(deal.expected_date) if deal.expected_date else "",
        "deal.stage": deal.stage,
        "deal.owner": deal.owner,
        "deal.product": deal.product,
    }
    if client is not None:
        values |= {
            "client.name": client.name,
            "client.region": client.region,
            "client.industry": client.industry,
            "client.address": client.address,
            "client.website": client.website,
            "client.inn": client.inn,
            "client.headcount": number(client.employees) if client.employees else "",
        }
    if contact is not None:
        values |= {
            "contact.name": contact.name,
            "contact.position": contact.position,
            "contact.phone": format_phone(contact.phones[0]) if contact.phones else "",
            "contact.email": contact.emails[0] if contact.emails else "",
        }
    given = {key: shown_answer(answer.question, answer.value, deal.currency) for key, answer in answers.items()}
    return values | {f"answer.{key}": text for key, text in given.items()}


def script_gaps(task: TaskCard, answers: Mapping[str, GivenAnswer]) -> dict[str, Gap]:
    """How missing data is called, and the card that lacks it."""
    client = f"/clients/{task.client.id}/" if task.client else ""
    deal = f"/deals/{task.deal.id}/"
    names = {
        "client": (_("client"), client),
        "client.name": (_("client's name"), client or deal),
        "client.region": (_("region"), client),
        "client.industry": (_("industry"), client),
        "contact": (_("contact"), client),
        "contact.name": (_("contact's name"), client),
        "contact.phone": (_("phone"), client),
        "contact.email": (_("e-mail"), client),
        "user": (_("your details"), ""),
        "deal": (_("deal"), deal),
        "deal.amount": (_("amount of the deal"), deal),
        "deal.expected_date": (_("expected date"), deal),
    }
    gaps = {key: Gap(label, href) for key, (label, href) in names.items()}
    return gaps | {f"answer.{key}": Gap(answer.question.label, "") for key, answer in answers.items()}
