"""Quick create of a client: present ones that look the same are shown while typing."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.clients.contact_services import ContactInput
from kniga.clients.duplicates import Duplicate, possible_duplicates
from kniga.clients.services import create_client
from kniga.deals.choices import choices_for
from kniga.people.permissions import Act
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.clients.forms import ClientForm, client_fields
from kniga.web.clients.presenters import kind_choices
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast

TEMPLATE = "clients/create.html"
FRAGMENTS = {"client-form": "form", "duplicates": "duplicates"}
# The form has one contact; its fields stand in the form under short names.
_FIELDS = {"contacts/0/phones/0": "phone", "contacts/0/emails/0": "email", "contacts/0/name": "contact"}


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        form = {"name": request.GET.get("name", "")}
        return render_page(request, TEMPLATE, _context(request, ClientForm(**form), {}, ()), fragments=FRAGMENTS)
    found = _duplicates(request, request.POST)
    try:
        if found and request.POST.get("anyway") != "on":
            raise Refused("duplicate", _("There is such a client already. Open it, or say that this is another one."))
        client = create_client(
            owner=request.user,
            contacts=_contacts(request.POST),
            by=request.user,
            now=clock.now(),
            **client_fields(request.POST),
        )
    except Refused as refusal:
        errors = {_FIELDS.get(field, field): texts for field, texts in field_errors(refusal).items()}
        context = _context(request, ClientForm.sent(request.POST), errors, found)
        return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)
    toast(request, _("The client %(name)s is there") % {"name": client.name})
    if request.POST.get("then") == "deal":
        return go_to(request, f"{reverse('deals:create')}?client={client.pk}")
    return go_to(request, reverse("clients:card", args=[client.pk]))


@require_safe
@act_required(Act.WORK_DEALS)
def duplicates(request: SignedInRequest) -> HttpResponse:
    """The part of the form that shows present clients like the one being typed."""
    found = _duplicates(request, request.GET)
    context = _context(request, ClientForm.sent(request.GET), {}, found)
    return render_page(request, TEMPLATE, context, fragments=FRAGMENTS, block="duplicates")


def _duplicates(request: SignedInRequest, data: QueryDict) -> tuple[Duplicate, ...]:
    return possible_duplicates(
        user=request.user,
        name=data.get("name", ""),
        inn=data.get("inn", ""),
        phone=data.get("phone", ""),
        email=data.get("email", ""),
    )


def _contacts(data: QueryDict) -> list[ContactInput]:
    name, phone, email = (data.get(field, "").strip() for field in ("contact", "phone", "email"))
    if not (name or phone or email):
        return []
    return [ContactInput(name or data.get("name", ""), phones=(phone,), emails=(email,))]


def _context(
    request: SignedInRequest, form: ClientForm, errors: dict[str, list[str]], found: tuple[Duplicate, ...]
) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else request.GET
    return {
        "form": form,
        "contact": {field: data.get(field, "") for field in ("contact", "phone", "email")},
        "anyway": data.get("anyway") == "on",
        "errors": errors,
        "duplicates": found,
        "choices": choices_for(user=request.user, entity=Entity.CLIENT),
        "kinds": kind_choices(),
    }
