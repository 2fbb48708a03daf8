"""Branches and teams: add and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.people.permissions import Act
from kniga.people.queries import (
    assignable_users,
    get_assignable_user,
    get_branch,
    get_team,
    managed_branches,
)
from kniga.people.services import create_branch, create_team, update_team
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.people.forms import TeamForm, number_or_none

if TYPE_CHECKING:
    from kniga.people.models import User


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_PEOPLE)
def create_team_page(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, "people/team.html", _context(request, TeamForm()))
    form = TeamForm.sent(request.POST)
    branch_id = number_or_none(form.branch)
    try:
        if branch_id is None:
            raise Refused("branch_missing", _("Choose the branch of the team."), field="branch")
        branch = get_branch(user=request.user, id=branch_id)
        lead = _lead(request, form)
        create_team(name=form.name, branch=branch, lead=lead, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, "people/team.html", _context(request, form, refusal))
    toast(request, _("The team is added"))
    return go_to(request, reverse("people:teams"))


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_PEOPLE)
def edit_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = get_team(user=request.user, id=team_id)
    if request.method == "GET":
        return render_page(request, "people/team.html", _context(request, TeamForm.of(team)) | {"team": team})
    form = TeamForm.sent(request.POST)
    lead, is_active = _lead(request, form), form.is_active == "on"
    try:
        update_team(team=team, name=form.name, lead=lead, is_active=is_active, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, "people/team.html", _context(request, form, refusal) | {"team": team})
    toast(request, _("Saved"))
    return go_to(request, reverse("people:teams"))


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_BRANCHES)
def create_branch_page(request: SignedInRequest) -> HttpResponse:
    name = request.POST.get("name", "")
    if request.method == "GET":
        return render_page(request, "people/branch.html", {"name": name, "errors": {}})
    try:
        create_branch(name=name, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, "people/branch.html", {"name": name, "errors": field_errors(refusal)})
    toast(request, _("The branch is added"))
    return go_to(request, reverse("people:teams"))


def _lead(request: SignedInRequest, form: TeamForm) -> User | None:
    lead_id = number_or_none(form.lead)
    return get_assignable_user(user=request.user, id=lead_id) if lead_id else None


def _context(request: SignedInRequest, form: TeamForm, refusal: Refused | None = None) -> dict[str, Any]:
    return {
        "team": None,
        "form": form,
        "errors": field_errors(refusal) if refusal else {},
        "branches": [(branch.id, branch.name) for branch in managed_branches(user=request.user)],
        "leads": [(person.id, person.name) for person in assignable_users(user=request.user)],
    }
