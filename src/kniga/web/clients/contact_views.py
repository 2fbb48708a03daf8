"""Contacts of a client: added, changed and removed in the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.clients.contact_services import add_contact, remove_contact, update_contact
from kniga.clients.queries import contacts_of, get_visible_client, get_visible_contact
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.clients.card_views import TEMPLATE, card_context
from kniga.web.clients.forms import ContactForm
from kniga.web.once import made_once
from kniga.web.pages import field_errors, refuse, render_page, toast

if TYPE_CHECKING:
    from kniga.clients.models import Client

FRAGMENTS = {"client-contacts": "contacts"}


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
@made_once
def add(request: SignedInRequest, client_id: int) -> HttpResponse:
    client = get_visible_client(user=request.user, id=client_id)
    if request.method != "POST":
        return _form(request, client, ContactForm(), None)
    form = ContactForm.sent(request.POST)
    try:
        add_contact(client=client, contact=form.as_input(), by=request.user, now=clock.now())
    except Refused as refusal:
        return _form(request, client, form, None, refusal)
    return _card(request, client)


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
def edit(request: SignedInRequest, contact_id: int) -> HttpResponse:
    contact = get_visible_contact(user=request.user, id=contact_id)
    client = get_visible_client(user=request.user, id=contact.client_id)
    if request.method != "POST":
        cards = contacts_of(user=request.user, client=client)
        card = next((card for card in cards if card.id == contact_id), None)
        if card is None:
            raise NotVisible
        return _form(request, client, ContactForm.of(card), contact_id)
    form = ContactForm.sent(request.POST)
    try:
        update_contact(contact=contact, given=form.as_input(), by=request.user, now=clock.now())
    except Refused as refusal:
        return _form(request, client, form, contact_id, refusal)
    return _card(request, client)


@require_POST
@act_required(Act.WORK_DEALS)
def remove(request: SignedInRequest, contact_id: int) -> HttpResponse:
    contact = get_visible_contact(user=request.user, id=contact_id)
    client = get_visible_client(user=request.user, id=contact.client_id)
    remove_contact(contact=contact, by=request.user, now=clock.now())
    toast(request, _("The contact %(name)s is removed") % {"name": contact.name})
    return _card(request, client)


def _form(
    request: SignedInRequest, client: Client, form: ContactForm, editing: int | None, refusal: Refused | None = None
) -> HttpResponse:
    context: dict[str, Any] = card_context(request, client) | {"contact_form": form, "editing_contact": editing}
    if refusal is None:
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    return refuse(request, TEMPLATE, context | {"errors": field_errors(refusal)}, fragments=FRAGMENTS)


def _card(request: SignedInRequest, client: Client) -> HttpResponse:
    """The contacts as they are now: in place for htmx, else the card."""
    response = render_page(request, TEMPLATE, card_context(request, client), fragments=FRAGMENTS)
    if request.headers.get("HX-Request") != "true":
        response.status_code = 303
        response["Location"] = reverse("clients:card", args=[client.pk])
    return response
