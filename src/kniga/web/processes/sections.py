"""The tabs over the pages of the sales book: what this person may open of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.people.permissions import Act, may

if TYPE_CHECKING:
    from kniga.people.models import User

Tab = tuple[str, str, str, str | None]


def book_tabs(user: User) -> list[Tab]:
    """Entries of the macro `tabs`: what one reads first, then what one keeps in order."""
    found: list[Tab] = [
        ("book", _("The book"), reverse("salesbook:book"), None),
        ("processes", _("Processes"), reverse("processes:list"), None),
        ("map", _("Technology map"), reverse("salesbook:map"), None),
    ]
    if may(user, Act.STEER):
        found.append(("readers", _("Who has read it"), reverse("salesbook:readers"), None))
    if may(user, Act.EDIT_BOOK):
        found.append(("templates", _("Templates"), reverse("documents:templates"), None))
        found.append(("forms", _("Website forms"), reverse("forms:list"), None))
    if may(user, Act.STEER):
        found.append(("incidents", _("Incidents"), reverse("processes:incidents"), "live"))
        found.append(("messages", _("Messages"), reverse("processes:messages"), None))
    return found
