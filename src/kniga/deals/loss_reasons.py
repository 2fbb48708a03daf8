"""Why deals are lost: the seeded reasons, named in the language of the page; one's own keep their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kniga.deals.models import LossReason

NAMES: Final[dict[str, str | Promise]] = {
    "price": _("Price"),
    "competitor": _("Chose a competitor"),
    "no_need": _("No need"),
    "no_budget": _("No budget"),
    "no_answer": _("No answer"),
    "bad_timing": _("Bad timing"),
    "terms": _("Terms did not suit"),
    "other": _("Other reason"),
}


@dataclass(frozen=True, slots=True)
class ReasonOption:
    """A reason as a choice."""

    id: int
    key: str
    name: str


def reason_name(key: str, stored: str = "") -> str:
    """What people read for a reason, in the language of the page; "" for no reason."""
    return str(NAMES.get(key, stored or key))


def loss_reason_options() -> tuple[ReasonOption, ...]:
    """The active reasons in their order."""
    found = LossReason.objects.filter(is_active=True).order_by("position", "id").values_list("id", "key", "name")
    return tuple(ReasonOption(id_, key, reason_name(key, name)) for id_, key, name in found)
