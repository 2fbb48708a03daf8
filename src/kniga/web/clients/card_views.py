"""The client's card: next step, contacts, deals, facts edited in place, timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.clients.queries import contacts_of, get_visible_client
from kniga.clients.services import update_client
from kniga.deals.choices import choices_for
from kniga.deals.queries import deals_of_client
from kniga.people.permissions import Act, may
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.desk.deal_queries import open_tasks_of_client
from kniga.processes.desk.timeline import timeline_of_client
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.clients.forms import ClientForm, client_fields
from kniga.web.clients.presenters import kind_choices
from kniga.web.clients.timeline import timeline_context
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast

if TYPE_CHECKING:
    from kniga.clients.models import Client

TEMPLATE = "clients/card.html"
FRAGMENTS = {"client-facts": "facts", "client-contacts": "contacts"}


@require_safe
@signed_in
def show(request: SignedInRequest, client_id: int) -> HttpResponse:
    client = get_visible_client(user=request.user, id=client_id)
    return render_page(request, TEMPLATE, card_context(request, client), fragments=FRAGMENTS)


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
def edit(request: SignedInRequest, client_id: int) -> HttpResponse:
    """The facts as a form in their place; without JavaScript it is the same page with the form open."""
    client = get_visible_client(user=request.user, id=client_id)
    if request.method != "POST":
        return render_page(request, TEMPLATE, _editing(request, client, ClientForm.of(client)), fragments=FRAGMENTS)
    revision = request.POST.get("revision", "")
    try:
        update_client(
            client=client,
            revision=int(revision) if revision.isdecimal() else 0,
            by=request.user,
            now=clock.now(),
            **client_fields(request.POST),
        )
    except Refused as refusal:
        context = _editing(request, client, ClientForm.sent(request.POST)) | {"errors": field_errors(refusal)}
        return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("clients:card", args=[client.pk]))


@require_safe
@signed_in
def timeline(request: SignedInRequest, client_id: int) -> HttpResponse:
    client = get_visible_client(user=request.user, id=client_id)
    group, before = request.GET.get("group", ""), request.GET.get("before") or None
    page = timeline_of_client(user=request.user, client=client, groups=[group] if group else (), before=before)
    path = reverse("clients:timeline", args=[client.pk])
    context = timeline_context(path, group, page) | {
        "title": client.name,
        "back": (client.name, reverse("clients:card", args=[client.pk])),
        "shows_deals": True,
    }
    fragments = {"timeline": "timeline", "timeline-more": "entries"}
    return render_page(request, "clients/timeline.html", context, fragments=fragments)


def card_context(request: SignedInRequest, client: Client) -> dict[str, Any]:
    """The context of clients/card.html, nothing being edited."""
    tasks = open_tasks_of_client(user=request.user, client=client)
    return {
        "client": client,
        "contacts": contacts_of(user=request.user, client=client),
        "deals": deals_of_client(user=request.user, client=client),
        "next_task": tasks[0] if tasks else None,
        "other_tasks": tasks[1:],
        "may_work": may(request.user, Act.WORK_DEALS),
        "may_assign": may(request.user, Act.REASSIGN),
        "form": None,
        "contact_form": None,
        "editing_contact": None,
        "errors": {},
    }


def _editing(request: SignedInRequest, client: Client, form: ClientForm) -> dict[str, Any]:
    return card_context(request, client) | {
        "form": form,
        "choices": choices_for(user=request.user, entity=Entity.CLIENT),
        "kinds": kind_choices(),
    }
