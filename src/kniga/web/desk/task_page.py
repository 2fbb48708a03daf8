"""Everything the task page shows, gathered once; the same for the page, a refusal, and the next task in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from kniga.deals.loss_reasons import reason_name
from kniga.deals.queries import StageStep
from kniga.mailboxes.queries import received_for_task
from kniga.people.permissions import Act, may
from kniga.processes.desk.desk_queries import next_desk_task_for
from kniga.processes.desk.materials import materials_of
from kniga.processes.desk.task_card import TaskCard, get_task_card
from kniga.processes.desk.wait_queries import next_wait, processes_around
from kniga.processes.queries import (
    DoneStep,
    GivenAnswer,
    answers_given,
    answers_so_far,
    done_steps,
    open_steps,
    surroundings_of,
)
from kniga.processes.running.deadlines import proposed_deadline
from kniga.processes.running.effects import UNDO_WINDOW
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import control_in_words, outcome_word
from kniga.web.desk.answers import form_questions, known_of_deal, shown_answer
from kniga.web.desk.filling import script_gaps, script_values
from kniga.web.desk.script import render_script
from kniga.web.params import moment_for_field

if TYPE_CHECKING:
    from kniga.people.models import User

BUTTON_KINDS = {"primary": "primary", "positive": "good", "negative": "bad", "neutral": "plain"}


@dataclass(frozen=True, slots=True)
class OutcomeButton:
    """An outcome as its button; `digit` is its number key, `is_main` the one Ctrl-Enter presses."""

    key: str
    label: str
    kind: str
    digit: int
    is_main: bool


@dataclass(frozen=True, slots=True)
class PastStep:
    """A done step in the history: its answers in words."""

    step: DoneStep
    answers: tuple[tuple[str, str], ...]


def task_context(
    *,
    user: User,
    task_id: int,
    now: datetime,
    typed: Mapping[str, object] | None = None,
    errors: Mapping[str, Iterable[str]] | None = None,
    refused: str = "",
) -> dict[str, Any]:
    """The context of desk/task.html. `typed` are answers to show again after a refusal, `errors` what is wrong
    with them by question, `refused` what is wrong with the act. Raises NotVisible."""
    task = get_task_card(user=user, task_id=task_id)
    return {
        "task": task,
        "deal": task.deal,
        "client": task.client,
        "now": now,
        **_work(user, task, now),
        **_form(task, typed, errors or {}, refused),
        **_acts(user, task, now),
        **_end(task),
        **_around(user, task, now),
    }


def _work(user: User, task: TaskCard, now: datetime) -> dict[str, Any]:
    """What is to be done, with all that is needed for it."""
    step, deal, beside = task.step, task.deal, surroundings_of(user=user, card=task, now=now)
    known = answers_so_far(card=task)
    return {
        "contacts": beside.contacts,
        "script": render_script(
            step.script, script_values(task, beside.contacts, known, user), script_gaps(task, known)
        ),
        "controls": _controls(task),
        "skill": step.skill,
        "materials": materials_of(card=task),
        "letters": received_for_task(user=user, deal_id=deal.id) if task.sees_deal else (),
        "stages": [_stage(one, deal.status) for one in beside.stages],
        "lines": beside.lines,
    }


def _form(
    task: TaskCard, typed: Mapping[str, object] | None, errors: Mapping[str, Iterable[str]], refused: str
) -> dict[str, Any]:
    """The questions with what is known or was typed, and the outcomes."""
    step, deal = task.step, task.deal
    known = {**known_of_deal(step, deal.amount, deal.expected_date), **(task.answers or {})}
    return {
        "questions": form_questions(step, known if typed is None else typed, errors),
        "outcomes": outcome_buttons(step.outcomes),
        "errors": errors,
        "refused": refused,
        "just_done": False,
    }


def _acts(user: User, task: TaskCard, now: datetime) -> dict[str, Any]:
    """What the reader may do with the task, and the form of moving it."""
    is_open = task.status == "open"
    return {
        "may_complete": is_open and _may_complete(user, task),
        "may_undo": _may_undo(user, task, now),
        "may_move": is_open and may(user, Act.STEER),
        "moment": moment_for_field(proposed_deadline(now)),
        "reason": "",
        "move_errors": {},
    }


def _end(task: TaskCard) -> dict[str, Any]:
    """How a task that is done ended."""
    deal, outcome = task.deal, task.step.outcome(task.outcome)
    return {
        "outcome_label": outcome_word(outcome.label) if outcome else task.outcome,
        "loss_reason": reason_name(deal.loss_reason_key, deal.loss_reason) if deal.loss_reason_key else "",
        "given": answers_in_words(answers_given(card=task), deal.currency) if task.status == "done" else (),
    }


def _around(user: User, task: TaskCard, now: datetime) -> dict[str, Any]:
    """What came before, what else is open at the deal, and what comes next."""
    deal, others = task.deal, open_steps(user=user, card=task)
    goes_on = task.status != "open" and not others and deal.status == "open"
    return {
        "past": [past_step(one, deal.currency) for one in done_steps(user=user, card=task)],
        "others": others,
        "wait": next_wait(processes_around(user=user, card=task)) if goes_on else None,
        "upcoming": next_desk_task_for(user=user, now=now, besides_deal=deal.id),
    }


def _controls(task: TaskCard) -> list[str]:
    """The step's control points in words, of a task that is still open."""
    if task.status != "open" or not task.step.controls:
        return []
    definition = runnable_version(task.version_id).definition
    return [control_in_words(point, definition) for point in task.step.controls]


def outcome_buttons(outcomes: Iterable[Any]) -> tuple[OutcomeButton, ...]:
    """The outcomes in the book's order; the main one is the first that is primary, else positive, else the first."""
    found = list(outcomes)
    by_tone = {outcome.tone: outcome.key for outcome in reversed(found)}
    main = by_tone.get("primary") or by_tone.get("positive") or found[0].key
    return tuple(
        OutcomeButton(outcome.key, outcome_word(outcome.label), BUTTON_KINDS[outcome.tone], place, outcome.key == main)
        for place, outcome in enumerate(found, start=1)
    )


def past_step(step: DoneStep, currency: str) -> PastStep:
    """A done step with its answers in words."""
    return PastStep(step, answers_in_words(step.answers, currency))


def answers_in_words(answers: Iterable[GivenAnswer], currency: str) -> tuple[tuple[str, str], ...]:
    """Labels of questions and what was answered."""
    return tuple((one.question.label, shown_answer(one.question, one.value, currency)) for one in answers)


def _may_complete(user: User, task: TaskCard) -> bool:
    return task.assignee_id in (user.pk, None) or may(user, Act.COMPLETE_FOR_OTHERS)


def _may_undo(user: User, task: TaskCard, now: datetime) -> bool:
    if task.status != "done" or task.completed_by_id != user.pk or task.completed_at is None:
        return False
    return now - task.completed_at <= UNDO_WINDOW


def _stage(stage: StageStep, status: str) -> tuple[str, int | None, str]:
    """An entry of the stage bar: name, days, state."""
    days = stage.stay // timedelta(days=1) if stage.stay is not None else None
    state = {"past": "done", "ahead": "next"}.get(stage.state, "now")
    if state == "now" and status in ("won", "lost"):
        state = status
    return stage.name or _("Stage"), days, state
