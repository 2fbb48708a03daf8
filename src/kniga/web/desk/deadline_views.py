"""A manager moves the deadline of an open task, saying why."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Conflict, Refused
from kniga.processes.running.deadlines import move_deadline
from kniga.web.access import SignedInRequest, act_required
from kniga.web.desk.task_page import task_context
from kniga.web.desk.task_views import TEMPLATE
from kniga.web.pages import field_errors, go_to, refuse, toast
from kniga.web.params import sent_moment


@require_POST
@act_required(Act.STEER)
def move(request: SignedInRequest, task_id: int) -> HttpResponse:
    """Move the deadline to the moment `to`; `reason` says why."""
    sent, now = request.POST, clock.now()
    reason = sent.get("reason", "")
    try:
        move_deadline(task_id=task_id, to=sent_moment(sent, "to"), reason=reason, by=request.user, now=now)
    except Conflict as refusal:  # the task is over: there is nothing left to move
        context = task_context(user=request.user, task_id=task_id, now=now, refused=refusal.message)
        return refuse(request, TEMPLATE, context)
    except Refused as refusal:
        context = task_context(user=request.user, task_id=task_id, now=now)
        shown = {"moment": sent.get("to", "")[:30], "reason": reason, "move_errors": field_errors(refusal)}
        return refuse(request, TEMPLATE, context | shown)
    toast(request, _("The deadline is moved"))
    return go_to(request, reverse("desk:task", args=[task_id]))
