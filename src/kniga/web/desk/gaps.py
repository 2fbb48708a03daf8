"""What a document or a letter lacks: how it is called, and where it is filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.urls import reverse

from kniga.processes.desk.task_card import get_task_card
from kniga.web.desk.script import Gap

if TYPE_CHECKING:
    from kniga.people.models import User


def gaps_of(missing: Iterable[tuple[str, str]], *, task_id: int, user: User) -> list[Gap]:
    """Placeholders nobody has filled in, with their names: each with the page where one does."""
    named = list(missing)
    if not named:
        return []
    card = get_task_card(user=user, task_id=task_id)
    client = reverse("clients:card", args=[card.client.id]) if card.client else ""
    deal = reverse("deals:card", args=[card.deal.id])
    places = {
        "client": client or deal, "contact": client or deal, "deal": deal, "user": reverse("people:profile"),
        "answer": reverse("desk:task", args=[task_id]),
    }  # fmt: skip
    return [Gap(label, places.get(name.partition(".")[0], "")) for name, label in named]
