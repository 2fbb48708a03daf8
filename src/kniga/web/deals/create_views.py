"""Quick create of a deal: client, products, process; the first task comes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.catalog.queries import product_options
from kniga.clients.queries import get_visible_client
from kniga.clients.search import search_clients
from kniga.deals.choices import choices_for
from kniga.people.permissions import Act
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.desk.deal_queries import startable_processes
from kniga.processes.opening import open_deal
from kniga.web.access import SignedInRequest, act_required
from kniga.web.deals.forms import DealForm, LineForm, deal_fields, line_inputs, typed_lines
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import id_or_none

if TYPE_CHECKING:
    from kniga.clients.models import Client

TEMPLATE = "deals/create.html"
FRAGMENTS = {"deal-form": "form", "client-choices": "client_choices"}


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    client = _chosen_client(request)
    if request.method != "POST":
        context = _context(request, client, DealForm(), [LineForm()])
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    typed = typed_lines(request.POST)
    try:
        if client is None:
            raise Refused("client_missing", _("Choose the client of the deal."), field="client")
        deal_id = open_deal(
            client=client,
            process_key=request.POST.get("process", ""),
            lines=line_inputs(typed, request.user),
            by=request.user,
            now=clock.now(),
            **deal_fields(request.POST),
        )
    except Refused as refusal:
        context = _context(request, client, DealForm.sent(request.POST), [*typed, LineForm()])
        return refuse(request, TEMPLATE, context | {"errors": field_errors(refusal)}, fragments=FRAGMENTS)
    toast(request, _("The deal is open; its first task is on the desk"))
    return go_to(request, reverse("deals:card", args=[deal_id]))


@require_safe
@act_required(Act.WORK_DEALS)
def clients(request: SignedInRequest) -> HttpResponse:
    """The clients to choose from while their name is being typed."""
    context = _context(request, _chosen_client(request), DealForm(), [])
    return render_page(request, TEMPLATE, context, fragments=FRAGMENTS, block="client_choices")


@require_safe
@act_required(Act.WORK_DEALS)
def products(request: SignedInRequest) -> HttpResponse:
    """The products whose name or code holds what is being typed, as options of a data list."""
    text = request.GET.get("product", "")
    found = product_options(user=request.user, text=text) if text.strip() else ()
    return render_page(request, "deals/product_options.html", {"products": found}, block="options")


@require_safe
@act_required(Act.WORK_DEALS)
def blank_line(request: SignedInRequest) -> HttpResponse:
    """One more empty line of a form."""
    return render_page(request, "deals/blank_line.html", {}, block="line")


def _chosen_client(request: SignedInRequest) -> Client | None:
    data = request.POST if request.method == "POST" else request.GET
    client_id = id_or_none(data.get("client"))
    return get_visible_client(user=request.user, id=client_id) if client_id else None


def _context(request: SignedInRequest, client: Client | None, form: DealForm, lines: list[LineForm]) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else request.GET
    text = data.get("client_text", "").strip()
    return {
        "client": client,
        "client_text": text,
        "found": search_clients(user=request.user, text=text, limit=8),
        "form": form,
        "lines": lines,
        "errors": {},
        "process": data.get("process", ""),
        "processes": [(one.key, one.name) for one in startable_processes(user=request.user)],
        "choices": choices_for(user=request.user, entity=Entity.DEAL),
    }
