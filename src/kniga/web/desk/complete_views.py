"""Completing a task and taking the completion back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kniga.engine import UserTask
from kniga.platform import clock
from kniga.platform.errors import Conflict, Refused
from kniga.processes.desk.task_card import get_task_step
from kniga.processes.queries import first_own_task, tasks_after
from kniga.processes.services import Advanced, TaskAlreadyDone, complete_task, undo_completion
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.answers import answer_errors, read_answers, read_confirmed
from kniga.web.desk.gone import note_gone
from kniga.web.desk.outcome_words import done_words
from kniga.web.desk.task_page import task_context
from kniga.web.desk.task_views import TEMPLATE
from kniga.web.formatting import clock_time
from kniga.web.pages import done, go_to, is_htmx, refuse, render_page, show_in_main, toast


@require_POST
@signed_in
def complete(request: SignedInRequest, task_id: int) -> HttpResponse:
    """Finish the task; the answer is the deal's next task, or the same task with what the book still demands."""
    step = get_task_step(user=request.user, task_id=task_id)
    answers, outcome = read_answers(step, request.POST), request.POST.get("outcome", "")
    now = clock.now()
    try:
        advanced = complete_task(
            task_id=task_id, outcome=outcome, answers=answers, by=request.user, now=now,
            confirmed=read_confirmed(request.POST), asks=True,
        )  # fmt: skip
    except Conflict as conflict:
        return _too_late(request, task_id, conflict)
    except Refused as refused:
        wrong = answer_errors(step, answers, refused)
        context = task_context(
            user=request.user, task_id=task_id, now=now, typed=answers, errors=wrong,
            refused="" if wrong else refused.message if outcome else _("Choose how it ended."),
        )  # fmt: skip
        return refuse(request, TEMPLATE, context, fragments={"task": "task"})
    chosen = step.outcome(outcome)
    text = done_words(step.name, chosen.label if chosen else outcome)
    toast(request, text, undo_url=reverse("desk:undo", args=[task_id]))
    return _go_on(request, task_id, step, advanced)


@require_POST
@signed_in
def undo(request: SignedInRequest, task_id: int) -> HttpResponse:
    """Take one's own completion back within ten seconds; the task's page opens again with its answers."""
    here = reverse("desk:task", args=[task_id])
    later = tasks_after(user=request.user, task_id=task_id)
    try:
        undo_completion(task_id=task_id, by=request.user, now=clock.now())
    except Refused as refused:
        toast(request, refused.message, kind="error")
        return done(request, here)
    note_gone(request, later, task_id)
    toast(request, _("Undone: the task is open again."), kind="info")
    if request.GET.get("from") == "board":
        return done(request, reverse("board:home"), "board-changed")
    return go_to(request, here)


def _go_on(request: SignedInRequest, task_id: int, step: UserTask, advanced: Advanced) -> HttpResponse:
    """Show the deal's next task in place if it is this person's, else how the task ended.

    The same step once more (call again) looks like the one just finished: then the end of that one is shown."""
    own = first_own_task(user=request.user, task_ids=advanced.created)
    goes_on = own is not None and own.element != step.id
    target = own.id if own is not None and goes_on else task_id
    address = reverse("desk:task", args=[target])
    if not is_htmx(request):
        return redirect(address)
    context = task_context(user=request.user, task_id=target, now=clock.now())
    if goes_on:
        context["just_done"] = True
    return show_in_main(render_page(request, TEMPLATE, context, block="main"), address)


def _too_late(request: SignedInRequest, task_id: int, conflict: Conflict) -> HttpResponse:
    """Tell the later of two people who was first and when, and show the present state."""
    context = task_context(user=request.user, task_id=task_id, now=clock.now(), refused=conflict.message)
    if isinstance(conflict, TaskAlreadyDone) and conflict.at is not None:
        said = _("%(who)s completed this task at %(time)s, before you. Your answers were not saved.")
        if context["task"].completed_by_id == request.user.pk:
            said = _("You completed this task at %(time)s, in another tab. These answers were not saved.")
        context["refused"] = said % {"who": conflict.who, "time": clock_time(conflict.at)}
    if not is_htmx(request):
        return render_page(request, TEMPLATE, context, status=409)
    answer = render_page(request, TEMPLATE, context, status=422, block="main")
    return show_in_main(answer, reverse("desk:task", args=[task_id]))
