"""How far each role sees clients, deals and tasks: one table, one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.people.access import DEFAULT_LEVELS, present_levels
from kniga.people.access_services import set_access_levels
from kniga.people.permissions import HIGH_ROLES, Act
from kniga.people.roles import Entity, Level, Role
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import go_to, refuse, render_page, toast
from kniga.web.people.sections import people_tabs

TEMPLATE = "people/access.html"


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_ACCESS)
def access(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, TEMPLATE, _context(request))
    try:
        changed = set_access_levels(levels=_sent(request.POST), by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request) | {"problem": refusal.message})
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


@dataclass(frozen=True, slots=True)
class Cell:
    """A select of the table; `usual` names the default where the level differs from it."""

    field: str
    label: str
    level: int
    usual: str


def _cell(role: Role, entity: Entity, level: Level) -> Cell:
    default = DEFAULT_LEVELS[role][entity]
    usual = "" if level is default else _("usually: %(level)s") % {"level": default.label}
    return Cell(f"{role}-{entity}", str(entity.label), int(level), usual)


def _explained() -> list[tuple[str, str]]:
    texts = {
        Level.NONE: _("no record at all, except tasks given to the person"),
        Level.OWN: _("what the person owns"),
        Level.TEAM: _("what their team and the teams they lead own"),
        Level.BRANCH: _(
            "what anybody of their branch owns; who has no branch: a head everything, others what their team owns"
        ),
        Level.ALL: _("every record, those without an owner too"),
    }
    return [(str(level.label), text) for level, text in texts.items()]


def _context(request: SignedInRequest) -> dict[str, Any]:
    present = present_levels()
    rows = [
        (str(role.label), [_cell(role, entity, present[role, entity]) for entity in Entity])
        for role in Role
        if role not in HIGH_ROLES
    ]
    return {
        "tabs_shown": people_tabs(request.user),
        "rows": rows,
        "explained": _explained(),
        "entities": [str(entity.label) for entity in Entity],
        "levels": [(int(level), str(level.label)) for level in Level],
        "problem": "",
    }
