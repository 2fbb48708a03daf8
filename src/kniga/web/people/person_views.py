"""One person: add, change, close the account, open it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.clients.queries import ClientFilter, count_clients
from kniga.deals.list_queries import DealFilter, deal_totals
from kniga.people.permissions import Act
from kniga.people.queries import get_managed_user, managed_branches, role_choices, team_list
from kniga.people.services import create_user, deactivate_user, reactivate_user, update_user
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.people.forms import PersonForm

if TYPE_CHECKING:
    from kniga.people.models import User

FRAGMENTS = {"person-form": "form"}


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_PEOPLE)
def create(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, "people/person.html", _context(request, PersonForm()))
    form = PersonForm.sent(request.POST)
    try:
        created = create_user(
            email=form.email,
            name=form.name,
            role=form.role,
            password=form.password or None,
            phone=form.phone,
            language=form.language,
            skills=form.named_skills(),
            branch=form.chosen_branch(request.user),
            team=form.chosen_team(request.user),
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        return refuse(request, "people/person.html", _context(request, form, refusal), fragments=FRAGMENTS)
    toast(request, _("%(name)s can sign in now") % {"name": created.name})
    return go_to(request, reverse("people:list"))


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_PEOPLE)
def edit(request: SignedInRequest, user_id: int) -> HttpResponse:
    person = get_managed_user(user=request.user, id=user_id)
    if request.method == "GET":
        shown = _context(request, PersonForm.of(person)) | _what_they_hold(request, person)
        return render_page(request, "people/person.html", shown)
    form = PersonForm.sent(request.POST)
    try:
        update_user(
            user=person,
            by=request.user,
            now=clock.now(),
            name=form.name,
            email=form.email,
            role=form.role,
            phone=form.phone,
            language=form.language,
            skills=form.named_skills(),
            branch=form.chosen_branch(request.user),
            team=form.chosen_team(request.user),
        )
    except Refused as refusal:
        context = _context(request, form, refusal) | _what_they_hold(request, person)
        return refuse(request, "people/person.html", context, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("people:list"))


@require_POST
@act_required(Act.MANAGE_PEOPLE)
def close(request: SignedInRequest, user_id: int) -> HttpResponse:
    person = get_managed_user(user=request.user, id=user_id)
    deactivate_user(user=person, by=request.user, now=clock.now())
    undo = reverse("people:reopen", args=[user_id])
    toast(request, _("The account of %(name)s is closed") % {"name": person.name}, undo_url=undo)
    return go_to(request, reverse("people:list"))


@require_POST
@act_required(Act.MANAGE_PEOPLE)
def reopen(request: SignedInRequest, user_id: int) -> HttpResponse:
    person = get_managed_user(user=request.user, id=user_id)
    reactivate_user(user=person, by=request.user, now=clock.now())
    toast(request, _("The account of %(name)s is open again") % {"name": person.name})
    return go_to(request, reverse("people:list"))


def _what_they_hold(request: SignedInRequest, person: User) -> dict[str, Any]:
    """The person, and the clients and open deals that somebody else must get before the account is closed."""
    deals = deal_totals(user=request.user, wanted=DealFilter(owner_id=person.pk))
    clients = count_clients(user=request.user, wanted=ClientFilter(owner_id=person.pk))
    is_self = person.pk == request.user.pk
    return {"person": person, "open_deals": deals.open_count, "clients": clients, "is_self": is_self}


def _context(request: SignedInRequest, form: PersonForm, refusal: Refused | None = None) -> dict[str, Any]:
    return {
        "person": None,
        "form": form,
        "errors": field_errors(refusal) if refusal else {},
        "roles": role_choices(),
        "branches": [(branch.id, branch.name) for branch in managed_branches(user=request.user)],
        "teams": [(team.id, f"{team.branch} · {team.name}") for team in team_list(user=request.user)],
    }
