"""Steering a deal's processes by hand: pause, resume, stop, send to a step, each with a reason; noting that a message
has come."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kniga.deals.queries import get_visible_deal
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.correlation.noting import note_message
from kniga.processes.desk.wait_queries import processes_in_work
from kniga.processes.services import cancel_instance, resume_instance, send_to_step, suspend_instance
from kniga.web.access import SignedInRequest, act_required
from kniga.web.deals.card_views import processes_context
from kniga.web.pages import field_errors, go_to, refuse, toast
from kniga.web.params import sent_reason


@require_POST
@act_required(Act.STEER)
def steer(request: SignedInRequest, deal_id: int, instance_id: int) -> HttpResponse:
    """Do what the pressed button says (`act`: pause, resume, stop or send) with a process of the deal."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    if instance_id not in {one.instance_id for one in processes_in_work(user=request.user, deal=deal)}:
        raise NotVisible
    try:
        told = _steer(request, instance_id)
    except Refused as refusal:
        shown = {"steer_errors": field_errors(refusal), "steered": instance_id, "steer_sent": request.POST}
        return refuse(request, "deals/processes.html", processes_context(request, deal) | shown)
    toast(request, told)
    return go_to(request, reverse("deals:card", args=[deal_id]))


@require_POST
@act_required(Act.WORK_DEALS)
def note(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """Note that the message `name` has come by the `channel` the person says."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    name, channel = request.POST.get("name", "")[:200], request.POST.get("channel", "")
    try:
        note_message(deal_id=deal_id, name=name, source=channel, by=request.user, now=clock.now())
    except Refused as refusal:
        shown = {"note_errors": field_errors(refusal)}
        return refuse(request, "deals/processes.html", processes_context(request, deal) | shown)
    toast(request, _("Noted: the process has the message"))
    return go_to(request, reverse("deals:card", args=[deal_id]))


def _steer(request: SignedInRequest, instance_id: int) -> str:
    by, now = request.user, clock.now()
    reason = sent_reason(request.POST)
    act = request.POST.get("act", "")
    if act == "pause":
        suspend_instance(instance_id=instance_id, reason=reason, by=by, now=now)
        return _("The process is paused")
    if act == "resume":
        resume_instance(instance_id=instance_id, reason=reason, by=by, now=now)
        return _("The process goes on")
    if act == "stop":
        cancel_instance(instance_id=instance_id, reason=reason, by=by, now=now)
        return _("The process is stopped")
    element = request.POST.get("element", "")
    if not element:
        raise Refused("unknown_element", _("Choose the step the deal is sent to."), field="element")
    send_to_step(instance_id=instance_id, element=element, reason=reason, by=by, now=now)
    return _("The deal is sent to the step")
