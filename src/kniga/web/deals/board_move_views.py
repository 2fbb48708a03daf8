"""Moving a card: a stage is chosen, the book answers which outcomes lead there and what they demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kniga.platform import clock
from kniga.platform.errors import Conflict, Refused
from kniga.processes.desk.board_queries import get_board_deal
from kniga.processes.desk.moves import OpenWays, ways_on
from kniga.processes.desk.task_card import get_task_step
from kniga.processes.services import complete_task
from kniga.processes.wording.words import outcome_word
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.answers import answer_errors, form_questions, read_answers, read_confirmed
from kniga.web.desk.outcome_words import done_words
from kniga.web.desk.task_page import outcome_buttons
from kniga.web.pages import done, refuse, render_page, toast

TEMPLATE = "deals/board_move.html"


@require_safe
@signed_in
def choose(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """The dialog: the outcomes that lead to `?to=`, or where the deal may go; `to` is a stage's key, won or lost."""
    context = _context(request, deal_id, request.GET.get("to", ""))
    return render_page(request, TEMPLATE, context, block="modal")


@require_POST
@signed_in
def move(request: SignedInRequest, deal_id: int, task_id: int) -> HttpResponse:
    """Complete the deal's open task with the chosen outcome; the board is asked to show itself anew."""
    step = get_task_step(user=request.user, task_id=task_id)
    answers, outcome = read_answers(step, request.POST), request.POST.get("outcome", "")
    here = reverse("board:home")
    try:
        complete_task(
            task_id=task_id, outcome=outcome, answers=answers, by=request.user, now=clock.now(),
            confirmed=read_confirmed(request.POST), asks=True,
        )  # fmt: skip
    except Conflict as conflict:
        toast(request, conflict.message, kind="warning")
        return done(request, here, "kniga:close-modal", "board-changed")
    except Refused as refused:
        wrong = answer_errors(step, answers, refused)
        context = _context(request, deal_id, request.POST.get("to", ""), answers, wrong)
        context["refused"] = "" if wrong else refused.message
        return refuse(request, TEMPLATE, context, block="modal")
    chosen = step.outcome(outcome)
    text = done_words(step.name, chosen.label if chosen else outcome)
    toast(request, text, undo_url=reverse("desk:undo", args=[task_id]) + "?from=board")
    return done(request, here, "kniga:close-modal", "board-changed")


def _context(
    request: SignedInRequest,
    deal_id: int,
    target: str,
    typed: Mapping[str, object] | None = None,
    errors: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Any]:
    deal = get_board_deal(user=request.user, deal_id=deal_id)
    found = ways_on(user=request.user, deal_id=deal_id, now=clock.now())
    names = dict(deal.stages) | _ends()
    able = next((one for one in found if one.is_own and one.to(target)), None) if target else None
    context: dict[str, Any] = {
        "deal": deal,
        "target": target,
        "target_name": names.get(target, target),
        "moves": [_move(one, names) for one in found],
        "able": able,
        "refused": "",
    }
    if able is not None:
        keys = {way.outcome.key for way in able.to(target)}
        context["outcomes"] = [one for one in outcome_buttons(able.step.outcomes) if one.key in keys]
        shown = [
            question
            for question in form_questions(able.step, typed or {}, errors or {})
            if question.is_required
            or keys & set(question.needed_keys)
            or (not question.needed_keys and target != "lost")
        ]
        context["questions"] = shown
    return context


def _move(ways: OpenWays, names: Mapping[str, str]) -> dict[str, Any]:
    """A task and its outcomes, each with the keys and names of where it leads."""
    shown = [
        (outcome_word(way.outcome.label), [(one, names.get(one, one)) for one in way.targets if one])
        for way in ways.ways
    ]
    return {"ways": shown, "task_id": ways.task_id, "step": ways.step.name} | {
        "assignee": ways.assignee,
        "is_own": ways.is_own,
    }


def _ends() -> dict[str, str]:
    return {"won": _("Won"), "lost": _("Lost"), "other": _("the end of the process")}
