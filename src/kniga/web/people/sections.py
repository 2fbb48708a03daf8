"""The tabs over the pages of people: what this person may open of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.people.permissions import Act, may

if TYPE_CHECKING:
    from kniga.people.models import User

Tab = tuple[str, str, str, None]


def people_tabs(user: User) -> list[Tab]:
    """Entries of the macro `tabs`."""
    found: list[Tab] = [
        ("people", _("People"), reverse("people:list"), None),
        ("teams", _("Branches and teams"), reverse("people:teams"), None),
    ]
    if may(user, Act.MANAGE_ACCESS):
        found.append(("access", _("Who sees what"), reverse("people:access"), None))
    if may(user, Act.MANAGE_ORGANISATION):
        found.append(("organisation", _("Organisation"), reverse("people:organisation"), None))
        found.append(("mailboxes", _("Mailboxes"), reverse("mailboxes:list"), None))
    return found
