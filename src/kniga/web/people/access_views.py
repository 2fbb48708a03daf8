"""How far each role sees clients, deals and tasks: one table, one form."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.people.access import present_levels
from kniga.people.access_services import set_access_levels
from kniga.people.permissions import HIGH_ROLES, Act
from kniga.people.roles import Entity, Level, Role
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import go_to, refuse, render_page, toast

TEMPLATE = "people/access.html"


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_ACCESS)
def access(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, TEMPLATE, _context())
    try:
        changed = set_access_levels(levels=_sent(request.POST), by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context() | {"problem": refusal.message})
    toast(request, _("Saved") if changed else _("Nothing was changed"))
    return go_to(request, reverse("people:access"))


def _sent(data: QueryDict) -> dict[tuple[Role, Entity], Level]:
    sent: dict[tuple[Role, Entity], Level] = {}
    for role in Role:
        for entity in Entity:
            text = data.get(f"{role}-{entity}")
            if text is None:
                continue
            if text not in {str(int(level)) for level in Level}:
                raise Refused("level_unknown", _("Choose one of the levels."), field=f"{role}-{entity}")
            sent[role, entity] = Level(int(text))
    return sent


def _context() -> dict[str, Any]:
    present = present_levels()
    rows = [
        (str(role.label), [(f"{role}-{entity}", str(entity.label), int(present[role, entity])) for entity in Entity])
        for role in Role
        if role not in HIGH_ROLES
    ]
    return {
        "rows": rows,
        "entities": [str(entity.label) for entity in Entity],
        "levels": [(int(level), str(level.label)) for level in Level],
        "problem": "",
    }
