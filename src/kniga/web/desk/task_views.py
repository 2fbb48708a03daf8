"""The task page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from kniga.platform import clock
from kniga.platform.errors import NotVisible
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.gone import reopened_for
from kniga.web.desk.task_page import task_context
from kniga.web.pages import render_page, toast

TEMPLATE = "desk/task.html"


@signed_in
def show(request: SignedInRequest, task_id: int) -> HttpResponse:
    """One task: script, what to do, client; for a task that is over, how it ended and what comes next. One that an
    undoing took away leads to the task it reopened."""
    try:
        context = task_context(user=request.user, task_id=task_id, now=clock.now())
    except NotVisible:
        reopened = reopened_for(request, task_id)
        if reopened is None:
            raise
        toast(request, _("That task is gone: the completion before it was taken back."), kind="info")
        return redirect(reverse("desk:task", args=[reopened]))
    return render_page(request, TEMPLATE, context, fragments={"task": "task", "materials": "materials"})
