"""A step's script as a rep will see it with a real client, before the step exists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kniga.clients.queries import ContactCard
from kniga.platform.phones import format_phone
from kniga.web.desk.script import Gap, render_script
from kniga.web.formatting import number
from kniga.web.processes.draft_words import placeholder_names

if TYPE_CHECKING:
    from kniga.clients.models import Client
    from kniga.people.models import User

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def preview_of(
    script: str, *, user: User, client: Client | None, contacts: Sequence[ContactCard]
) -> tuple[str, tuple[str, ...]]:
    """The script as safe HTML with the data of the client (None: with gaps), and the placeholders without a value."""
    values = {"user.name": user.name, "user.email": user.email, "user.phone": format_phone(user.phone)}
    if client is not None:
        values |= {
            "client.name": client.name,
            "client.region": "" if client.region is None else client.region.name,
            "client.industry": "" if client.industry is None else client.industry.name,
            "client.address": client.address,
            "client.website": client.website,
            "client.inn": client.inn,
            "client.headcount": number(client.employees) if client.employees else "",
        }
    if contacts:
        first = contacts[0]
        values |= {
            "contact.name": first.name,
            "contact.position": first.position,
            "contact.phone": format_phone(first.phones[0]) if first.phones else "",
            "contact.email": first.emails[0] if first.emails else "",
        }
    gaps = {name: Gap(label, "") for name, label in placeholder_names().items()}
    named = dict.fromkeys(_PLACEHOLDER.findall(script))
    return str(render_script(script, values, gaps)), tuple(name for name in named if not values.get(name))
