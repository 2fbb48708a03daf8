"""The deal's card: stages, next step, facts and lines edited in place, timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.clients.queries import contacts_of, sees_client
from kniga.deals.choices import choices_for
from kniga.deals.loss_reasons import reason_name
from kniga.deals.queries import get_visible_deal, lines_of, stage_steps
from kniga.deals.services import set_lines, update_deal
from kniga.documents.queries import documents_of_deal, letters_of_deal
from kniga.mailboxes.queries import received_of_deal
from kniga.people.permissions import Act, may
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.correlation.noting import notable_messages
from kniga.processes.desk.deal_queries import open_tasks_of_deal, startable_processes
from kniga.processes.desk.timeline import timeline_of_deal
from kniga.processes.desk.wait_queries import next_wait, processes_in_work
from kniga.processes.services import start_process
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.clients.timeline import timeline_context
from kniga.web.deals.forms import DealForm, LineForm, deal_fields, line_inputs, lines_as_typed, typed_lines
from kniga.web.deals.presenters import stage_entries
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast

if TYPE_CHECKING:
    from kniga.deals.models import Deal

TEMPLATE = "deals/card.html"
FRAGMENTS = {"deal-facts": "facts", "deal-lines": "lines"}


@require_safe
@signed_in
def show(request: SignedInRequest, deal_id: int) -> HttpResponse:
    deal = get_visible_deal(user=request.user, id=deal_id)
    return render_page(request, TEMPLATE, card_context(request, deal), fragments=FRAGMENTS)


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
def edit(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """The facts as a form in their place; without JavaScript it is the same page with the form open."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    choices = {"choices": choices_for(user=request.user, entity=Entity.DEAL)}
    if request.method != "POST":
        context = card_context(request, deal) | choices | {"form": DealForm.of(deal)}
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    try:
        fields = deal_fields(request.POST)
        update_deal(deal=deal, revision=_revision(request.POST), by=request.user, now=clock.now(), **fields)
    except Refused as refusal:
        shown = {"form": DealForm.sent(request.POST), "errors": field_errors(refusal)}
        return refuse(request, TEMPLATE, card_context(request, deal) | choices | shown, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("deals:card", args=[deal.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.WORK_DEALS)
def lines(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """The products of the deal as a form in their place."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    context = card_context(request, deal)
    if request.method != "POST":
        context["line_forms"] = [*lines_as_typed(context["lines"]), LineForm()]
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    typed = typed_lines(request.POST)
    try:
        given = line_inputs(typed, request.user)
        set_lines(deal=deal, lines=given, revision=_revision(request.POST), by=request.user, now=clock.now())
    except Refused as refusal:
        context |= {"line_forms": [*typed, LineForm()], "errors": field_errors(refusal)}
        return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("deals:card", args=[deal.pk]))


@require_POST
@act_required(Act.WORK_DEALS)
def start(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """Start a process for an open deal that runs none, e.g. one that came by an import or whose process was stopped."""
    get_visible_deal(user=request.user, id=deal_id)
    key = request.POST.get("process", "")
    start_process(deal_id=deal_id, process_key=key, by=request.user, now=clock.now())
    toast(request, _("The first task is on the desk"))
    return go_to(request, reverse("deals:card", args=[deal_id]))


@require_safe
@signed_in
def timeline(request: SignedInRequest, deal_id: int) -> HttpResponse:
    deal = get_visible_deal(user=request.user, id=deal_id)
    group, before = request.GET.get("group", ""), request.GET.get("before") or None
    page = timeline_of_deal(user=request.user, deal=deal, groups=[group] if group else (), before=before)
    path = reverse("deals:timeline", args=[deal.pk])
    context = timeline_context(path, group, page) | {
        "title": deal.name,
        "back": (deal.name, reverse("deals:card", args=[deal.pk])),
        "shows_deals": False,
    }
    fragments = {"timeline": "timeline", "timeline-more": "entries"}
    return render_page(request, "clients/timeline.html", context, fragments=fragments)


@require_safe
@signed_in
def processes(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """What the deal's processes wait for, and its documents: fetched by the card when it is shown."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    return render_page(request, "deals/processes.html", processes_context(request, deal), block="panels")


def processes_context(request: SignedInRequest, deal: Deal) -> dict[str, Any]:
    """The context of deals/processes.html. A plain sale waits for nobody but people: its panel is for those who may
    steer it."""
    in_work = processes_in_work(user=request.user, deal=deal)
    may_steer = may(request.user, Act.STEER)
    return {
        "deal": deal,
        "in_work": [one for one in in_work if may_steer or one.waits or one.status == "suspended"],
        "may_steer": may_steer,
        "steered": None,
        "steer_sent": {},
        "notable": notable_messages(deal=deal) if may(request.user, Act.WORK_DEALS) else (),
        "note_errors": {},
        "channels": {"call": _("by telephone"), "email": _("by e-mail"), "form": _("by a form")},
        "documents": documents_of_deal(user=request.user, deal=deal),
        "letters": letters_of_deal(user=request.user, deal=deal),
        "received": received_of_deal(user=request.user, deal_id=deal.pk),
    }


def card_context(request: SignedInRequest, deal: Deal) -> dict[str, Any]:
    """The context of deals/card.html, nothing being edited."""
    now = clock.now()
    tasks = open_tasks_of_deal(user=request.user, deal=deal)
    reason = deal.loss_reason
    in_work = processes_in_work(user=request.user, deal=deal) if deal.status == "open" and not tasks else ()
    return {
        "deal": deal,
        "stages": stage_entries(stage_steps(user=request.user, deal=deal, now=now), deal.status),
        "next_task": tasks[0] if tasks else None,
        "other_tasks": tasks[1:],
        "wait": next_wait(in_work),
        "processes": _processes(request, deal) if not tasks and not in_work else (),
        "lines": lines_of(user=request.user, deal=deal),
        "contacts": contacts_of(user=request.user, client=deal.client) if deal.client else (),
        "sees_client": deal.client is not None and sees_client(user=request.user, client=deal.client),
        "reason": reason_name(reason.key, reason.name) if reason else "",
        "days_open": ((deal.closed_at or now) - deal.opened_at).days,
        "may_work": may(request.user, Act.WORK_DEALS),
        "may_assign": may(request.user, Act.REASSIGN),
        "form": None,
        "line_forms": None,
        "errors": {},
    }


def _processes(request: SignedInRequest, deal: Deal) -> list[tuple[str, str]]:
    """What an open deal for which nothing runs may be started with: only processes whose stages are the deal's."""
    if deal.status != "open" or not may(request.user, Act.WORK_DEALS):
        return []
    options = startable_processes(user=request.user)
    return [(one.key, one.name) for one in options if one.pipeline_key == deal.pipeline.key]


def _revision(data: QueryDict) -> int:
    revision = data.get("revision", "")
    return int(revision) if revision.isdecimal() else 0
