"""The task page."""

from __future__ import annotations

from django.http import HttpResponse

from kniga.platform import clock
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.task_page import task_context
from kniga.web.pages import render_page

TEMPLATE = "desk/task.html"


@signed_in
def show(request: SignedInRequest, task_id: int) -> HttpResponse:
    """One task: script, what to do, client; for a task that is over, how it ended and what comes next."""
    context = task_context(user=request.user, task_id=task_id, now=clock.now())
    return render_page(request, TEMPLATE, context, fragments={"task": "task", "materials": "materials"})
